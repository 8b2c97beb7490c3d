#pragma once
// An exit order and what it moves, for tests.

#include <set>
#include <string>
#include <vector>

#include "plan/exit.hpp"
#include "plan/simulator.hpp"

namespace bailiwick::testing {

inline constexpr plan::ExitInForce moving{nullptr, true, false, true};

// Two H200 replicas and two MI300X nodes, free; the order leaves nvidia.
inline Cluster twoToMove() {
  Cluster cluster;
  cluster.add(h200Node("h1")).add(h200Node("h2")).add(mi300xNode("m1")).add(mi300xNode("m2"));
  cluster.add(assistant().replicas(2).variant(h200()).variant(mi300x()));
  cluster.run("h200", "h1");
  cluster.run("h200", "h2");
  cluster.workload("h200", 2);
  return cluster;
}

// Turns the state machine as its controller does, and keeps the books.
class Exiting {
 public:
  Exiting(Cluster& cluster, api::ExitOrder& order) : cluster_(cluster), order_(order) {}

  plan::PurgeView purge{{}, {}, true};
  std::optional<api::Duration> skew = 0ms;
  std::vector<plan::PeerOrder> peers;
  std::vector<evidence::Entry> records;
  std::vector<std::string> twice;  // records that say again what was said
  plan::ExitDecision decision;
  api::ExitOrderStatus status;

  std::vector<std::string> turn() {
    const auto world = cluster_.world();
    const auto plan = plan::placeAll(world);
    plan::Journal journal;
    for (const auto& record : records) journal.apply(record.type, record.at, record.body);
    const plan::ExitInput input{order_, journal, world, plan,        "cluster",
                                skew,   {},      purge, cluster_.now, peers};
    decision = plan::nextExit(input);
    std::vector<std::string> types;
    for (const auto& record : decision.records) {
      types.push_back(record.type);
      note(record);
      records.push_back(record);
    }
    status = plan::exitStatusOf(input, decision.after, {std::nullopt, "sha256:key"});
    order_.status = status;
    cluster_.exits[order_.meta.key.name] = decision.force;
    return types;
  }
  std::vector<std::string> turns(int count) {
    std::vector<std::string> types;
    for (int i = 0; i < count; ++i) types = turn();
    return types;
  }
  // A crash: what comes after the first `stored` records was never written.
  void lose(std::size_t stored) {
    records.resize(stored);
    seen_.clear();
    for (const auto& record : records) note(record);
  }
  api::ExitPhase phase() const { return decision.after.phase.value(); }
  const api::Condition& condition(const std::string& type) const {
    return *api::findCondition(status.conditions, type);
  }

 private:
  void note(const evidence::Entry& record) {
    static const std::set<std::string> mayRecur = {"Phase", "Decided", "Pods", "Claims"};
    if (mayRecur.contains(record.type)) return;
    const auto id = record.type + record.body.value("namespace", "") +
                    record.body.value("name", "") + record.body.value("variant", "") +
                    record.body.value("uid", "") + record.body.value("object", "");
    if (!seen_.insert(id).second) twice.push_back(id);
  }

  Cluster& cluster_;
  api::ExitOrder& order_;
  std::set<std::string> seen_;
};

}  // namespace bailiwick::testing
