#include "plan/passport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "api/labels.hpp"
#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Passports and deployments; of the passport "p" the tests ask.
struct Registry {
  std::map<std::string, api::ModelPassport, std::less<>> passports;
  std::vector<std::shared_ptr<const api::ModelDeployment>> deployments;
  api::Time now = testTime;

  Registry() { passport("p"); }

  api::ModelPassport& passport(const std::string& name, std::vector<std::string> ancestors = {}) {
    auto made = makePassport(name).obj();
    made.meta.generation = 3;
    for (auto& ancestor : ancestors) made.derivedFrom.push_back({std::move(ancestor), "", {}});
    return passports[name] = std::move(made);
  }
  api::ModelPassport& p() { return passports.at("p"); }
  Registry& use(const std::string& name, const std::vector<std::string>& of) {
    auto deployment = makeDeployment(name, "team");
    for (const auto& passport : of) {
      deployment.variant(makeVariant("v-" + passport).passport(passport, "fp8"));
    }
    deployments.push_back(std::make_shared<const api::ModelDeployment>(deployment.obj()));
    return *this;
  }
  Registry& unreadable(const std::string& name) {
    auto deployment = makeDeployment(name, "team").obj();
    deployment.decodeError = "spec: is required";
    deployments.push_back(std::make_shared<const api::ModelDeployment>(std::move(deployment)));
    return *this;
  }
  Registry& evidence(const std::string& type, const std::string& result,
                     std::optional<api::Time> expiresAt) {
    p().evidence.push_back({type, result, now - 24h, expiresAt});
    return *this;
  }

  plan::FindPassport finder() const {
    return [this](std::string_view name) -> std::shared_ptr<const api::ModelPassport> {
      const auto found = passports.find(name);
      if (found == passports.end()) return nullptr;
      return std::make_shared<const api::ModelPassport>(found->second);
    };
  }
  plan::PassportDecision decide() const {
    const auto find = finder();
    return plan::decide({passports.at("p"), deployments, find, now});
  }
  // Decides as often as it takes to be no more the first visit; the passport then has the status.
  api::Condition valid() {
    for (int visit = 0; visit < 2; ++visit) p().status = decide().status;
    return p().status.conditions.front();
  }
  std::string verdict() {
    const auto condition = valid();
    return condition.status + " " + condition.reason;
  }
};

TEST(Passport, IsUsedByDeploymentsOnceEachAndByLineage) {
  struct {
    const char* sentence;
    std::vector<std::vector<std::string>> deployments;
    std::map<std::string, std::vector<std::string>> lineage;
    int usedBy;
  } cases[] = {
      {"nobody refers to it", {{"other"}}, {}, 0},
      {"two deployments refer to it", {{"p"}, {"other"}, {"p"}}, {}, 2},
      {"two variants of one deployment count once", {{"p", "p"}}, {}, 1},
      {"a variant of several refers to it", {{"other", "p"}}, {}, 1},
      {"a used passport descends from it", {{"child"}}, {{"child", {"p"}}}, 1},
      {"over two generations", {{"grandchild"}},
       {{"grandchild", {"child"}}, {"child", {"x", "p"}}}, 1},
      {"directly and by lineage is once", {{"p", "child"}}, {{"child", {"p"}}}, 1},
      {"an unused passport descends from it", {{"other"}}, {{"child", {"p"}}}, 0},
      {"it descends from a used one", {{"parent"}}, {{"p", {"parent"}}}, 0},
      {"a lineage in a circle", {{"a"}}, {{"a", {"b"}}, {"b", {"a", "p"}}}, 1},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.sentence);
    Registry r;
    for (const auto& [name, ancestors] : c.lineage) r.passport(name, ancestors);
    int number = 0;
    for (const auto& passports : c.deployments) r.use("m" + std::to_string(number++), passports);
    EXPECT_EQ(r.decide().status.usedBy, c.usedBy);
    EXPECT_EQ(r.decide().finalizers.size(), c.usedBy > 0 ? 1u : 0u);
  }
}

TEST(Passport, CarriesOurFinalizerWhileItIsUsed) {
  const std::string ours = api::names::inUseFinalizer;
  using Finalizers = std::vector<std::string>;
  struct {
    const char* sentence;
    bool used, unreadable, deleted;
    Finalizers before, after;
  } cases[] = {
      {"used: it is added", true, false, false, {}, {ours}},
      {"used: others keep theirs", true, false, false, {"a/b"}, {"a/b", ours}},
      {"used and there: nothing changes", true, false, false, {ours, "a/b"}, {ours, "a/b"}},
      {"used and deleted: it stays", true, false, true, {ours}, {ours}},
      {"used and deleted without it: too late to add", true, false, true, {"a/b"}, {"a/b"}},
      {"not used: none", false, false, false, {}, {}},
      {"the last use is gone: it goes, others stay", false, false, false, {"a/b", ours, "c/d"},
       {"a/b", "c/d"}},
      {"the last use is gone and deleted: it goes", false, false, true, {ours}, {}},
      {"something unreadable might use it: it stays", false, true, true, {ours}, {ours}},
      {"something unreadable is no reason to add it", false, true, false, {}, {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.sentence);
    Registry r;
    if (c.used) r.use("m", {"p"});
    if (c.unreadable) r.unreadable("broken");
    if (c.deleted) r.p().meta.deleted = r.now;
    r.p().meta.finalizers = c.before;
    EXPECT_EQ(r.decide().finalizers, c.after);
  }
}

TEST(Passport, IsHeldWhileTheLineageOfAUsedOneCannotBeRead) {
  Registry r;
  r.passport("child").decodeError = "spec.openness: must be a string, is a number";
  r.use("m", {"child"});
  r.p().meta.finalizers = {api::names::inUseFinalizer};
  EXPECT_THAT(r.decide().finalizers, ElementsAre(api::names::inUseFinalizer));
}

TEST(Passport, IsValidUntilEvidenceThatPassedHasExpired) {
  using Expiry = std::optional<api::Time>;
  struct {
    const char* sentence;
    std::vector<std::pair<std::string, Expiry>> evidence;  // result, expiry
    std::string verdict;
    Expiry next;
  } cases[] = {
      {"no evidence", {}, "True Valid", {}},
      {"evidence without an end", {{"Pass", {}}}, "True Valid", {}},
      {"current", {{"Pass", testTime + 1s}}, "True Valid", testTime + 1s},
      {"the earliest comes next", {{"Pass", testTime + 2h}, {"Pass", testTime + 1h}}, "True Valid",
       testTime + 1h},
      {"expired", {{"Pass", testTime - 1s}}, "False PassportExpired", {}},
      {"expiring now", {{"Pass", testTime}}, "False PassportExpired", {}},
      {"one of two", {{"Pass", testTime + 1h}, {"Pass", testTime - 1h}}, "False PassportExpired",
       testTime + 1h},
      {"a failure never counted", {{"Fail", testTime - 1h}, {"Fail", testTime + 1h}}, "True Valid",
       {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.sentence);
    Registry r;
    for (const auto& [result, expiry] : c.evidence) r.evidence("RedTeam", result, expiry);
    EXPECT_EQ(r.verdict(), c.verdict);
    EXPECT_EQ(r.decide().status.nextExpiry, c.next);
    EXPECT_EQ(r.decide().wakeAt, c.next);
  }
}

TEST(Passport, ShowsTheNextExpiryToTheSecondAndWakesExactlyThen) {
  Registry r;
  r.evidence("RedTeam", "Pass", testTime + 1500ms);
  EXPECT_EQ(r.decide().status.nextExpiry, testTime + 1s);
  EXPECT_EQ(r.decide().wakeAt, testTime + 1500ms);
}

TEST(Passport, NamesTheEvidenceThatExpiredAndWhen) {
  Registry r;
  r.evidence("RedTeam", "Pass", testTime - 1h).evidence("DPIA", "Pass", testTime - 2h);
  EXPECT_EQ(r.valid().message,
            "evidence RedTeam expired at 2026-11-23T09:00:00Z, DPIA expired at "
            "2026-11-23T08:00:00Z: renew it, or remove it from spec.evidence");
}

TEST(Passport, IsUnknownOnTheFirstVisitAndFlipsItsTimeOnlyWithItsStatus) {
  Registry r;
  r.evidence("RedTeam", "Pass", testTime + 1h);
  const auto first = r.decide().status.conditions.front();
  EXPECT_EQ(first.status, "Unknown");
  EXPECT_FALSE(first.type.empty() || first.reason.empty() || first.message.empty());
  EXPECT_EQ(r.valid().since, testTime);
  r.now += 10min;
  EXPECT_EQ(r.valid().since, testTime);
  r.now += 1h;
  EXPECT_EQ(r.valid().since, r.now);
  EXPECT_EQ(r.valid().observedGeneration, 3);
}

TEST(Passport, SaysWhoKeepsItWhileItIsBeingDeleted) {
  Registry r;
  r.p().meta.deleted = r.now;
  r.p().meta.finalizers = {api::names::inUseFinalizer};
  r.use("b", {"p"}).use("a", {"p"});
  EXPECT_EQ(r.verdict(), "True InUse");
  EXPECT_THAT(r.valid().message,
              HasSubstr("it is being deleted and stays, because ModelDeployments use it (team/a, "
                        "team/b): what runs stays, nothing new is placed"));
  r.use("c", {"p"}).use("d", {"p"}).use("e", {"p"});
  EXPECT_THAT(r.valid().message, HasSubstr("(team/a, team/b, team/c, 2 more)"));
  r.evidence("RedTeam", "Pass", testTime - 1h);
  EXPECT_EQ(r.verdict(), "False PassportExpired");
  EXPECT_THAT(r.valid().message, HasSubstr("it is being deleted"));
  r.deployments.clear();
  r.unreadable("broken");
  EXPECT_THAT(r.valid().message, HasSubstr("ModelDeployment team/broken cannot be read"));
}

TEST(Passport, SaysNothingOfADeletionThatItDoesNotHinder) {
  Registry r;
  r.p().meta.deleted = r.now;
  r.p().meta.finalizers = {"a/b"};
  r.use("m", {"p"});
  EXPECT_THAT(r.valid().message, Not(HasSubstr("deleted")));
}

TEST(Passport, ThatCannotBeReadIsNotValidAndStillHeld) {
  Registry r;
  r.p().decodeError = "spec.openness: must be a string, is a number";
  r.use("m", {"p"});
  EXPECT_EQ(r.verdict(), "False InvalidSpec");
  EXPECT_THAT(r.valid().message, HasSubstr("spec.openness"));
  EXPECT_THAT(r.decide().finalizers, ElementsAre(api::names::inUseFinalizer));
}

TEST(Passport, LineageIsThePassportItselfAndEveryAncestor) {
  Registry r;
  r.passport("p", {"a", "absent"});
  r.passport("a", {"b", "p"});
  EXPECT_THAT(plan::lineageOf(r.p(), r.finder()), ElementsAre("a", "absent", "b", "p"));
}

TEST(Passport, OfADeploymentThatCannotBeReadNoneAreKnown) {
  Registry r;
  r.unreadable("broken");
  EXPECT_THAT(plan::passportsOf(*r.deployments.front(), r.finder()), IsEmpty());
}

}  // namespace
}  // namespace bailiwick::testing
