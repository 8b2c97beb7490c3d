#include "route/health.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

using namespace std::chrono_literals;

const Instant start{1000s};
const Outliers settings{3, 30s, 10s};

void failTimes(Health& health, int times, Instant now) {
  for (int i = 0; i < times; ++i) health.failed(now);
}

TEST(Health, IsUnknownUntilTheFirstProbePasses) {
  Health probed(settings, true);
  EXPECT_EQ(probed.state(start), HealthState::Unknown);
  for (int i = 0; i < 9; ++i) probed.probe(ProbeResult::Refused, start);
  EXPECT_EQ(probed.state(start), HealthState::Unknown) << "it loads its weights";
  probed.probe(ProbeResult::Passed, start);
  EXPECT_EQ(probed.state(start), HealthState::Healthy);
  EXPECT_EQ(Health(settings, false).state(start), HealthState::Healthy);
}

TEST(Health, ForgivesOneSlowProbeAndNoRefusedOne) {
  Health health(settings, true);
  health.probe(ProbeResult::Passed, start);
  health.probe(ProbeResult::Failed, start);
  EXPECT_EQ(health.state(start), HealthState::Healthy);
  health.probe(ProbeResult::Passed, start);
  health.probe(ProbeResult::Failed, start);
  EXPECT_EQ(health.state(start), HealthState::Healthy) << "not two in a row";
  health.probe(ProbeResult::Failed, start);
  EXPECT_EQ(health.state(start), HealthState::Down);

  Health refused(settings, true);
  refused.probe(ProbeResult::Passed, start);
  refused.probe(ProbeResult::Refused, start);
  EXPECT_EQ(refused.state(start), HealthState::Down);
}

TEST(Health, IsLeftAloneWhileItCannotBeReachedAndStartsSlowlyAgain) {
  Health health(settings, false);
  health.reach(true, start);
  EXPECT_EQ(health.state(start), HealthState::Healthy);
  health.reach(false, start);
  EXPECT_EQ(health.state(start + 1h), HealthState::Ejected);
  health.reach(true, start + 1h);
  EXPECT_EQ(health.state(start + 1h), HealthState::Recovering);
  health.reach(true, start + 1h + 11s);
  EXPECT_EQ(health.state(start + 1h + 11s), HealthState::Healthy) << "its start is not over again";
  failTimes(health, 3, start + 2h);
  health.reach(true, start + 2h);
  EXPECT_EQ(health.state(start + 2h), HealthState::Ejected) << "a connection is no answer";
}

TEST(Health, IsEjectedAfterErrorsInARow) {
  Health health(settings, false);
  failTimes(health, 2, start);
  health.succeeded();
  failTimes(health, 2, start);
  EXPECT_EQ(health.state(start), HealthState::Healthy);
  health.failed(start);
  EXPECT_EQ(health.state(start), HealthState::Ejected);
  EXPECT_EQ(health.ejectedUntil(start), start + 30s);
}

TEST(Health, IsNotEjectedLongerByWhatWasInFlight) {
  Health health(settings, false);
  failTimes(health, 3, start);
  failTimes(health, 9, start + 20s);
  EXPECT_EQ(health.ejectedUntil(start + 20s), start + 30s);
  EXPECT_EQ(health.state(start + 30s), HealthState::Recovering);
}

TEST(Health, RecoversSlowlyAndIsEjectedAgainByOneError) {
  Health health(settings, false);
  failTimes(health, 3, start);
  EXPECT_EQ(health.state(start + 29s), HealthState::Ejected);
  EXPECT_EQ(health.state(start + 30s), HealthState::Recovering);
  EXPECT_DOUBLE_EQ(health.ramp(start + 30s), 0.1);
  EXPECT_DOUBLE_EQ(health.ramp(start + 35s), 0.5);
  EXPECT_EQ(health.state(start + 40s), HealthState::Healthy);
  EXPECT_DOUBLE_EQ(health.ramp(start + 40s), 1);
  health.failed(start + 41s);
  EXPECT_EQ(health.state(start + 41s), HealthState::Ejected);
}

TEST(Health, NeedsErrorsInARowAgainOnceItServes) {
  Health health(settings, false);
  failTimes(health, 3, start);
  health.succeeded();
  EXPECT_EQ(health.state(start + 1s), HealthState::Ejected) << "it was sent before";
  failTimes(health, 2, start + 31s);
  EXPECT_NE(health.state(start + 31s), HealthState::Ejected);
}

TEST(Health, RampsUpAfterItWasDownAndNotAfterItsStart) {
  Health health(settings, true);
  health.probe(ProbeResult::Passed, start);
  EXPECT_DOUBLE_EQ(health.ramp(start), 1);
  health.probe(ProbeResult::Refused, start);
  health.probe(ProbeResult::Passed, start + 1s);
  EXPECT_EQ(health.state(start + 1s), HealthState::Recovering);
  health.probe(ProbeResult::Passed, start + 2s);
  EXPECT_DOUBLE_EQ(health.ramp(start + 6s), 0.5) << "a later probe does not begin it again";
}

TEST(Health, TakesItsFullShareAtOnceWhereSlowStartIsOff) {
  Health health({3, 30s, 0s}, false);
  failTimes(health, 3, start);
  EXPECT_EQ(health.state(start + 30s), HealthState::Healthy);
  EXPECT_DOUBLE_EQ(health.ramp(start + 30s), 1);
}

TEST(Health, IsDownWhateverRequestsSay) {
  Health health(settings, true);
  health.probe(ProbeResult::Passed, start);
  failTimes(health, 3, start);
  EXPECT_EQ(health.state(start), HealthState::Ejected);
  health.probe(ProbeResult::Refused, start);
  health.succeeded();
  EXPECT_EQ(health.state(start), HealthState::Down);
}

TEST(Health, BlamesABackendForWhatItCouldNotServe) {
  for (const int fault : {502, 503, 504}) EXPECT_TRUE(isServerFault(fault)) << fault;
  for (const int other : {200, 400, 404, 429, 451, 500, 501}) EXPECT_FALSE(isServerFault(other));
}

}  // namespace
}  // namespace bailiwick::sidecar
