#include "plugin/exit_orders.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "api/decode.hpp"
#include "evidence/chunk.hpp"
#include "kube/line_splitter.hpp"

namespace bailiwick::plugin {
namespace {

using Kind = kube::ApiError::Kind;
namespace resources = kube::resources;

constexpr std::size_t maxEvent = 8 << 20;
constexpr auto silence = std::chrono::minutes(6);  // bookmarks come about once a minute

// The events of a watch on one order.
class Events final : public kube::StreamSink {
 public:
  explicit Events(const std::function<bool(const api::ExitOrder&)>& seen) : seen_(seen) {}

  bool onHead(const kube::ResponseHead& head) override {
    status_ = head.status;
    return status_ == 200;
  }
  bool onChunk(std::string_view bytes) override {
    const auto outcome = lines_.feed(bytes, [&](std::string_view line) { return take(line); });
    return outcome == kube::LineSplitter::Outcome::Ok;
  }
  int status() const { return status_; }
  bool wantsMore() const { return wantsMore_; }
  bool deleted() const { return deleted_; }

 private:
  bool take(std::string_view line) {
    simdjson::dom::element event;
    std::string_view type;
    if (parser_.parse(line.data(), line.size(), false).get(event) != simdjson::SUCCESS ||
        event["type"].get(type) != simdjson::SUCCESS || type == "ERROR") {
      return false;
    }
    deleted_ = type == "DELETED";
    if (type != "ADDED" && type != "MODIFIED") return !deleted_;
    simdjson::dom::element object;
    if (event["object"].get(object) != simdjson::SUCCESS) return false;
    const auto order = api::decodeExitOrder(object);
    if (order) wantsMore_ = seen_(*order);
    return wantsMore_;
  }

  const std::function<bool(const api::ExitOrder&)>& seen_;
  kube::LineSplitter lines_{maxEvent};
  simdjson::dom::parser parser_;
  int status_ = 0;
  bool wantsMore_ = true, deleted_ = false;
};

struct Chunk {
  bool found = false;
  std::string text;
};

Outcome<Chunk> readChunk(Cluster& cluster, const api::Key& key, std::stop_token stop) {
  Chunk chunk;
  const auto pointer = fmt::format("/data/{}", evidence::chunkKey);
  const auto read = kube::readJson(
      cluster.transport(), kube::get(resources::configMaps, key), std::move(stop),
      [&](simdjson::dom::element json) -> Result<void> {
        std::string_view text;
        if (json.at_pointer(pointer).get(text) != simdjson::SUCCESS) {
          return fail(fmt::format("it has no {}", evidence::chunkKey));
        }
        chunk = {true, std::string(text)};
        return {};
      });
  if (!read && read.error().kind == Kind::NotFound) return chunk;
  if (!read) {
    return tl::unexpected(cluster.failure(read.error(), "get ConfigMap " + key.str()));
  }
  return chunk;
}

std::string text(simdjson::dom::element object, const char* map, const char* name) {
  simdjson::dom::object fields;
  std::string_view value;
  if (object.at_pointer(map).get(fields) != simdjson::SUCCESS) return "";
  return fields[name].get(value) == simdjson::SUCCESS ? std::string(value) : "";
}

struct Chain {
  std::string base, order;
};

// By the uids of their orders.
Outcome<std::map<std::string, Chain>> readChains(Cluster& cluster, const std::string& ns,
                                                 std::stop_token stop) {
  std::map<std::string, Chain> chains;
  const auto selector = fmt::format("{}=true", evidence::chunkLabel);
  const auto read = cluster.list(
      resources::configMaps, {ns, selector, false, 100}, std::move(stop),
      [&](simdjson::dom::element chunk) {
        const auto name = text(chunk, "/metadata", "name");
        auto& chain = chains[text(chunk, "/metadata/annotations", evidence::orderUidAnnotation)];
        chain.order = text(chunk, "/metadata/annotations", evidence::orderAnnotation);
        // The names of the others go on from that of the first.
        if (chain.base.empty() || name.size() < chain.base.size()) chain.base = name;
      });
  if (!read) return tl::unexpected(read.error());
  return chains;
}

// `uid`: of the order; empty: it is gone, and more than one may have had that name.
Outcome<Chain> chainOf(Cluster& cluster, const std::string& what, const std::string& uid,
                       const std::string& ns, std::stop_token stop) {
  const auto chains = readChains(cluster, ns, std::move(stop));
  if (!chains) return tl::unexpected(chains.error());
  std::vector<Chain> found;
  std::vector<std::string> names;
  for (const auto& [of, chain] : *chains) {
    if (uid.empty() ? chain.base == what : of == uid) return chain;
    if (!uid.empty() || chain.order != what) continue;
    found.push_back(chain);
    names.push_back(chain.base);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) return Chain{what + "-evidence", what};  // whoever put it there
  return finding(fmt::format("{} orders that are gone had the name {}: say which by the ConfigMap of "
                             "its evidence instead, {}",
                             found.size(), what, fmt::join(names, " or ")));
}

}  // namespace

Outcome<api::ExitOrder> readOrder(Cluster& cluster, const std::string& name,
                                  std::stop_token stop) {
  auto order = kube::read<api::ExitOrder>(cluster.transport(),
                                          kube::get(resources::exitOrders, {"", name}),
                                          std::move(stop), api::decodeExitOrder);
  if (!order) return tl::unexpected(cluster.failure(order.error(), "get ExitOrder " + name));
  return *std::move(order);
}

Outcome<void> followOrder(Cluster& cluster, const std::string& name, std::stop_token stop,
                          const std::function<bool(const api::ExitOrder&)>& seen) {
  while (!stop.stop_requested()) {
    const auto order = readOrder(cluster, name, stop);
    if (!order) return tl::unexpected(order.error());
    if (!seen(*order)) return {};
    auto request = kube::watch(resources::exitOrders, "", {"", "metadata.name=" + name,
                                                           order->meta.resourceVersion});
    Events events(seen);
    const auto done = cluster.transport().stream(request, events, silence, stop);
    if (stop.stop_requested() || !events.wantsMore()) return {};
    if (events.deleted()) return finding(fmt::format("ExitOrder {} was deleted", name));
    if (!done) return tl::unexpected(cluster.failure(kube::toApiError(done.error()), "watch it"));
    if (events.status() == 403) {
      return unreachable(fmt::format("you may not watch ExitOrders: leave --watch out"));
    }
  }
  return {};
}

Outcome<Evidence> readEvidence(Cluster& cluster, const std::string& what,
                               const std::string& systemNamespace, std::stop_token stop) {
  Evidence evidence;
  evidence.order = what;
  std::string base;
  const auto object = readOrder(cluster, what, stop);
  if (!object && object.error().code != Exit::Finding) return tl::unexpected(object.error());
  if (object && object->status.evidence) {
    const auto& published = *object->status.evidence;
    base = published.configMap;
    evidence.known.head = published.head;
    evidence.known.records = static_cast<std::uint64_t>(published.records);
  } else {
    const auto chain =
        chainOf(cluster, what, object ? object->meta.uid : "", systemNamespace, stop);
    if (!chain) return tl::unexpected(chain.error());
    base = chain->base;
    evidence.order = chain->order;
  }
  for (int number = 1;; ++number) {
    const api::Key key{systemNamespace, evidence::chunkName(base, number)};
    auto chunk = readChunk(cluster, key, stop);
    if (!chunk) return tl::unexpected(chunk.error());
    if (!chunk->found) break;
    evidence.lines += chunk->text;
  }
  if (evidence.lines.empty()) {
    return finding(fmt::format("there is no evidence of {}: no ConfigMap {} in namespace {}", what,
                               base, systemNamespace));
  }
  return evidence;
}

Outcome<std::vector<evidence::Countersignature>> readCountersignatures(
    Cluster& cluster, const std::string& order, const evidence::Verdict& chain,
    std::stop_token stop) {
  const auto isOfIt = [&](const api::EvidenceHead& head) {
    const auto records = static_cast<std::size_t>(std::max(head.records, 0));
    return head.order == order && records > 0 && records <= chain.digests.size() &&
           chain.digests[records - 1] == head.head;
  };
  std::vector<evidence::Countersignature> all;
  const auto read = cluster.list(
      resources::regions, {}, std::move(stop), [&](simdjson::dom::element json) -> Result<void> {
        const auto region = api::decodeRegion(json);
        if (!region) return tl::unexpected(region.error());
        for (const auto& one : region->status.evidenceHeads) {
          if (!isOfIt(one)) continue;
          for (const auto& signature : one.signatures) {
            all.push_back({region->meta.key.name, order, static_cast<std::uint64_t>(one.records),
                           one.head, one.root, signature.region, signature.key,
                           signature.signature});
          }
        }
        return {};
      });
  if (!read) return tl::unexpected(read.error());
  return all;
}

}  // namespace bailiwick::plugin
