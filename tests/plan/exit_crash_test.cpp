// The records of one decision are stored in several writes where they are many: a crash may leave any
// first part of them.

#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "plan/exiting.hpp"

namespace bailiwick::testing {
namespace {

using api::ExitPhase;

constexpr std::size_t never = 1000;

struct Played {
  std::vector<evidence::Entry> records;
  std::vector<std::string> twice;
  std::optional<ExitPhase> phase;
  bool closed = false;
  int verified = 0;  // entries into the phase
};

// Replicas leave as soon as they may, and what is purged is gone a turn later.
void follow(Cluster& cluster, Exiting& run) {
  if (run.decision.force.moves) {
    for (auto& pod : cluster.pods) {
      if (pod.meta.deleted) continue;
      pod.meta.deleted = cluster.now;
      pod.meta.finalizers = {api::names::drainReportFinalizer};
      pod.containers = {{"engine-sidecar", "s", "", true, R"({"inFlightAtDrain":2,"completed":2,"cut":0})"}};
    }
  }
  std::set<std::string> gone;
  for (const auto* pod : run.decision.release) gone.insert(pod->meta.uid);
  std::erase_if(cluster.pods, [&](const auto& pod) { return gone.contains(pod.meta.uid); });
  const bool asked = !run.decision.purge.empty();
  const bool due = cluster.pods.empty() && run.decision.after.purging.empty();
  run.purge.present = due && !asked ? std::set<std::string>{"Secret team/token"} : std::set<std::string>{};
}

// Only the first `stored` records of all are written before a crash.
Played play(bool drill, bool lifted, std::size_t stored) {
  auto cluster = twoToMove();
  auto& order = cluster.order();
  order.spec.drill = drill;
  Exiting run(cluster, order);
  bool crashed = false;
  for (int turn = 0; turn < 30; ++turn) {
    if (lifted && turn == 3) order.meta.deleted = cluster.now;
    const auto before = cluster.exits;
    run.turn();
    if (!crashed && run.records.size() > stored) {
      crashed = true;
      run.lose(stored);
      cluster.exits = before;
      continue;
    }
    if (!drill) follow(cluster, run);
  }
  Played played{run.records, run.twice, run.decision.after.phase, run.decision.after.closed};
  for (const auto& record : run.records) {
    if (record.type == "Phase" && record.body.at("to") == "Verified") ++played.verified;
  }
  return played;
}

void goesOnFromAnyPart(bool drill, bool lifted) {
  const auto whole = play(drill, lifted, never);
  ASSERT_TRUE(whole.closed);
  // It is lifted by the clock: a crash before that changes what came before.
  for (std::size_t stored = lifted ? whole.records.size() - 2 : 0; stored < whole.records.size(); ++stored) {
    const auto played = play(drill, lifted, stored);
    EXPECT_TRUE(played.closed) << "after " << stored;
    EXPECT_EQ(played.phase, whole.phase) << "after " << stored;
    EXPECT_EQ(played.records.size(), whole.records.size()) << "after " << stored;
    EXPECT_EQ(played.verified, whole.verified) << "after " << stored;
    EXPECT_EQ(played.twice, std::vector<std::string>{}) << "after " << stored;
  }
}

TEST(ExitCrash, AnExitGoesOnFromAnyPartOfADecision) { goesOnFromAnyPart(false, false); }

TEST(ExitCrash, ADrillGoesOnFromAnyPartOfADecision) { goesOnFromAnyPart(true, false); }

TEST(ExitCrash, ALiftedExitGoesOnFromAnyPartOfADecision) { goesOnFromAnyPart(false, true); }

}  // namespace
}  // namespace bailiwick::testing
