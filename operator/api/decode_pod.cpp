#include <algorithm>

#include "api/decode_meta.hpp"
#include "api/labels.hpp"
#include "api/quantity.hpp"

namespace bailiwick::api {
namespace {

std::int64_t& slot(Requests& requests, std::string_view resource) {
  const auto at = std::find_if(requests.begin(), requests.end(),
                               [&](const auto& entry) { return entry.first == resource; });
  return at != requests.end() ? at->second : requests.emplace_back(resource, 0).second;
}

void addAll(Requests& to, const Requests& from) {
  for (const auto& [resource, amount] : from) {
    std::int64_t& sum = slot(to, resource);
    if (__builtin_add_overflow(sum, amount, &sum)) sum = std::numeric_limits<std::int64_t>::max();
  }
}

void raiseTo(Requests& to, const Requests& from) {
  for (const auto& [resource, amount] : from) {
    std::int64_t& most = slot(to, resource);
    most = std::max(most, amount);
  }
}

void readAmounts(const Cursor& amounts, Requests& out) {
  std::string text;
  amounts.fields([&](std::string_view resource, const Cursor& value) {
    value.readQuantityText(text);
    const Result<std::int64_t> milli = parseMilli(text);
    if (!milli) return value.refuse(milli.error().message);
    out.emplace_back(resource, std::max<std::int64_t>(*milli, 0));
  });
}

void readRequests(const Cursor& resources, Requests& out) {
  resources.fields([&](std::string_view key, const Cursor& value) {
    if (key == "requests") readAmounts(value, out);
  });
}

struct Container {
  std::string name;
  Requests requests;
  bool sidecar = false;  // an init container that keeps running
};

void readContainers(const Cursor& containers, std::vector<Container>& out) {
  containers.items([&](const Cursor& item) {
    Container& container = out.emplace_back();
    item.fields([&](std::string_view key, const Cursor& value) {
      if (key == "name") return value.read(container.name);
      if (key == "resources") return readRequests(value, container.requests);
      if (key != "restartPolicy") return;
      std::string policy;
      value.read(policy);
      container.sidecar = policy == "Always";
    });
  });
}

struct Parts {
  std::vector<Container> containers, initContainers;
  Requests podLevel, overhead;
};

void readSpec(const Cursor& spec, Pod& out, Parts& parts) {
  spec.fields([&](std::string_view key, const Cursor& value) {
    if (key == "nodeName")
      value.read(out.node);
    else if (key == "containers")
      readContainers(value, parts.containers);
    else if (key == "initContainers")
      readContainers(value, parts.initContainers);
    else if (key == "overhead")
      readAmounts(value, parts.overhead);
    else if (key == "resources")
      readRequests(value, parts.podLevel);
  });
}

// Pod-level requests replace the sum of the containers for these resources only.
bool isPodLevel(std::string_view resource) {
  return resource == "cpu" || resource == "memory" || resource.starts_with("hugepages-");
}

// As k8s.io/component-helpers/resource.PodRequests: sidecars run beside everything that starts
// after them, other init containers one at a time.
Requests effectiveRequests(const Parts& parts) {
  Requests total, startingUp, sidecars;
  for (const Container& container : parts.containers) addAll(total, container.requests);
  for (const Container& container : parts.initContainers) {
    if (container.sidecar) {
      addAll(total, container.requests);
      addAll(sidecars, container.requests);
      raiseTo(startingUp, sidecars);
    } else {
      Requests together = sidecars;
      addAll(together, container.requests);
      raiseTo(startingUp, together);
    }
  }
  raiseTo(total, startingUp);
  for (const auto& [resource, amount] : parts.podLevel) {
    if (isPodLevel(resource)) slot(total, resource) = amount;
  }
  addAll(total, parts.overhead);
  std::erase_if(total, [](const auto& entry) { return entry.second == 0; });
  std::sort(total.begin(), total.end());
  total.shrink_to_fit();
  return total;
}

struct Waiting {
  std::string reason, message;
  // What every pod says while it starts, as long as nothing is wrong.
  bool ordinary() const { return reason == "PodInitializing" || reason == "ContainerCreating"; }
};

struct Status {
  bool ours = false;
  std::vector<ContainerReport> reports;  // of ours
  std::vector<std::pair<std::string, Requests>> actual;  // by container, during a resize
  std::optional<Waiting> waiting;
  Waiting unscheduled;
};

void readWaiting(const Cursor& state, std::optional<Waiting>& first) {
  state.fields([&](std::string_view key, const Cursor& value) {
    if (key != "waiting") return;
    Waiting found;
    value.fields([&](std::string_view term, const Cursor& text) {
      if (term == "reason")
        text.read(found.reason);
      else if (term == "message")
        text.read(found.message);
    });
    if (!first || (first->ordinary() && !found.ordinary())) first = std::move(found);
  });
}

// What a container said at its last end; no more of it than a condition's message may hold.
void readLastWords(const Cursor& lastState, std::string& out) {
  constexpr std::size_t most = 1024;
  lastState.fields([&](std::string_view key, const Cursor& value) {
    if (key != "terminated") return;
    value.fields([&](std::string_view term, const Cursor& text) {
      if (term == "message") text.read(out);
    });
  });
  while (out.ends_with('\n')) out.pop_back();
  if (out.size() > most) out.resize(most);
}

// Untrusted words: cut to what the kubelet would write, never refused.
void readTermination(const Cursor& state, ContainerReport& out) {
  state.fields([&](std::string_view key, const Cursor& value) {
    if (key != "terminated") return;
    out.ended = true;
    value.fields([&](std::string_view term, const Cursor& text) {
      if (term != "message") return;
      text.read(out.lastWords);
      if (out.lastWords.size() > maxLastWords) out.lastWords.resize(maxLastWords);
    });
  });
}

void readState(const Cursor& state, Status& out, ContainerReport& report) {
  readWaiting(state, out.waiting);
  if (out.ours) readTermination(state, report);
}

void readContainerStatuses(const Cursor& statuses, Status& out) {
  statuses.items([&](const Cursor& item) {
    const bool known = out.waiting && !out.waiting->ordinary();
    ContainerReport report;
    std::string& name = report.name;
    std::string lastWords;
    Requests actual, allocated;
    item.fields([&](std::string_view key, const Cursor& value) {
      if (key == "name")
        value.read(name);
      else if (key == "image" && out.ours)
        value.read(report.image);
      else if (key == "imageID" && out.ours)
        value.read(report.imageId);
      else if (key == "state")
        readState(value, out, report);
      else if (key == "lastState")
        readLastWords(value, lastWords);
      else if (key == "resources")
        readRequests(value, actual);
      else if (key == "allocatedResources")
        readAmounts(value, allocated);
    });
    // The kubelet says no more than for how long it backs off.
    if (!known && !lastWords.empty() && out.waiting && out.waiting->reason == "CrashLoopBackOff")
      out.waiting->message = "container " + name + ": " + lastWords;
    raiseTo(actual, allocated);
    if (!actual.empty()) out.actual.emplace_back(name, std::move(actual));
    if (out.ours) out.reports.push_back(std::move(report));
  });
}

void applyCondition(const Cursor& condition, Pod& out, Status& status) {
  Condition read;
  readCondition(condition, read);
  if (read.type == "Ready") {
    out.ready = read.status == "True";
    out.readyChanged = read.since;
  } else if (read.type == "PodScheduled" && read.status == "False") {
    status.unscheduled = {std::move(read.reason), std::move(read.message)};
  }
}

void readStatus(const Cursor& cursor, Pod& out, Status& status) {
  std::optional<Waiting> initWaiting, waiting;
  cursor.fields([&](std::string_view key, const Cursor& value) {
    if (key == "phase") {
      std::string phase;
      value.read(phase);
      out.terminated = phase == "Succeeded" || phase == "Failed";
    } else if (key == "conditions") {
      value.items([&](const Cursor& item) { applyCondition(item, out, status); });
    } else if (key == "initContainerStatuses" || key == "containerStatuses") {
      status.waiting.reset();
      readContainerStatuses(value, status);
      std::swap(key == "containerStatuses" ? waiting : initWaiting, status.waiting);
    }
  });
  const bool init = initWaiting && (!initWaiting->ordinary() || !waiting || waiting->ordinary());
  status.waiting = std::move(init ? initWaiting : waiting);
}

// While a container is resized in place the scheduler counts the larger of what is asked for and
// what the node still holds.
void raiseToActual(std::vector<Container>& containers, const Status& status) {
  for (Container& container : containers) {
    for (const auto& [name, actual] : status.actual) {
      if (name == container.name) raiseTo(container.requests, actual);
    }
  }
}

bool isOurs(simdjson::dom::element json) {
  simdjson::dom::object labels;
  std::string_view manager;
  return json["metadata"]["labels"].get(labels) == simdjson::SUCCESS &&
         labels[names::managedByLabel].get(manager) == simdjson::SUCCESS &&
         manager == names::managedBy;
}

bool graceIsOver(simdjson::dom::element json) {
  std::int64_t grace = -1;
  return json["metadata"]["deletionGracePeriodSeconds"].get(grace) == simdjson::SUCCESS && grace == 0;
}

void keepReasons(Pod& out, Status& status) {
  if (out.ready || out.terminated) return;
  const Waiting& why = status.waiting ? *status.waiting : status.unscheduled;
  out.waitingReason = why.reason;
  out.waitingMessage = why.message;
}

}  // namespace

Result<Pod> decodePod(simdjson::dom::element json) {
  Pod out;
  const bool ours = isOurs(json);
  const MetaFields wanted{nullptr, ours, ours, ours};
  const Result<Envelope> envelope = readEnvelope(json, "Pod", Nulls::Absent, out.meta, wanted);
  if (!envelope) return tl::unexpected(envelope.error());
  Decoding decoding{Nulls::Absent, {}};
  Parts parts;
  Status status;
  status.ours = ours;
  if (envelope->spec) readSpec(Cursor(*envelope->spec, "spec", decoding), out, parts);
  if (envelope->status) readStatus(Cursor(*envelope->status, "status", decoding), out, status);
  if (decoding.failed()) return decodeFailure("Pod", out.meta, decoding.problem);
  if (!out.terminated) {
    raiseToActual(parts.containers, status);
    raiseToActual(parts.initContainers, status);
    out.requests = effectiveRequests(parts);
  }
  if (ours) {
    keepReasons(out, status);
    if (out.readyChanged == Time{}) out.readyChanged = out.meta.created;
    if (const std::string* hash = out.meta.labels.find("pod-template-hash"))
      out.templateHash = *hash;
    out.finalDelete = out.meta.deleted && graceIsOver(json);
    out.containers = std::move(status.reports);
    out.containers.shrink_to_fit();
  } else {
    out.ready = false;
    out.readyChanged = {};
  }
  return out;
}

}  // namespace bailiwick::api
