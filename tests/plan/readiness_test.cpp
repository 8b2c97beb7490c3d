#include "plan/readiness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/exit_ready.hpp"
#include "plan/fixture.hpp"
#include "plan/ready_planner.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;
using plan::DependencyKind;
using plan::Verdict;

// A cluster whose plan has its answers; memory of earlier ones is kept.
struct Asked : Cluster {
  plan::Readiness readiness;
  std::deque<api::ExitOrder> drills;
  plan::Plan last;

  const plan::Plan& ask() {
    const auto asItIs = world();
    last = plan::placeAll(asItIs);
    readiness.update(asItIs, last);
    std::vector<const api::ExitOrder*> ended;
    for (const auto& drill : drills) ended.push_back(&drill);
    plan::tellDrills(last, ended, testCatalog());
    return last;
  }
  plan::Answer answer(DependencyKind kind, const std::string& value,
                      const std::string& deployment = "assistant") {
    ask();
    for (const auto& a : of(last, deployment).dependencies) {
      if (a.dependency.kind == kind && a.dependency.value == value) return a;
    }
    ADD_FAILURE() << deployment << " does not depend on " << value;
    return {};
  }
  Verdict verdict(DependencyKind kind, const std::string& value,
                  const std::string& deployment = "assistant") {
    return answer(kind, value, deployment).verdict;
  }
  plan::ExitReady condition() {
    ask();
    return plan::exitReadyOf(of(last), now);
  }
  void passport(const PassportBuilder& passport) { passports.push_back(passport.obj()); }
  api::ExitOrder& drill(api::Time end) {
    auto& order = drills.emplace_back();
    order.spec.drill = true;
    order.status.phase = api::ExitPhase::Verified;
    order.status.phases = {{api::ExitPhase::Announced, end - 1s},
                           {api::ExitPhase::Verified, end}};
    return order;
  }
};

// One replica on an H200 node, and an MI300X node with free devices.
Asked twoVendors() {
  Asked a;
  a.add(h200Node("n1")).add(mi300xNode("m1"));
  a.add(assistant().variant(h200()).variant(mi300x()));
  a.run("h200", "n1");
  return a;
}

TEST(Readiness, KnowsEverythingThatWhatRunsDependsOn) {
  auto a = twoVendors();
  std::vector<std::string> names;
  for (const auto& answer : of(a.ask()).dependencies) {
    names.push_back(plan::toString(answer.dependency));
  }
  EXPECT_THAT(names, ::testing::ElementsAre(
                         "origin CN", "publisher DeepSeek", "licence MIT", "vendor nvidia",
                         "product NVIDIA-H200", "engine vllm", "provider aws", "region fra",
                         "jurisdiction DE"));
}

TEST(Readiness, NamesTheVariantThatWouldTakeOver) {
  auto a = twoVendors();
  const auto answer = a.answer(DependencyKind::Vendor, "nvidia");
  EXPECT_EQ(answer.verdict, Verdict::Ready);
  EXPECT_EQ(answer.alternative, "mi300x@fra");
}

TEST(Readiness, HasNoAlternativeWhereEveryVariantDependsOnIt) {
  auto a = twoVendors();
  for (const auto& [kind, value] : {std::pair{DependencyKind::Origin, "CN"},
                                    std::pair{DependencyKind::Engine, "vllm"},
                                    std::pair{DependencyKind::Region, "fra"}}) {
    EXPECT_EQ(a.verdict(kind, value), Verdict::NoAlternative) << value;
  }
}

TEST(Readiness, HasNoCapacityWhereTheLawfulAlternativeIsFull) {
  auto a = twoVendors();
  a.node("m1").allocatable.set("amd.com/gpu", "4");
  const auto answer = a.answer(DependencyKind::Vendor, "nvidia");
  EXPECT_EQ(answer.verdict, Verdict::NoCapacity);
  EXPECT_THAT(answer.message, HasSubstr("variant mi300x"));
  EXPECT_TRUE(answer.alternative.empty());
}

TEST(Readiness, IsNotLegalWhereTheOthersMayNotRunHere) {
  auto a = twoVendors();
  a.deployment().spec.variants[1].passport = "unknown";
  const auto answer = a.answer(DependencyKind::Vendor, "nvidia");
  EXPECT_EQ(answer.verdict, Verdict::NotLegal);
  EXPECT_THAT(answer.message, HasSubstr("passport unknown"));
}

TEST(Readiness, PlacesAllThatDependOnItTogether) {
  Asked a;
  a.add(h200Node("n1")).add(h200Node("n2")).add(mi300xNode("m1"));
  a.add(assistant("first").variant(h200()).variant(mi300x()).priority(1));
  a.add(assistant("second").variant(h200()).variant(mi300x()));
  a.run("h200", "n1", "first");
  a.run("h200", "n2", "second");
  EXPECT_EQ(a.verdict(DependencyKind::Vendor, "nvidia", "first"), Verdict::Ready);
  const auto second = a.answer(DependencyKind::Vendor, "nvidia", "second");
  EXPECT_EQ(second.verdict, Verdict::NoCapacity) << "alone it would find room";
  EXPECT_THAT(second.message, HasSubstr("variant mi300x"));
}

TEST(Readiness, CountsNoDevicesThatOnlyTheExitWouldFree) {
  Asked a;
  a.passport(makePassport("french").origin("FR").publisher("Mistral", "FR").artifact(
      "bf16", api::SourceType::OCI, "oci://r.example/f"));
  a.add(h200Node("n1"));
  a.add(assistant().variant(h200()).variant(h200("other").passport("french", "bf16")));
  a.run("h200", "n1");
  EXPECT_EQ(a.verdict(DependencyKind::Origin, "CN"), Verdict::NoCapacity)
      << "its replacement comes first";
  a.add(h200Node("n2"));
  EXPECT_EQ(a.verdict(DependencyKind::Origin, "CN"), Verdict::Ready);
  EXPECT_EQ(a.verdict(DependencyKind::Vendor, "nvidia"), Verdict::NoAlternative);
}

TEST(Readiness, CountsTheLineage) {
  Asked a;
  a.passport(makePassport("tuned").origin("FR").publisher("Tuner", "FR").artifact(
      "bf16", api::SourceType::OCI, "oci://r.example/t").with([](auto& passport) {
    passport.derivedFrom.push_back({"open", "", {}});
  }));
  a.add(h200Node("n1")).add(h200Node("n2"));
  a.add(assistant().variant(h200()).variant(h200("tuned").passport("tuned", "bf16")));
  a.run("h200", "n1");
  EXPECT_EQ(a.verdict(DependencyKind::Origin, "CN"), Verdict::NoAlternative)
      << "what is derived from it is no way out";
}

TEST(Readiness, DoesNotTrustAModelOfWhichAnAncestorIsUnknown) {
  Asked a;
  a.passport(makePassport("tuned").origin("FR").publisher("Tuner", "FR").artifact(
      "bf16", api::SourceType::OCI, "oci://r.example/t").with([](auto& passport) {
    passport.derivedFrom.push_back({"lost", "", {}});
  }));
  a.add(h200Node("n1")).add(h200Node("n2"));
  a.add(assistant().variant(h200()).variant(h200("tuned").passport("tuned", "bf16")));
  a.run("h200", "n1");
  EXPECT_EQ(a.verdict(DependencyKind::Publisher, "DeepSeek"), Verdict::NoAlternative);
}

TEST(Readiness, ReplacesAProductByAnotherOfTheSameVariant) {
  Asked a;
  a.add(h200Node("n1")).add(h200Node("n2").label("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3"));
  a.add(assistant().variant(makeVariant("any").passport("open", "fp8").on("nvidia", {}, 8)));
  a.run("any", "n1");
  const auto answer = a.answer(DependencyKind::Product, "NVIDIA-H200");
  EXPECT_EQ(answer.verdict, Verdict::Ready);
  EXPECT_EQ(answer.alternative, "any@fra");
  EXPECT_EQ(a.verdict(DependencyKind::Vendor, "nvidia"), Verdict::NoAlternative);
}

TEST(Readiness, DoesNotBlameADependencyForUnitsThatAreMissingAnyway) {
  auto a = twoVendors();
  a.deployment().spec.replicas = 5;
  a.add(mi300xNode("m2"));
  // Two on MI300X, one on H200: two units have no place with or without nvidia.
  a.run("mi300x", "m1");
  a.add(mi300xNode("m3"));
  a.run("mi300x", "m2");
  a.deployment().spec.placement.maxPerRegion = 3;
  EXPECT_EQ(a.verdict(DependencyKind::Vendor, "nvidia"), Verdict::Ready);
}

TEST(Readiness, AsksAgainOnlyWhatMayHaveChanged) {
  auto a = twoVendors();
  a.ask();
  EXPECT_EQ(a.readiness.recomputed(), 9);
  a.ask();
  EXPECT_EQ(a.readiness.recomputed(), 0);
  EXPECT_EQ(of(a.last).dependencies.size(), 9u) << "what is taken over is told all the same";
  a.add(mi300xNode("m2"));
  a.ask();
  EXPECT_EQ(a.readiness.recomputed(), 2) << "vendor and product may now be left for other nodes";
}

TEST(Readiness, TakesOverNoAnswerThatNoLongerStands) {
  auto a = twoVendors();
  EXPECT_EQ(a.verdict(DependencyKind::Vendor, "nvidia"), Verdict::Ready);
  a.run("mi300x", "m1", "somebody");
  EXPECT_EQ(a.verdict(DependencyKind::Vendor, "nvidia"), Verdict::NoCapacity);
  a.pods.pop_back();
  EXPECT_EQ(a.verdict(DependencyKind::Vendor, "nvidia"), Verdict::Ready);
  a.node("m1").ready = false;
  EXPECT_EQ(a.verdict(DependencyKind::Vendor, "nvidia"), Verdict::NoCapacity);
}

TEST(ExitReady, IsUnknownWhileNothingRuns) {
  Asked a;
  a.add(assistant().variant(h200()));
  EXPECT_EQ(a.condition().status, "Unknown");
}

TEST(ExitReady, IsFalseAndNamesTheDependency) {
  auto a = twoVendors();
  const auto condition = a.condition();
  EXPECT_EQ(condition.status + " " + condition.reason, "False NoAlternative");
  EXPECT_THAT(condition.message, HasSubstr("origin CN could not be left now"));
}

// As if every dependency had an alternative: another region's part.
plan::ExitReady judged(Asked& a) {
  a.ask();
  auto& deployment = a.last.deployments.begin()->second;
  for (auto& answer : deployment.dependencies) answer.verdict = Verdict::Ready;
  return plan::exitReadyOf(deployment, a.now);
}

TEST(ExitReady, OfACriticalOneNeedsADrillOfEachVendorPublisherAndProvider) {
  auto a = twoVendors();
  EXPECT_EQ(judged(a).status, "True") << "not critical";
  a.deployment().spec.exit.critical = true;
  EXPECT_EQ(judged(a).reason, "NotRehearsed");
  a.drill(a.now - 1h).spec.target.vendors = {"nvidia"};
  a.drill(a.now - 1h).spec.target.publishers = {"DeepSeek"};
  const auto missing = judged(a);
  EXPECT_EQ(missing.reason, "NotRehearsed");
  EXPECT_THAT(missing.message, HasSubstr("kubectl bailiwick drill provider=aws"));
  a.drill(a.now - 2h).spec.target.providers = {"aws"};
  EXPECT_EQ(judged(a).status, "True");
}

TEST(ExitReady, EndsWhenTheOldestDrillIsOlderThanDrillEvery) {
  auto a = twoVendors();
  a.deployment().spec.exit.critical = true;
  a.deployment().spec.exit.drillEvery = std::chrono::hours(24);
  auto& drill = a.drill(a.now - 23h);
  drill.spec.target.vendors = {"nvidia"};
  drill.spec.target.publishers = {"DeepSeek"};
  drill.spec.target.providers = {"aws"};
  EXPECT_EQ(judged(a).until, a.now + 1h);
  a.now += 1h;
  EXPECT_EQ(judged(a).reason, "NotRehearsed");
}

TEST(ExitReady, RemembersADrillWhoseOrderIsGone) {
  auto a = twoVendors();
  const auto ended = a.now - 1h;
  a.drill(ended).spec.target.vendors = {"nvidia"};
  a.deployment().status.exitReadiness = plan::rowsOf(of(a.ask()).dependencies);
  a.drills.clear();
  EXPECT_EQ(a.answer(DependencyKind::Vendor, "nvidia").lastDrill, ended);
}

TEST(ExitReady, CountsNoDrillThatIsUnderWayOrSelectsOthers) {
  auto a = twoVendors();
  auto& running = a.drill(a.now);
  running.spec.target.vendors = {"nvidia"};
  running.status.phase = api::ExitPhase::Announced;
  auto& others = a.drill(a.now);
  others.spec.target.vendors = {"nvidia"};
  others.spec.selector.namespaces = {"elsewhere"};
  EXPECT_FALSE(a.answer(DependencyKind::Vendor, "nvidia").lastDrill);
}

TEST(ReadyPlanner, JudgesThePlannedPlacementWhereAPolicyRequiresAReadyExit) {
  Asked a;
  a.add(h200Node("n1")).add(assistant().variant(h200()));
  a.add(makePolicy("dora").rules([](auto& rules) { rules.requireExitReady = true; }));
  auto world = a.world();
  const auto refused = plan::ReadyPlanner().place(world, {});
  EXPECT_EQ(shareOf(refused, "h200"), 0);
  EXPECT_THAT(refusalOf(refused, "h200"),
              HasSubstr("policy dora requires a ready exit of team/assistant: origin CN could not"));
  a.run("h200", "n1");
  world = a.world();
  EXPECT_EQ(shareOf(plan::ReadyPlanner().place(world, {}), "h200"), 1)
      << "what runs is never stopped for it";
}

TEST(ReadyPlanner, TellsTheLawWhenADrillWas) {
  Asked a;
  a.add(h200Node("n1")).add(assistant().variant(h200()));
  a.deployment().meta.created = a.now - 48h;
  a.add(makePolicy("drills").rules([](auto& rules) { rules.drillMaxAge = std::chrono::hours(24); }));
  auto& drill = a.drill(a.now - 1h);
  drill.spec.target.vendors = {"nvidia"};
  drill.spec.target.publishers = {"DeepSeek"};
  drill.spec.target.providers = {"aws"};
  auto world = a.world();
  EXPECT_EQ(shareOf(plan::ReadyPlanner().place(world, {}), "h200"), 0);
  EXPECT_EQ(shareOf(plan::ReadyPlanner().place(world, {&drill}), "h200"), 1);
}

}  // namespace
}  // namespace bailiwick::testing
