// What policies do to placement: they keep out, narrow, move and stop.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "plan/fixture.hpp"
#include "plan/status.hpp"

namespace bailiwick::testing {
namespace {

using api::Enforcement;
using api::PolicyRules;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

PolicyBuilder noNvidia(Enforcement enforcement = Enforcement::Deny) {
  return makePolicy("no-nvidia").deny(&PolicyRules::vendors, {"nvidia"}).enforcement(enforcement);
}

Cluster twoVendors() {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1"));
  c.add(assistant().variant(h200()).variant(mi300x()));
  return c;
}

api::ModelDeploymentStatus statusOf(const Cluster& c, const plan::Plan& plan) {
  const auto step = c.step(plan);
  const auto& current = c.deployments.front();
  return plan::statusOf({current, of(plan), step, c.region, c.now, "", "", {}, {}, plan.inventory,
                         plan.pools, false}).status;
}

api::Condition condition(const Cluster& c, const std::string& type) {
  const auto plan = c.plan();
  return *api::findCondition(statusOf(c, plan).conditions, type);
}

TEST(PolicyPlacement, KeepsADeniedVariantOutAndTakesTheNext) {
  auto c = twoVendors();
  c.add(noNvidia());
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 0);
  EXPECT_EQ(shareOf(plan, "mi300x"), 1);
  EXPECT_EQ(refusalOf(plan, "h200"),
            "PolicyDenied: policy no-nvidia denies vendor nvidia of variant h200");
  EXPECT_EQ(condition(c, "Placed").status, "True");
  const auto compliant = condition(c, "Compliant");
  EXPECT_EQ(compliant.status, "True");
  EXPECT_THAT(compliant.message, HasSubstr("policy no-nvidia denies vendor nvidia")) << "beside";
}

TEST(PolicyPlacement, SaysPolicyDeniedWhereEveryVariantIsDenied) {
  auto c = twoVendors();
  c.add(makePolicy("eu").allow(&PolicyRules::origins, {"EU"}));
  for (const auto* type : {"Placed", "Compliant", "Stalled"}) {
    const auto told = condition(c, type);
    EXPECT_EQ(told.reason, "PolicyDenied") << type;
    EXPECT_THAT(told.message,
                HasSubstr("policy eu denies origin CN of passport open (it allows EU)"));
  }
  EXPECT_EQ(condition(c, "Compliant").status, "False");
}

TEST(PolicyPlacement, MovesWhatRunsAndBecameUnlawfulReplacementFirst) {
  auto c = twoVendors();
  c.run("h200", "n1");
  c.workload("h200", 1);
  c.add(noNvidia());
  const auto plan = c.plan();
  EXPECT_EQ(of(plan).replicas[0].unlawful->message,
            "policy no-nvidia denies vendor nvidia of variant h200");
  const auto step = c.step(plan);
  EXPECT_EQ(step.replicas.at("h200"), 1) << "its replacement is not Ready yet";
  EXPECT_EQ(step.replicas.at("mi300x"), 1);
  EXPECT_THAT(condition(c, "Compliant").message, HasSubstr("1 replica runs where it may not"));

  c.run("mi300x", "m1");
  c.workload("mi300x", 1);
  c.pods[0].meta.annotations.set("controller.kubernetes.io/pod-deletion-cost", "-1");
  const auto later = c.plan();
  EXPECT_EQ(c.step(later).replicas.count("h200") ? c.step(later).replicas.at("h200") : 0, 0);
}

TEST(PolicyPlacement, StopsWhatHasNoLegalAlternativeAfterTheDrainTimeout) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200())).add(noNvidia());
  auto& pod = c.run("h200", "n1");
  c.workload("h200", 1);
  const auto first = c.plan();
  EXPECT_EQ(c.step(first).replicas.at("h200"), 1);
  EXPECT_EQ(c.step(first).wakeAt, c.now + 10min);
  pod.meta.annotations.set("bailiwick.dev/unlawful-since", api::formatTime(c.now));
  pod.meta.annotations.set("controller.kubernetes.io/pod-deletion-cost", "-1");
  c.now += 10min;
  const auto last = c.plan();
  EXPECT_EQ(c.step(last).replicas.at("h200"), 0);
}

TEST(PolicyPlacement, LeavesWhatRunsToTheExitOrderAndPlacesNothingNew) {
  auto c = twoVendors();
  c.deployment().spec.replicas = 2;
  c.run("h200", "n1");
  c.workload("h200", 1);
  c.add(h200Node("n2")).add(noNvidia(Enforcement::Exit));
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 1);
  EXPECT_EQ(of(plan).variant("h200")->offer, 1) << "only as far as it is held";
  EXPECT_EQ(shareOf(plan, "mi300x"), 1);
  EXPECT_FALSE(of(plan).replicas[0].unlawful);
  const auto compliant = condition(c, "Compliant");
  EXPECT_EQ(compliant.status, "False");
  EXPECT_THAT(compliant.message, HasSubstr("what runs leaves by ExitOrder no-nvidia"));
}

TEST(PolicyPlacement, OnlyWarnsWhereAPolicyOnlyWarns) {
  auto c = twoVendors();
  c.add(noNvidia(Enforcement::Warn));
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
  const auto compliant = condition(c, "Compliant");
  EXPECT_EQ(compliant.status, "True");
  EXPECT_THAT(compliant.message,
              HasSubstr("warning: policy no-nvidia denies vendor nvidia of variant h200"));
}

TEST(PolicyPlacement, TakesNothingNewWithoutAReadyExitAndStopsNothing) {
  auto c = twoVendors();
  c.deployment().spec.replicas = 2;
  c.run("h200", "n1");
  c.workload("h200", 1);
  c.add(makePolicy("dora").rules([](auto& r) { r.requireExitReady = true; }));
  EXPECT_EQ(of(c.plan()).assigned, 1000);
  EXPECT_FALSE(of(c.plan()).replicas[0].unlawful);
  c.exitReadiness[{"team", "assistant"}] = {true, "", {}};
  EXPECT_EQ(of(c.plan()).assigned, 2000);
}

TEST(PolicyPlacement, NarrowsTheProductsOfAVariantByItsAffinity) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2").label("nvidia.com/gpu.product", "NVIDIA-H20"));
  c.add(assistant().replicas(2).variant(h200().on("nvidia", {}, 8)));
  EXPECT_EQ(shareOf(c.plan(), "h200"), 2);
  c.add(makePolicy("p").deny(&PolicyRules::products, {"NVIDIA-H20"}));
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 1);
  const auto& hardware = of(plan).variant("h200")->requirement->hardware;
  EXPECT_FALSE(plan::matches(hardware, c.node("n2").meta.labels));
  EXPECT_TRUE(plan::matches(hardware, c.node("n1").meta.labels));
  EXPECT_EQ(condition(c, "Compliant").status, "True");
}

TEST(PolicyPlacement, MovesAReplicaOffAProductThatIsForbidden) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2").label("nvidia.com/gpu.product", "NVIDIA-H20"));
  c.add(assistant().variant(h200().on("nvidia", {}, 8)));
  c.run("h200", "n2");
  c.workload("h200", 1);
  EXPECT_FALSE(of(c.plan()).replicas[0].unlawful);
  c.add(makePolicy("p").deny(&PolicyRules::products, {"NVIDIA-H20"}));
  const auto plan = c.plan();
  ASSERT_TRUE(of(plan).replicas[0].unlawful);
  EXPECT_EQ(of(plan).replicas[0].unlawful->message,
            "policy p denies product NVIDIA-H20 of variant h200");
  EXPECT_EQ(shareOf(plan, "h200"), 1) << "on n1";
}

TEST(PolicyPlacement, JudgesWhatRunsEvenWhileItsPassportIsBeingDeleted) {
  auto c = twoVendors();
  c.run("h200", "n1");
  c.passports[0].meta.deleted = testTime;
  EXPECT_FALSE(of(c.plan()).replicas[0].unlawful);
  c.add(makePolicy("p").deny(&PolicyRules::origins, {"CN"}));
  EXPECT_TRUE(of(c.plan()).replicas[0].unlawful);
  EXPECT_THAT(refusalOf(c.plan(), "h200"), StartsWith("PassportMissing"));
}

TEST(PolicyPlacement, RefusesAllThatAnUnreadablePolicySelects) {
  auto c = twoVendors();
  c.add(makePolicy("p").with([](auto& p) { p.decodeError = "spec.rules: is required"; }));
  EXPECT_EQ(of(c.plan()).assigned, 0);
  EXPECT_EQ(refusalOf(c.plan(), "mi300x"),
            "PolicyDenied: policy p cannot be understood and refuses all that it selects: "
            "spec.rules: is required");
}

TEST(PolicyPlacement, KnowsWhenTimeAloneChangesTheLaw) {
  auto c = twoVendors();
  c.add(makePolicy("p").rules([](auto& r) { r.evidence = {{"RedTeam", {}}}; }));
  c.passports[0].evidence = {{"RedTeam", "Pass", testTime - 1h, testTime + 3h}};
  EXPECT_EQ(of(c.plan()).until, testTime + 3h);
  EXPECT_EQ(of(c.plan()).assigned, 1000);
  c.now += 3h;
  EXPECT_EQ(of(c.plan()).assigned, 0);
}

template <class T>
T anyOf(std::vector<T> values) {
  return *rc::gen::elementOf(std::move(values));
}

std::vector<std::string> some(const std::vector<std::string>& values) {
  std::vector<std::string> out;
  for (const auto& value : values) {
    if (*rc::gen::arbitrary<bool>()) out.push_back(value);
  }
  return out;
}

// The affinity of the pod template alone excludes every node that a policy forbids: the verdict on
// the node's product, taken from the law alone, and the affinity agree (protocols 1).
RC_GTEST_PROP(PolicyPlacement, HasAnAffinityThatExcludesEveryForbiddenNode, ()) {
  const std::vector<std::string> products = {"NVIDIA-H200", "NVIDIA-H20", "NVIDIA-H100-80GB-HBM3"};
  Cluster c;
  const int nodes = *rc::gen::inRange(1, 8);
  for (int i = 0; i < nodes; ++i) {
    auto node = h200Node("n" + std::to_string(i));
    node.label("nvidia.com/gpu.product",
               anyOf<std::string>({"NVIDIA-H200", "NVIDIA-H20", "NVIDIA-H100-80GB-HBM3",
                                   "NVIDIA-H20-SHARED", "NVIDIA-H200-MIG-1g.18gb"}));
    c.add(node);
  }
  auto policy = makePolicy("p");
  if (*rc::gen::arbitrary<bool>()) policy.allow(&PolicyRules::products, some(products));
  policy.deny(&PolicyRules::products, some(products));
  c.add(policy);
  const auto listed = some(products);
  c.add(assistant().replicas(8).variant(h200().on("nvidia", listed, 8)));
  const auto plan = c.plan();
  const auto& v = *of(plan).variant("h200");
  const auto& rule = c.policies[0].rules.products;
  const auto contains = [](const auto& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  int legal = 0;
  for (const auto& node : c.nodes) {
    const auto& product = *node.meta.labels.find("nvidia.com/gpu.product");
    const bool mayBe = contains(products, product) && (listed.empty() || contains(listed, product)) &&
                       !contains(rule.deny, product) &&
                       (!rule.allow || contains(*rule.allow, product));
    legal += mayBe;
    const bool admitted =
        v.requirement && plan::matches(plan::both(v.requirement->law, v.requirement->hardware),
                                       node.meta.labels);
    RC_ASSERT(admitted == mayBe);
  }
  RC_ASSERT(v.share == legal);
}

RC_GTEST_PROP(PolicyPlacement, NeverPlacesMoreForOneMoreDeny, ()) {
  auto c = twoVendors();
  c.deployment().spec.replicas = 3;
  c.add(h200Node("n2").label("nvidia.com/gpu.product", "NVIDIA-H20"));
  c.deployment().spec.variants[0].accelerator.products =
      some({"NVIDIA-H200", "NVIDIA-H20"});
  auto policy = makePolicy("p");
  policy.deny(&PolicyRules::products, some({"NVIDIA-H20", "AMD_Instinct_MI300X"}));
  c.add(policy);
  const auto before = c.plan();
  c.policies[0].rules.vendors.deny = some({"nvidia", "amd"});
  c.policies[0].rules.products.deny.push_back(anyOf<std::string>({"NVIDIA-H20", "NVIDIA-H200"}));
  const auto after = c.plan();
  RC_ASSERT(of(after).assigned <= of(before).assigned);
  for (const auto* name : {"h200", "mi300x"}) {
    const auto& was = of(before).variant(name)->groups;
    for (const int group : of(after).variant(name)->groups) {
      RC_ASSERT(std::find(was.begin(), was.end(), group) != was.end());
    }
  }
}

}  // namespace
}  // namespace bailiwick::testing
