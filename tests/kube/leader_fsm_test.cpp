#include "kube/leader_fsm.hpp"

#include <gtest/gtest.h>

namespace bailiwick::kube {
namespace {

using namespace std::chrono_literals;

LeaderConfig config(const std::string& identity = "me") {
  return {"ns", "lease", identity};
}

Lease heldBy(const std::string& holder, const std::string& version, int seconds = 15) {
  return {version, holder, seconds, "t0", "t" + version, 0};
}

struct Candidate {
  explicit Candidate(const std::string& identity = "me") : fsm(config(identity)) {}
  template <class Action>
  const Action& expect(const LeaderFsm::Action& action) {
    EXPECT_TRUE(std::holds_alternative<Action>(action)) << action.index();
    return std::get<Action>(action);
  }
  // Becomes leader at `now`.
  void lead() {
    fsm.attempt(now);
    fsm.notFound(now);
    expect<LeaderFsm::Wait>(fsm.written(heldBy("me", "1"), now));
  }
  LeaderFsm fsm;
  LeaderFsm::Time now = LeaderFsm::Time() + 1h;
};

TEST(LeaderFsm, CreatesTheLeaseWhereThereIsNone) {
  Candidate c;
  c.expect<LeaderFsm::Get>(c.fsm.attempt(c.now));
  const auto create = c.expect<LeaderFsm::Create>(c.fsm.notFound(c.now));
  EXPECT_EQ(create.lease.holder, "me");
  EXPECT_EQ(create.lease.durationSeconds, 15);
  EXPECT_FALSE(c.fsm.leading(c.now));
  EXPECT_EQ(c.expect<LeaderFsm::Wait>(c.fsm.written(heldBy("me", "1"), c.now)).duration, 2s);
  EXPECT_TRUE(c.fsm.leading(c.now));
}

TEST(LeaderFsm, RenewsWithoutReadingFirst) {
  Candidate c;
  c.lead();
  const auto update = c.expect<LeaderFsm::Update>(c.fsm.attempt(c.now += 2s));
  EXPECT_EQ(update.lease.resourceVersion, "1");
  EXPECT_EQ(update.lease.transitions, 0);
  EXPECT_EQ(update.lease.acquireTime, "t0");
}

TEST(LeaderFsm, CountsItsConfidenceFromBeforeTheRenewalWasSent) {
  Candidate c;
  c.lead();
  c.fsm.attempt(c.now += 2s);
  const auto sent = c.now;
  c.fsm.written(heldBy("me", "2"), c.now += 4s);
  EXPECT_EQ(c.fsm.leadUntil(), sent + 10s);
}

TEST(LeaderFsm, StopsLeadingAtTheDeadlineWhateverHappens) {
  Candidate c;
  c.lead();
  EXPECT_TRUE(c.fsm.leading(c.now + 9999ms));
  EXPECT_FALSE(c.fsm.leading(c.now + 10s));
}

TEST(LeaderFsm, AfterAPauseReadsBeforeItWrites) {
  Candidate c;
  c.lead();
  c.expect<LeaderFsm::Get>(c.fsm.attempt(c.now += 1h));
  c.expect<LeaderFsm::Wait>(c.fsm.got(heldBy("other", "9"), 0, c.now));
  EXPECT_FALSE(c.fsm.leading(c.now));
}

TEST(LeaderFsm, JudgesAnotherByWhenItsRecordLastChangedHere) {
  Candidate c;
  c.fsm.attempt(c.now);
  c.expect<LeaderFsm::Wait>(c.fsm.got(heldBy("other", "5"), 0, c.now));
  c.expect<LeaderFsm::Wait>(c.fsm.got(heldBy("other", "5"), 0, c.now + 14s));
  c.expect<LeaderFsm::Wait>(c.fsm.got(heldBy("other", "6"), 0, c.now + 15s));
  c.expect<LeaderFsm::Wait>(c.fsm.got(heldBy("other", "6"), 0, c.now + 29s));
  const auto update = c.expect<LeaderFsm::Update>(c.fsm.got(heldBy("other", "6"), 0, c.now + 30s));
  EXPECT_EQ(update.lease.resourceVersion, "6");
  EXPECT_EQ(update.lease.transitions, 1);
  EXPECT_TRUE(update.lease.acquireTime.empty());
}

TEST(LeaderFsm, RespectsALongerLeaseOfAnotherButNoShorterOne) {
  Candidate c;
  c.fsm.got(heldBy("other", "5", 60), 0, c.now);
  c.expect<LeaderFsm::Wait>(c.fsm.got(heldBy("other", "5", 60), 0, c.now + 59s));
  c.expect<LeaderFsm::Update>(c.fsm.got(heldBy("other", "5", 60), 0, c.now + 60s));
  Candidate d;
  d.fsm.got(heldBy("other", "5", 1), 0, d.now);
  d.expect<LeaderFsm::Wait>(d.fsm.got(heldBy("other", "5", 1), 0, d.now + 14s));
}

TEST(LeaderFsm, TakesAReleasedLeaseAtOnce) {
  Candidate c;
  c.fsm.attempt(c.now);
  c.expect<LeaderFsm::Update>(c.fsm.got(heldBy("", "5", 1), 0, c.now));
}

TEST(LeaderFsm, ReadsAgainAfterAConflict) {
  Candidate c;
  c.lead();
  c.fsm.attempt(c.now += 2s);
  c.expect<LeaderFsm::Wait>(c.fsm.failed(0));
  c.expect<LeaderFsm::Get>(c.fsm.attempt(c.now += 2s));
  EXPECT_TRUE(c.fsm.leading(c.now));
  c.expect<LeaderFsm::Wait>(c.fsm.got(heldBy("other", "3"), 0, c.now));
}

TEST(LeaderFsm, FindsItsOwnWriteWhoseAnswerWasLost) {
  Candidate c;
  c.fsm.attempt(c.now);
  c.fsm.notFound(c.now);
  c.fsm.failed(0);
  c.expect<LeaderFsm::Get>(c.fsm.attempt(c.now += 2s));
  EXPECT_FALSE(c.fsm.leading(c.now));
  c.expect<LeaderFsm::Update>(c.fsm.got(heldBy("me", "1"), 0, c.now));
  c.fsm.written(heldBy("me", "2"), c.now);
  EXPECT_TRUE(c.fsm.leading(c.now));
}

TEST(LeaderFsm, SpreadsCandidatesByJitter) {
  Candidate c;
  EXPECT_EQ(c.expect<LeaderFsm::Wait>(c.fsm.failed(0)).duration, 2s);
  EXPECT_EQ(c.expect<LeaderFsm::Wait>(c.fsm.failed(0.5)).duration, 3200ms);
}

TEST(LeaderFsm, ReleasesOnlyWhatItHolds) {
  Candidate c;
  EXPECT_FALSE(c.fsm.release());
  c.lead();
  const auto lease = c.fsm.release();
  ASSERT_TRUE(lease);
  EXPECT_TRUE(lease->holder.empty());
  EXPECT_EQ(lease->resourceVersion, "1");
  EXPECT_FALSE(c.fsm.leading(c.now));
}

TEST(LeaderFsm, TwoThatShareALeaseNeverLeadAtOnce) {
  // One clock, one stored lease; each in turn does one step, the second one late or dead for a
  // while.
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::srand(seed);
    Candidate a("a"), b("b");
    LeaderFsm* fsms[] = {&a.fsm, &b.fsm};
    std::optional<Lease> stored;
    int version = 0;
    LeaderFsm::Time wake[2] = {a.now, a.now};
    for (auto now = a.now; now < a.now + 300s; now += 100ms) {
      for (int i = 0; i < 2; ++i) {
        if (now < wake[i]) continue;
        auto action = fsms[i]->attempt(now);
        const bool lost = std::rand() % 4 == 0;
        if (std::holds_alternative<LeaderFsm::Get>(action)) {
          action = lost     ? fsms[i]->failed(0.3)
                   : stored ? fsms[i]->got(*stored, 0.3, now)
                            : fsms[i]->notFound(now);
        }
        const Lease* wanted = nullptr;
        if (const auto* create = std::get_if<LeaderFsm::Create>(&action)) wanted = &create->lease;
        if (const auto* update = std::get_if<LeaderFsm::Update>(&action)) wanted = &update->lease;
        if (wanted) {
          const bool current = wanted->resourceVersion == (stored ? stored->resourceVersion : "");
          if (current) {
            stored = *wanted;
            stored->resourceVersion = std::to_string(++version);
          }
          const bool told = current && std::rand() % 4 != 0;
          action = told ? fsms[i]->written(*stored, now) : fsms[i]->failed(0.3);
        }
        wake[i] = now + std::get<LeaderFsm::Wait>(action).duration;
        if (std::rand() % 10 == 0) wake[i] += 30s;  // stopped and continued
      }
      ASSERT_FALSE(a.fsm.leading(now) && b.fsm.leading(now)) << "seed " << seed;
    }
    EXPECT_GT(version, 10);
  }
}

TEST(LeaderConfig, MustLeaveTimeForARenewal) {
  EXPECT_TRUE(config().check());
  auto bad = config();
  bad.renewDeadline = bad.leaseDuration;
  EXPECT_FALSE(bad.check());
  bad = config();
  bad.retryPeriod = 9s;
  EXPECT_FALSE(bad.check());
  bad = config("");
  EXPECT_FALSE(bad.check());
}

}  // namespace
}  // namespace bailiwick::kube
