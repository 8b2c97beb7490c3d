#include "plan/status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/conditions.hpp"
#include "plan/fixture.hpp"
#include "plan/readiness.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Told : Cluster {
  std::vector<std::string> takenNames;
  std::vector<policy::Refusal> failures;
  bool writing = false;

  // The status of the first deployment, which then has it.
  const api::ModelDeploymentStatus& visit() {
    auto planned = plan();
    plan::Readiness().update(world(), planned);
    auto& current = deployments.front();
    const auto stepped = step(planned, current.meta.key.name);
    current.status = plan::statusOf({current, of(planned, current.meta.key.name), stepped, region,
                                     now, "hash", "passports", takenNames, failures,
                                     planned.inventory, planned.pools, writing}).status;
    return current.status;
  }
  api::Condition condition(const std::string& type) {
    visit();
    const auto* found = api::findCondition(visit().conditions, type);
    return found ? *found : api::Condition{};
  }
  std::string why(const std::string& type) {
    const auto c = condition(type);
    return c.status + " " + c.reason;
  }
};

Told serving() {
  Told t;
  t.add(h200Node("n1").zone("eu-central-1a")).add(assistant().variant(h200()));
  t.run("h200", "n1");
  t.workload("h200", 1);
  return t;
}

TEST(Status, IsUnknownOnTheFirstVisitAndReadyOnTheNext) {
  auto t = serving();
  EXPECT_EQ(api::findCondition(t.visit().conditions, "Ready")->status, "Unknown");
  EXPECT_EQ(t.why("Ready"), "True AllReplicasReady");
  EXPECT_EQ(t.why("Reconciling"), "False AllReplicasReady");
  EXPECT_EQ(t.why("Stalled"), "False AllReplicasReady");
  EXPECT_EQ(t.why("Placed").substr(0, 4), "True");
  EXPECT_EQ(t.why("Compliant"), "True Unverified") << "its artifact has no digest";
  EXPECT_EQ(t.why("ExitReady"), "False NoAlternative");
}

TEST(Status, FillsEveryFieldOfEveryCondition) {
  auto t = serving();
  t.deployment().meta.generation = 7;
  t.visit();
  ASSERT_EQ(t.visit().conditions.size(), 7u);
  for (const auto& c : t.visit().conditions) {
    EXPECT_FALSE(c.type.empty() || c.status.empty() || c.reason.empty() || c.message.empty());
    EXPECT_EQ(c.since, t.now) << c.type;
    EXPECT_EQ(c.observedGeneration, 7) << c.type;
  }
}

TEST(Status, ChangesATransitionTimeOnlyOnAFlip) {
  auto t = serving();
  t.visit();
  const auto first = t.now;
  t.now += 5min;
  EXPECT_EQ(t.condition("Ready").since, t.now) << "from Unknown to True";
  EXPECT_EQ(t.condition("Placed").since, first);
  t.now += 5min;
  EXPECT_EQ(t.condition("Ready").since, first + 5min);
  t.pods.front().ready = false;
  EXPECT_EQ(t.condition("Ready").since, t.now);
}

TEST(Status, ChangesNothingWhileNothingChanges) {
  auto t = serving();
  t.visit();
  const auto before = t.visit();
  t.now += 2h;
  EXPECT_EQ(t.visit(), before);
}

TEST(Status, RaisesTheSequenceOnlyWithTheEntry) {
  auto t = serving();
  const auto first = t.visit().regions.front().sequence;
  t.now += 1h;
  EXPECT_EQ(t.visit().regions.front().sequence, first);
  t.pods.front().ready = false;
  const auto second = t.visit().regions.front().sequence;
  EXPECT_EQ(second, first + 3600 * 1000);
  t.now -= 2h;  // a clock that was set back
  t.pods.front().ready = true;
  EXPECT_EQ(t.visit().regions.front().sequence, second + 1);
}

TEST(Status, TellsOffersSharesPoolsAndTotals) {
  auto t = serving();
  t.add(mi300xNode("m1"));
  t.deployment().spec.variants.push_back(mi300x().obj());
  const auto& status = t.visit();
  ASSERT_EQ(status.regions.size(), 1u);
  const auto& entry = status.regions.front();
  EXPECT_EQ(entry.share, (std::vector<api::VariantCount>{{"h200", 1}}));
  EXPECT_EQ(entry.ready, entry.share);
  ASSERT_EQ(entry.offer.size(), 2u);
  EXPECT_EQ(entry.offer[0].pools, std::vector<std::string>{"nvidia-h200-eu-central-1a"});
  EXPECT_EQ(entry.offer[1].replicas, 1) << "it would fit";
  EXPECT_EQ(status.replicas, 1);
  EXPECT_EQ(status.summaryVariant, "h200");
  EXPECT_EQ(status.summaryRegions, "fra");
  EXPECT_EQ(status.selector, "bailiwick.dev/deployment=assistant,bailiwick.dev/role=engine");
  ASSERT_EQ(status.variants.size(), 1u);
  EXPECT_EQ(status.variants.front().pools,
            std::vector<std::string>{"fra/nvidia-h200-eu-central-1a"});
}

TEST(Status, RoundsReadyUnitsDown) {
  auto t = serving();
  t.deployment().spec.variants.front().capacity = 1500;
  EXPECT_EQ(t.visit().replicas, 1);
  t.deployment().spec.variants.front().capacity = 500;
  EXPECT_EQ(t.visit().replicas, 0);
}

TEST(Status, CountsTheCostOfEveryShareThatHasAPrice) {
  auto t = serving();
  EXPECT_EQ(t.visit().costPerHour, "");
  t.region.prices = {{"nvidia", "NVIDIA-H200", 2100, "EUR"}};
  EXPECT_EQ(t.visit().costPerHour, "16.80");
  EXPECT_EQ(t.visit().costCurrency, "EUR");
}

TEST(Conditions, NameWhatBinds) {
  auto t = serving();
  t.deployment().spec.replicas = 2;
  EXPECT_EQ(t.why("Ready"), "False NoCapacity");
  EXPECT_EQ(t.condition("Placed").message,
            "1 of 2 units have a lawful place: variant h200: a replica needs 8 nvidia.com/gpu on one "
            "node; the most that is free on one of 1 lawful nodes is 0");
  EXPECT_EQ(t.why("Stalled"), "False Scaling") << "capacity may come by itself";
}

TEST(Conditions, PreferWhatAPersonMustActOn) {
  auto t = serving();
  t.deployment().spec.replicas = 2;
  t.deployment().spec.variants.push_back(mi300x().passport("gone", "fp8").obj());
  EXPECT_EQ(t.why("Ready"), "False PassportMissing");
  EXPECT_EQ(t.why("Stalled"), "True PassportMissing");
  EXPECT_THAT(t.condition("Placed").message, HasSubstr("; variant h200: a replica needs"))
      << "and the others are told as well";
  t.takenNames = {"Service assistant"};
  EXPECT_EQ(t.why("Ready"), "False NameTaken");
  t.deployment().spec.placement.jurisdictions = {"XX"};
  EXPECT_EQ(t.why("Ready"), "False InvalidSpec");
}

TEST(Conditions, FollowTheOrderOfTheContract) {
  const char* order[] = {"InvalidSpec",  "NameTaken",       "PassportMissing", "PolicyDenied",
                         "ExitInProgress", "LocationUnknown", "NoLegalPlace",    "NoMatchingPool",
                         "NoCapacity",   "NotStarting",     "Scaling",         "SomethingElse"};
  for (std::size_t i = 1; i < std::size(order); ++i) {
    EXPECT_LT(policy::precedence(order[i - 1]), policy::precedence(order[i])) << order[i];
  }
}

TEST(Conditions, SayThatSomethingRunsWhereItMayNot) {
  auto t = serving();
  t.node("n1").meta.labels.set("bailiwick.dev/jurisdiction", "US");
  EXPECT_EQ(t.why("Compliant"), "False LocationContradictory");
  EXPECT_THAT(t.condition("Compliant").message,
              StartsWith("1 replica runs where it may not (assistant-h200-1): node n1: label "
                         "bailiwick.dev/jurisdiction=US"));
}

TEST(Conditions, SayWhyOfManyReplicasWithoutAListThatHidesIt) {
  auto t = serving();
  for (int n = 1; n < 40; ++n) t.run("h200", "n1");
  t.node("n1").meta.labels.set("bailiwick.dev/jurisdiction", "US");
  const auto message = t.condition("Compliant").message;
  EXPECT_THAT(message, StartsWith("40 replicas run where they may not ("));
  EXPECT_THAT(message, HasSubstr(" and 37 more): node n1: label bailiwick.dev/jurisdiction=US"));
  EXPECT_THAT(message, EndsWith("they are replaced, or stopped after spec.exit.drainTimeout"));
}

TEST(Conditions, SayThatThePoolIsFullAndWhichFieldAllowsAGap) {
  Told t;
  t.add(h200Node("n1")).add(assistant().variant(h200("new")));
  t.run("old", "n1");
  t.workload("old", 1);
  EXPECT_EQ(t.why("Placed"), "False NoRoomToSurge");
  EXPECT_THAT(t.condition("Placed").message, HasSubstr("spec.rollout.maxUnavailable is 0"));
}

TEST(Conditions, SayThatARollingUpdateWaitsForRoom) {
  auto t = serving();
  t.wait("h200").templateHash = "t2";
  t.workload("h200", 1).statusReplicas = 2;
  EXPECT_EQ(t.why("Ready"), "True AllReplicasReady");
  EXPECT_EQ(t.why("Reconciling"), "True NoRoomToSurge");
}

TEST(Conditions, NameMaxPerRegionWhereItBinds) {
  auto t = serving();
  t.deployment().spec.replicas = 3;
  t.deployment().spec.placement.maxPerRegion = 1;
  EXPECT_EQ(t.why("Ready"), "False NoCapacity");
  EXPECT_EQ(t.condition("Placed").message,
            "1 of 3 units have a place: spec.placement.maxPerRegion is 1");
}

TEST(Conditions, AreReadyWithNothingWanted) {
  Told t;
  t.add(h200Node("n1")).add(assistant().replicas(0).variant(h200()));
  EXPECT_EQ(t.why("Ready"), "True AllReplicasReady");
  EXPECT_EQ(t.why("Placed").substr(0, 4), "True");
}

TEST(Conditions, RepeatTheWorkloadsOwnWords) {
  auto t = serving();
  t.deployment().spec.replicas = 2;
  t.add(h200Node("n2"));
  t.failures = {{"NotStarting", "pods \"x\" is forbidden: exceeded quota"}};
  EXPECT_THAT(t.condition("Ready").message, HasSubstr("is forbidden: exceeded quota"));
}

TEST(Conditions, StayWithinTheirBounds) {
  auto t = serving();
  t.deployment().spec.replicas = 2;
  auto& pod = t.wait("h200");
  pod.meta.created = pod.readyChanged = t.now - 1h;
  pod.waitingReason = "ImagePullBackOff";
  for (int i = 0; i < 1000; ++i) pod.waitingMessage += "\u00e4";
  for (const auto& c : t.visit().conditions) EXPECT_LE(c.message.size(), 1024u);
  for (const auto& offer : t.visit().regions.front().offer) EXPECT_LE(offer.message.size(), 256u);
  EXPECT_EQ(plan::shortened("\u00e4\u00e4\u00e4", 5), "\u00e4...") << "never half a character";
  EXPECT_EQ(plan::shortened("abcde", 5), "abcde");
}

TEST(Conditions, AreReconcilingWhileATemplateRollsOut) {
  auto t = serving();
  t.workload("h200", 1).updatedReplicas = 0;
  EXPECT_EQ(t.why("Reconciling"), "True Scaling");
  EXPECT_EQ(t.why("Ready"), "True AllReplicasReady");
  t.workload("h200", 1);
  EXPECT_EQ(t.why("Reconciling"), "False AllReplicasReady");
  t.writing = true;
  EXPECT_EQ(t.why("Reconciling"), "True Scaling") << "objects were written, or could not be";
}

TEST(Conditions, SayThatATemplateFitsNowhere) {
  auto t = serving();
  t.deployment().spec.variants.front().accelerator.perReplica = 16;
  t.wait("h200").templateHash = "t2";
  t.workload("h200", 1).statusReplicas = 2;
  EXPECT_EQ(t.why("Reconciling"), "True NoCapacity");
  EXPECT_THAT(t.condition("Reconciling").message, HasSubstr("the largest of 1 lawful nodes has 8"));
}

TEST(Conditions, AreNotCompliantUntilTheLastUnlawfulPodIsGone) {
  auto t = serving();
  t.node("n1").meta.labels.set("bailiwick.dev/jurisdiction", "US");
  t.pods.front().meta.deleted = t.now;
  EXPECT_EQ(t.why("Compliant"), "False LocationContradictory");
  t.pods.clear();
  EXPECT_EQ(t.why("Compliant").substr(0, 4), "True");
}

TEST(Status, CountsTheUnitsOfARemovedVariantThatStillServes) {
  Told t;
  t.add(h200Node("n1")).add(assistant().variant(mi300x()));
  t.run("old", "n1");
  t.workload("old", 1).meta.annotations.set("bailiwick.dev/capacity", "2");
  const auto& status = t.visit();
  EXPECT_EQ(status.replicas, 2);
  EXPECT_EQ(status.summaryVariant, "old");
  ASSERT_EQ(status.variants.size(), 1u);
  EXPECT_EQ(status.variants.front().name, "old");
  EXPECT_EQ(status.variants.front().ready, 1);
  EXPECT_EQ(t.why("Ready").substr(0, 4), "True");
}

TEST(Status, NamesThePoolsWhereReplicasAre) {
  Told t;
  t.add(h200Node("n1").zone("a")).add(h200Node("n2").zone("b"));
  t.add(h200Node("n3").zone("b").residency("other"));
  t.add(assistant().variant(h200()));
  t.run("h200", "n3");
  t.workload("h200", 1);
  const auto& status = t.visit();
  EXPECT_EQ(status.variants.front().pools, std::vector<std::string>{"fra/nvidia-h200-b-2"});
  EXPECT_EQ(status.regions.front().offer.front().pools,
            (std::vector<std::string>{"nvidia-h200-a", "nvidia-h200-b", "nvidia-h200-b-2"}));
  std::vector<std::string> shown;
  const auto plan = t.plan();
  for (const auto& pool : plan.pools.rows()) shown.push_back(pool.name);
  EXPECT_EQ(shown, status.regions.front().offer.front().pools) << "as the Region names them";
}

TEST(Status, SaysWhatPodSecurityTheEngineNeeds) {
  auto t = serving();
  EXPECT_EQ(t.visit().variants.front().podSecurity, "restricted");
}

TEST(Status, SaysWhyWithoutARegionNothingIsJudged) {
  auto t = serving();
  const auto status = plan::withoutRegion(t.deployment(), "region fra cannot be read: x", t.now);
  for (const auto& c : status.conditions) {
    EXPECT_EQ(c.message, "region fra cannot be read: x. What runs stays, nothing new is placed");
  }
}

}  // namespace
}  // namespace bailiwick::testing
