#include "plan/exit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plan/exit_phase.hpp"
#include "plan/exit_rows.hpp"

namespace bailiwick::plan {
namespace {

using api::ExitPhase;
using nlohmann::json;

constexpr std::size_t podsPerRecord = 50;

json listed(const std::vector<std::string>& values) { return json(values); }

class Machine {
 public:
  explicit Machine(const ExitInput& input) : in_(input) { decision_.after = input.journal; }

  ExitDecision run() {
    decision_.force = {&in_.order, false, false, false};
    if (in_.order.meta.deleted) {
      lift();
    } else if (journal().answer && !journal().closed) {
      finishDrill();
    } else if (!journal().closed) {
      open();
      const auto view = viewOf();
      const auto rows = rowsOf(in_, view);
      for (const auto& [key, row] : rows) find(key, row);
      const bool drill = in_.order.spec.drill;
      for (const auto& [key, row] : rows) {
        decideOn(key, row);
        if (!drill) follow(key, row);
      }
      if (drill) {
        answer(rows);
      } else {
        purge();
        advance(rows);
      }
    }
    enforce();
    return std::move(decision_);
  }

 private:
  Journal& journal() { return decision_.after; }

  void record(std::string type, json body) {
    journal().apply(type, in_.now, body);
    decision_.records.push_back({std::move(type), in_.now, std::move(body)});
  }

  void lift() {
    if (journal().opened && !journal().closed) {
      const auto phase = journal().phase.value_or(ExitPhase::Announced);
      if (!journal().lifted) record(record::lifted, {{"phase", api::nameOf(phase)}});
      record(evidence::closedType, json::object());
    }
    decision_.finished = true;
  }

  void open() {
    if (journal().opened) return;
    const auto& spec = in_.order.spec;
    const auto& t = spec.target;
    const auto yes = [](bool value) { return value ? "yes" : "no"; };
    record(evidence::openedType,
           {{"order", {{"name", in_.order.meta.key.name}, {"uid", in_.order.meta.uid}}},
            {"target",
             {{"origins", listed(t.origins)}, {"publishers", listed(t.publishers)},
              {"passports", listed(t.passports)}, {"licences", listed(t.licences)},
              {"vendors", listed(t.vendors)}, {"products", listed(t.products)},
              {"engines", listed(t.engines)}, {"providers", listed(t.providers)},
              {"regions", listed(t.regions)}, {"jurisdictions", listed(t.jurisdictions)},
              {"policies", listed(t.policies)}}},
            {"reason", spec.reason},
            {"deadline", api::formatTime(spec.deadline)},
            {"onDeadline", spec.onDeadline == api::OnDeadline::Stop ? "Stop" : "Hold"},
            {"mode", spec.mode == api::ExitMode::Immediate ? "Immediate" : "MakeBeforeBreak"},
            {"purge", {{"weights", yes(spec.purgeWeights)},
                       {"credentials", yes(spec.purgeCredentials)}}},
            {"drill", yes(spec.drill)},
            {"region", {{"name", in_.world.region->meta.key.name},
                        {"jurisdiction", in_.world.region->jurisdiction},
                        {"clusterUID", in_.clusterUid}}}});
  }

  bool movesInWorld() const {
    const auto& all = in_.world.exits;
    return std::any_of(all.begin(), all.end(), [&](const ExitInForce& exit) {
      return exit.order->meta.uid == in_.order.meta.uid && exit.moves && !exit.frozen;
    });
  }

  Plan viewOf() const {
    return movesInWorld() ? in_.plan : planIfMoved(in_.world, in_.order);
  }

  void find(const RowKey& key, const ExitRow& row) {
    const auto known = journal().rows.find(key);
    const bool returned = known != journal().rows.end() && known->second.left && row.runs();
    if (known == journal().rows.end() || returned) record(record::found, foundBody(key, row));
    std::vector<const api::Pod*> fresh;
    for (const auto* list : {&row.alive, &row.going}) {
      for (const auto* pod : *list) {
        if (!journal().rows[key].pods.contains(pod->meta.uid)) fresh.push_back(pod);
      }
    }
    for (std::size_t from = 0; from < fresh.size(); from += podsPerRecord) {
      record(record::pods, podsBody(key, fresh, from));
    }
    json claims = json::array();
    for (const auto& claim : in_.claims) {
      if (claim.key.ns != key.ns || claim.deployment != key.name || claim.variant != key.variant) {
        continue;
      }
      const auto& seen = journal().rows[key].claims;
      const auto before = seen.find(claim.uid);
      if (before != seen.end() && before->second == claim.volume) continue;
      if (claims.size() < podsPerRecord) {
        claims.push_back({{"name", claim.key.name}, {"uid", claim.uid}, {"volume", claim.volume}});
      }
    }
    if (claims.empty()) return;
    auto body = toBody(key);
    body["claims"] = std::move(claims);
    record(record::claims, std::move(body));
  }

  json foundBody(const RowKey& key, const ExitRow& row) const {
    auto body = toBody(key);
    body["why"] = row.why;
    if (!row.deployment) return body;
    const auto& deployment = *row.deployment->deployment;
    body["uid"] = deployment.meta.uid;
    body["generation"] = deployment.meta.generation;
    body["replicas"] = row.replicas;
    body["secrets"] = secretsOf(deployment, key.variant);
    if (!row.former && !row.variant) return body;
    const auto& variant = row.former ? row.former->variant : *row.variant->variant;
    body["passport"] = variant.passport;
    body["artifact"] = variant.artifact;
    const auto passport = in_.world.passports.find(variant.passport);
    const auto* artifact = passport == in_.world.passports.end()
                               ? nullptr
                               : passport->second->artifact(variant.artifact);
    if (artifact) {
      body["digest"] = artifact->digest;
      body["source"] = artifact->uri;
    }
    return body;
  }

  static json podsBody(const RowKey& key, const std::vector<const api::Pod*>& pods,
                       std::size_t from) {
    auto body = toBody(key);
    body["pods"] = json::array();
    for (auto i = from; i < std::min(pods.size(), from + podsPerRecord); ++i) {
      json pod = {{"name", pods[i]->meta.key.name}, {"uid", pods[i]->meta.uid},
                  {"node", pods[i]->node}};
      for (const auto& container : pods[i]->containers) {
        if (container.name != "engine") continue;
        pod["image"] = container.image;
        pod["imageID"] = container.imageId;
      }
      body["pods"].push_back(std::move(pod));
    }
    return body;
  }

  void decideOn(const RowKey& key, const ExitRow& row) {
    if (row.alive.empty()) return;
    const auto decision = decide(row, key, in_);
    const auto& before = journal().rows[key].decision;
    if (before && before->same(decision)) return;
    record(record::decided, toBody(key, decision));
  }

  // What became of each replica, and whether anything is left.
  void follow(const RowKey& key, const ExitRow& row) {
    for (const auto* pod : row.going) {
      const auto& known = journal().rows[key].pods[pod->meta.uid];
      if (!known.draining) {
        auto body = toBody(key);
        body["pod"] = pod->meta.key.name;
        body["uid"] = pod->meta.uid;
        body["since"] = api::formatTime(*pod->meta.deleted);
        record(record::draining, std::move(body));
      }
      const auto drained = drainedOf(*pod);
      if (drained && !known.drained) record(record::drained, toBody(key, *pod, *drained));
      if (known.drained && holdsReport(*pod)) decision_.release.push_back(pod);
    }
    followGone(key, row);
    auto& known = journal().rows[key];
    if (!row.runs() && !known.left) record(record::left, toBody(key));
  }

  // Pods whose end nobody saw: the finalizer was taken off by hand, or the node's end took them.
  void followGone(const RowKey& key, const ExitRow& row) {
    std::set<std::string> there;
    for (const auto* list : {&row.alive, &row.going}) {
      for (const auto* pod : *list) there.insert(pod->meta.uid);
    }
    const auto pods = journal().rows[key].pods;
    for (const auto& [uid, pod] : pods) {
      if (there.contains(uid) || pod.drained) continue;
      const bool ended = std::any_of(row.ended.begin(), row.ended.end(),
                                     [&](const auto* p) { return p->meta.uid == uid; });
      api::Pod gone;
      gone.meta.uid = uid;
      gone.meta.key = {key.ns, pod.name};
      record(record::drained,
             toBody(key, gone, {std::nullopt, ended ? "it had ended by itself"
                                                    : "its pod was gone before it was recorded"}));
    }
  }

  void purge() {
    if (!in_.purge) return;
    for (const auto& [object, why] : in_.purge->residual) {
      if (!journal().residual.contains(object)) {
        record(record::residual, {{"object", object}, {"why", why}});
      }
    }
    for (const auto& object : in_.purge->present) {
      if (!journal().purging.contains(object)) record(record::purge, {{"object", object}});
      decision_.purge.insert(object);
    }
    if (!in_.purge->complete) return;
    const auto purging = journal().purging;
    for (const auto& object : purging) {
      if (in_.purge->present.contains(object) || journal().purged.contains(object)) continue;
      record(record::purged, {{"object", object}});
    }
  }

  void answer(const ExitRows& rows) {
    int blocked = 0;
    for (const auto& [key, row] : rows) {
      const auto& decided = journal().rows[key].decision;
      if (decided && decided->blocked) ++blocked;
    }
    if (!journal().phase) enter(ExitPhase::Announced);
    record(record::answer, {{"couldLeave", blocked == 0 ? "yes" : "no"},
                            {"shares", rows.size()}, {"blocked", blocked}});
    finishDrill();
  }

  // What was answered stands, whatever has changed since.
  void finishDrill() {
    enter(*journal().answer ? ExitPhase::Verified : ExitPhase::Blocked);
    record(evidence::closedType, json::object());
    decision_.finished = true;
  }

  void enter(ExitPhase phase, const std::string& reason = "") {
    if (journal().phase == phase) return;
    json body = {{"to", api::nameOf(phase)}};
    if (journal().phase) body["from"] = api::nameOf(*journal().phase);
    if (!reason.empty()) body["reason"] = reason;
    record(record::phase, std::move(body));
  }

  void advance(const ExitRows& rows) {
    const auto next = nextPhase(in_, journal(), rows);
    enter(next.phase, next.reason);
    decision_.wakeAt = next.wakeAt;
    if (next.phase != ExitPhase::Verified) return;
    json unknown = json::array();
    for (const auto& [key, row] : journal().rows) {
      for (const auto& [uid, pod] : row.pods) {
        if (pod.drained && !pod.drained->count && unknown.size() < 200) {
          unknown.push_back(key.ns + "/" + pod.name);
        }
      }
    }
    record(evidence::closedType,
           {{"unknown", std::move(unknown)}, {"residual", journal().residual.size()}});
    decision_.finished = true;
  }

  // What is closed goes on keeping out what it targets, and nothing is left to move.
  void enforce() {
    const auto& spec = in_.order.spec;
    if (spec.drill || !journal().phase || in_.order.meta.deleted) return;
    const bool begun = *journal().phase != ExitPhase::Announced &&
                       *journal().phase != ExitPhase::NoNewPlacement &&
                       journal().phases.size() > 2;
    decision_.force.moves = begun;
    decision_.force.frozen = begun && spec.paused && !journal().closed;
    decision_.force.mayStop = in_.skew && *in_.skew <= maxSkew && *in_.skew >= -maxSkew;
  }

  const ExitInput& in_;
  ExitDecision decision_;
};

}  // namespace

std::set<std::string> secretsOf(const api::ModelDeployment& deployment, const std::string& variant) {
  std::set<std::string> secrets;
  const auto add = [&](const std::vector<api::EnvVar>& env) {
    for (const auto& variable : env) {
      if (variable.fromSecret) secrets.insert(variable.fromSecret->secret);
    }
  };
  add(deployment.spec.pod.env);
  for (const auto& v : deployment.spec.variants) {
    if (v.name != variant) continue;
    add(v.engine.env);
    if (v.external && !v.external->apiKeySecret.empty()) secrets.insert(v.external->apiKeySecret);
  }
  for (const auto& secret : deployment.spec.pod.imagePullSecrets) secrets.insert(secret);
  const auto& keys = deployment.spec.routing.apiKeysSecret;
  if (!keys.empty()) secrets.insert(keys);
  return secrets;
}

ExitDecision nextExit(const ExitInput& input) { return Machine(input).run(); }

}  // namespace bailiwick::plan
