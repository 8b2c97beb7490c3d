#include "plan/policy_status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using api::Enforcement;
using api::PolicyRules;
using ::testing::HasSubstr;
using ::testing::SizeIs;

struct Ruled : Cluster {
  std::optional<api::ExitOrder> order;

  explicit Ruled(Enforcement enforcement) {
    add(h200Node("n1")).add(assistant().variant(h200()));
    run("h200", "n1");
    workload("h200", 1);
    add(makePolicy("no-nvidia")
            .deny(&PolicyRules::vendors, {"nvidia"})
            .enforcement(enforcement)
            .with([](auto& p) { p.source.title = "contract 7"; }));
  }
  api::SovereigntyPolicy& policy() { return policies.front(); }
  // Decides as of now, and the policy then has the status.
  plan::PolicyDecision visit() {
    const auto planned = plan();
    auto decision =
        plan::decide({policy(), &planned, testCatalog(), order ? &*order : nullptr, now});
    policy().status = decision.status;
    return decision;
  }
  const api::Condition& ready() {
    visit();
    visit();
    return policy().status.conditions[0];
  }
};

TEST(PolicyStatus, ListsTheFirstHundredViolationsAndCountsAll) {
  Ruled r(Enforcement::Deny);
  for (int i = 0; i < 120; ++i) r.add(assistant("d" + std::to_string(i)).variant(h200()));
  const auto status = r.visit().status;
  EXPECT_THAT(status.violations, SizeIs(100));
  EXPECT_EQ(status.violationsTotal, 121);
  const auto& first = status.violations[0];
  EXPECT_EQ(first.ns + "/" + first.name + " " + first.variant, "team/assistant h200");
  EXPECT_EQ(first.reason, "PolicyDenied");
  EXPECT_EQ(first.message, "policy no-nvidia denies vendor nvidia of variant h200");
}

TEST(PolicyStatus, IsReadyOnceItIsInForce) {
  Ruled r(Enforcement::Deny);
  EXPECT_EQ(r.visit().status.conditions[0].status, "Unknown") << "the first visit";
  EXPECT_EQ(r.ready().status, "True");
  EXPECT_EQ(r.ready().reason, "InForce");
  r.policy().rules.vendors.deny = {"nvidea"};
  EXPECT_EQ(r.ready().status, "True");
  EXPECT_THAT(r.ready().message, HasSubstr("spec.rules.vendors.deny names nvidea"));
}

TEST(PolicyStatus, SaysWhyItCannotBeUnderstood) {
  Ruled r(Enforcement::Deny);
  r.policy().decodeError = "spec.rules: must be an object, is null";
  EXPECT_EQ(r.ready().status, "False");
  EXPECT_EQ(r.ready().reason, "InvalidSpec");
  EXPECT_THAT(r.ready().message, HasSubstr("refuses all that it selects: spec.rules: must be"));
  EXPECT_EQ(r.policy().status.violationsTotal, 1);
}

TEST(PolicyStatus, OrdersAnExitOfWhatRunsByTheFirstViolationPlusTheGracePeriod) {
  Ruled r(Enforcement::Exit);
  const auto decision = r.visit();
  ASSERT_TRUE(decision.status.exit);
  EXPECT_EQ(decision.status.exit->order, "no-nvidia");
  EXPECT_EQ(decision.status.exit->firstViolationAt, testTime);
  EXPECT_EQ(decision.status.exit->deadline, testTime + 30 * 24h);
  ASSERT_TRUE(decision.order);
  EXPECT_EQ(decision.order->target.policies, std::vector<std::string>{"no-nvidia"});
  EXPECT_EQ(decision.order->reason, "policy no-nvidia refuses it: contract 7");
  EXPECT_EQ(decision.order->deadline, testTime + 30 * 24h);
}

TEST(PolicyStatus, OrdersNoExitForARuleOfNewPlacementAlone) {
  Ruled r(Enforcement::Exit);
  r.policy().rules.vendors.deny = {};
  r.policy().rules.requireExitReady = true;
  EXPECT_FALSE(r.visit().order);
  EXPECT_EQ(r.policy().status.violationsTotal, 1);
}

TEST(PolicyStatus, GrantsTheGracePeriodOnlyOnce) {
  Ruled r(Enforcement::Exit);
  r.visit();
  r.order.emplace().spec.target.policies = {"no-nvidia"};
  r.now += 20 * 24h;
  EXPECT_FALSE(r.visit().order) << "there is one";
  r.order.reset();
  EXPECT_EQ(r.visit().order->deadline, testTime + 30 * 24h) << "deleting it bought no time";
  r.pods.clear();
  r.visit();
  r.run("h200", "n1");
  r.now += 20 * 24h;
  EXPECT_EQ(r.visit().order->deadline, testTime + 30 * 24h) << "nor did stopping meanwhile";
}

TEST(PolicyStatus, PostponesItsOrderWhenTheGracePeriodGrows) {
  Ruled r(Enforcement::Exit);
  r.order.emplace().spec = *r.visit().order;
  r.policy().exitGracePeriod = 20 * 24h;
  EXPECT_FALSE(r.visit().postponed) << "no order gets an earlier deadline";
  r.policy().exitGracePeriod = 40 * 24h;
  const auto before = r.policy().status;
  EXPECT_EQ(r.visit().postponed, testTime + 40 * 24h);
  r.policy().status = before;
  EXPECT_EQ(r.visit().postponed, testTime + 40 * 24h) << "a crash between the two writes";
  r.order->spec.deadline = testTime + 40 * 24h;
  EXPECT_FALSE(r.visit().postponed);
}

TEST(PolicyStatus, PostponesNoOrderThatSomebodyWantsDoneEarlier) {
  const auto postponed = [](const std::function<void(api::ExitOrder&)>& change) {
    Ruled r(Enforcement::Exit);
    r.order.emplace().spec = *r.visit().order;
    change(*r.order);
    r.policy().exitGracePeriod = 40 * 24h;
    return r.visit().postponed;
  };
  EXPECT_TRUE(postponed([](auto&) {}));
  EXPECT_FALSE(postponed([](auto& o) { o.spec.deadline -= 24h; }));
  EXPECT_FALSE(postponed([](auto& o) { o.spec.deadline += 20 * 24h; }));
  EXPECT_FALSE(postponed([](auto& o) { o.spec.target.policies = {"another"}; }));
  EXPECT_FALSE(postponed([](auto& o) { o.status.phase = api::ExitPhase::Verified; }));
  EXPECT_FALSE(postponed([](auto& o) { o.meta.deleted = testTime; }));
}

TEST(PolicyStatus, OrdersNoExitOfWhatDoesNotRunOrWithoutThatEnforcement) {
  Ruled r(Enforcement::Exit);
  r.pods.clear();
  EXPECT_FALSE(r.visit().status.exit);
  for (const auto enforcement : {Enforcement::Deny, Enforcement::Warn}) {
    Ruled other(enforcement);
    EXPECT_FALSE(other.visit().status.exit);
    EXPECT_FALSE(other.visit().order);
  }
  Ruled leaving(Enforcement::Exit);
  leaving.policy().meta.deleted = testTime;
  EXPECT_FALSE(leaving.visit().order);
}

TEST(PolicyStatus, AdoptsNoOrderThatIsSomebodyElses) {
  Ruled r(Enforcement::Exit);
  r.order.emplace().spec.target.vendors = {"amd"};
  EXPECT_EQ(r.ready().status, "False");
  EXPECT_EQ(r.ready().reason, "NameTaken");
  EXPECT_FALSE(r.visit().order);
}

TEST(PolicyStatus, KeepsItsViolationsWhileNothingCanBePlanned) {
  Ruled r(Enforcement::Deny);
  r.visit();
  const auto decision = plan::decide({r.policy(), nullptr, testCatalog(), nullptr, r.now});
  EXPECT_EQ(decision.status.violationsTotal, 1);
}

}  // namespace
}  // namespace bailiwick::testing
