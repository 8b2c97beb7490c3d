#include "fleet/import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/hash.hpp"
#include "api/labels.hpp"

namespace bailiwick::fleet {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Act = ImportDecision::Act;
namespace names = api::names;

constexpr api::Time now{1'800'000'000s};

api::ModelDeployment original(const std::string& uid = "o1", int replicas = 2) {
  api::ModelDeployment deployment;
  deployment.meta.key = {"team", "assistant"};
  deployment.meta.uid = uid;
  deployment.spec.servedName = "assistant";
  deployment.spec.replicas = replicas;
  return deployment;
}

api::ModelDeployment copyOf(const api::ModelDeployment& from, const std::string& region = "fra",
                            const std::string& cluster = "c-fra") {
  auto copy = from;
  copy.meta.uid = "copy";
  copy.meta.labels.set(names::originRegionLabel, region);
  copy.meta.labels.set(names::originUidLabel, from.meta.uid);
  copy.meta.labels.set(names::originSpecHashLabel, api::specHash(from.spec));
  copy.meta.annotations.set(names::originCluster, cluster);
  return copy;
}

struct Import : testing::Test {
  ImportWorld world;
  const api::Key name{"team", "assistant"};

  Import() {
    world.region = "zrh";
    world.systemNamespace = "operators";
    world.ns.exists = true;
    world.refuses = [](const api::ModelDeployment&) { return std::nullopt; };
  }
  OriginView& peer(const std::string& region) {
    OriginView origin;
    origin.region = region;
    origin.clusterUid = "c-" + region;
    origin.read = true;
    world.origins.push_back(origin);
    return world.origins.back();
  }
  void has(OriginView& origin, const api::ModelDeployment& deployment) {
    origin.deployment = std::make_shared<const api::ModelDeployment>(deployment);
  }
  void own(const api::ModelDeployment& deployment) {
    world.own = std::make_shared<const api::ModelDeployment>(deployment);
  }
  static api::Tombstone tombstone(const std::string& uid) {
    return {"ModelDeployment", "team", "assistant", uid, now};
  }
  ImportDecision decide() const { return decideImport(name, world); }
  Act act() const { return decide().act; }
};

TEST_F(Import, AnOriginalThatCouldRunHereIsCopied) {
  has(peer("fra"), original());
  const auto decision = decide();
  EXPECT_EQ(decision.act, Act::Create);
  EXPECT_EQ(decision.origin, "fra");
  EXPECT_EQ(decision.originCluster, "c-fra");
}

TEST_F(Import, NothingIsCopiedFromAClusterThatIsNotTheOneMeant) {
  auto& fra = peer("fra");
  has(fra, original());
  fra.stranger = true;
  EXPECT_EQ(act(), Act::None);
  peer("lab").stranger = true;
  has(world.origins.back(), original("o2"));
  world.origins.front().deployment = nullptr;
  own(copyOf(original()));
  EXPECT_EQ(act(), Act::MarkLost) << "nor does it inherit a copy";
}

TEST_F(Import, WhoMayNotBeImportedFromInheritsNoCopy) {
  peer("fra");
  has(peer("lab"), original("o2"));
  own(copyOf(original()));
  EXPECT_EQ(decide().origin, "lab");
  world.refuses = [](const api::ModelDeployment& copy) -> std::optional<ImportRefusal> {
    const auto* region = copy.meta.labels.find(names::originRegionLabel);
    if (region && *region == "lab") return ImportRefusal{"ImportDenied", "not from lab"};
    return std::nullopt;
  };
  EXPECT_EQ(act(), Act::MarkLost);
  world.origins[0].tombstones = {tombstone("o1")};
  EXPECT_EQ(act(), Act::Delete);
}

TEST_F(Import, WhatIsMadeAnewIsFollowedOnlyWhereItMayBeImported) {
  auto& fra = peer("fra");
  has(fra, original("o2"));
  fra.tombstones = {tombstone("o1")};
  own(copyOf(original("o1")));
  EXPECT_EQ(act(), Act::Update);
  world.ns.denied = true;
  EXPECT_EQ(act(), Act::Delete);
}

TEST_F(Import, ACopyIsNeverCopied) {
  has(peer("iad"), copyOf(original()));
  EXPECT_EQ(act(), Act::None);
}

TEST_F(Import, WhatLocalPolicyRefusesIsNotCopiedAndSaysWhy) {
  has(peer("fra"), original());
  world.refuses = [](const api::ModelDeployment& copy) -> std::optional<ImportRefusal> {
    EXPECT_TRUE(copy.meta.labels.has(names::originRegionLabel, "fra")) << "judged as a copy";
    return ImportRefusal{"PolicyDenied", "policy home denies import from region fra"};
  };
  const auto decision = decide();
  EXPECT_EQ(decision.act, Act::Refuse);
  EXPECT_EQ(decision.reason, "PolicyDenied");
}

TEST_F(Import, NothingGoesIntoNamespacesOfTheSystem) {
  for (const auto* ns : {"kube-system", "kube-public", "operators", "bailiwick-system"}) {
    auto deployment = original();
    deployment.meta.key.ns = ns;
    world.origins.clear();
    has(peer("fra"), deployment);
    EXPECT_EQ(decideImport({ns, "assistant"}, world).reason, "NamespaceReserved") << ns;
  }
}

TEST_F(Import, ANamespaceMayRefuseImports) {
  has(peer("fra"), original());
  world.ns.denied = true;
  EXPECT_EQ(decide().reason, "ImportDenied");
}

TEST_F(Import, AMissingNamespaceIsAReasonOrIsMade) {
  has(peer("fra"), original());
  world.ns.exists = false;
  EXPECT_EQ(decide().reason, "NamespaceMissing");
  world.makesNamespaces = true;
  EXPECT_EQ(act(), Act::Create);
  EXPECT_TRUE(decide().makesNamespace);
}

TEST_F(Import, AnOriginalThatIsGoingOrUnreadableIsNotCopied) {
  auto going = original();
  going.meta.deleted = now;
  has(peer("fra"), going);
  EXPECT_EQ(act(), Act::None);
  auto unreadable = original();
  unreadable.decodeError = "spec.replicas: must be a number";
  has(world.origins[0], unreadable);
  EXPECT_EQ(act(), Act::None);
}

TEST_F(Import, ACopyFollowsTheSpecAndTheUidAndNeverGenerationAlone) {
  own(copyOf(original()));
  auto& fra = peer("fra");
  auto later = original();
  later.meta.generation = 7;
  has(fra, later);
  EXPECT_EQ(act(), Act::None);
  has(fra, original("o1", 3));
  EXPECT_EQ(act(), Act::Update);
  has(fra, original("o2"));
  EXPECT_EQ(act(), Act::Update);
}

TEST_F(Import, ACopyThatWasChangedHereIsPutRight) {
  auto changed = copyOf(original());
  changed.spec.replicas = 9;
  own(changed);
  has(peer("fra"), original());
  EXPECT_EQ(act(), Act::Update);
}

TEST_F(Import, LabelsFollowButNoneThatMeansSomethingHere) {
  auto labelled = original();
  labelled.meta.labels.set("team", "a");
  labelled.meta.labels.set("app.kubernetes.io/managed-by", "bailiwick");
  labelled.meta.labels.set("bailiwick.dev/origin-uid", "forged");
  labelled.meta.labels.set("x.bailiwick.dev/y", "forged");
  const auto kept = copiedLabels(labelled);
  EXPECT_TRUE(kept.has("team", "a"));
  EXPECT_EQ(kept.size(), 1u);
  own(copyOf(original()));
  has(peer("fra"), labelled);
  EXPECT_EQ(act(), Act::Update);
}

TEST_F(Import, OnlyATombstoneForItsOriginFromTheSameClusterDeletesACopy) {
  own(copyOf(original()));
  auto& fra = peer("fra");
  EXPECT_EQ(act(), Act::MarkLost) << "an empty list says nothing of a deletion";
  fra.tombstones = {tombstone("another")};
  EXPECT_EQ(act(), Act::MarkLost);
  fra.tombstones = {tombstone("o1")};
  EXPECT_EQ(act(), Act::Delete);
  fra.clusterUid = "rebuilt";
  EXPECT_EQ(act(), Act::MarkLost);
  EXPECT_THAT(decide().message, HasSubstr("adopt"));
}

TEST_F(Import, ATombstoneOfAnotherRegionDeletesNothing) {
  own(copyOf(original()));
  has(peer("fra"), original());
  peer("iad").tombstones = {tombstone("o1")};
  EXPECT_EQ(act(), Act::None);
}

TEST_F(Import, WhileAnOriginIsSilentItsCopiesStayAsTheyAre) {
  own(copyOf(original()));
  auto& fra = peer("fra");
  fra.read = false;
  fra.tombstones = {tombstone("o1")};
  EXPECT_EQ(act(), Act::None);
  world.origins.clear();
  EXPECT_EQ(act(), Act::None) << "nor when its Region object is gone";
}

TEST_F(Import, ALostOriginIsToldOnceAndTakenBackWhenItIsThere) {
  own(copyOf(original()));
  auto& fra = peer("fra");
  auto marked = copyOf(original());
  marked.meta.annotations.set(names::originLost, decide().message);
  own(marked);
  EXPECT_EQ(act(), Act::None);
  has(fra, original());
  EXPECT_EQ(act(), Act::MarkFound);
}

TEST_F(Import, DeletedAndMadeAgainTheCopyGoesOn) {
  own(copyOf(original("o1")));
  auto& fra = peer("fra");
  fra.tombstones = {tombstone("o1")};
  has(fra, original("o2"));
  EXPECT_EQ(act(), Act::Update) << "never deleted and made again here";
}

TEST_F(Import, ACopyPassesToAnotherRegionsOriginOfTheSameSpec) {
  own(copyOf(original("o1")));
  peer("fra").tombstones = {tombstone("o1")};
  has(peer("iad"), original("i1"));
  EXPECT_EQ(act(), Act::Update);
  EXPECT_EQ(decide().origin, "iad");
  has(world.origins[1], original("i1", 9));
  EXPECT_EQ(act(), Act::Delete) << "another spec is another deployment";
}

TEST_F(Import, OfTwoOriginsTheCopyKeepsTheOneThatItHas) {
  has(peer("fra"), original("o1"));
  has(peer("iad"), original("i1", 9));
  EXPECT_EQ(decide().origin, "fra");
  own(copyOf(original("i1", 9), "iad", "c-iad"));
  EXPECT_EQ(act(), Act::None);
}

TEST_F(Import, AnOwnOriginalIsNobodysCopy) {
  own(original("own", 5));
  has(peer("fra"), original());
  EXPECT_EQ(act(), Act::None);
}

TEST_F(Import, WhatGitAppliesHereAsWellBecomesAnOriginal) {
  auto applied = copyOf(original());
  applied.specManager = "argocd-controller";
  own(applied);
  peer("fra").tombstones = {tombstone("o1")};
  EXPECT_EQ(act(), Act::Detach) << "and no tombstone deletes it";
}

TEST_F(Import, WhatWasDeletedHereIsNotImportedAgainUnlessItIsNew) {
  has(peer("fra"), original("o1"));
  world.ownTombstones = tombstonesFor(original("own"), world.origins, now);
  EXPECT_EQ(decide().reason, "DeletedHere");
  EXPECT_EQ(decide().origin, "fra") << "of whom status.imports tells it";
  EXPECT_THAT(decide().message, ::testing::HasSubstr("apply it here to have it here again"));
  has(world.origins[0], original("o2"));
  EXPECT_EQ(act(), Act::Create);
}

TEST_F(Import, WhatWasDeletedHereWhileAPeerWasOutOfReachIsNotImportedLater) {
  has(peer("fra"), original("o1"));
  world.origins[0].read = false;
  world.ownTombstones = tombstonesFor(original("own"), world.origins, now);
  world.origins[0].read = true;
  EXPECT_EQ(decide().reason, "DeletedHere");
}

TEST(Tombstones, AreKeptThirtyDaysAndNoMoreThanAThousand) {
  std::vector<api::Tombstone> known = {{"ModelDeployment", "t", "old", "u-old", now - 31 * 24h},
                                       {"ModelDeployment", "t", "new", "u-new", now - 29 * 24h}};
  auto kept = withTombstones(known, {{"ModelDeployment", "t", "x", "u-x", now}}, {}, now);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].uid, "u-new");
  EXPECT_EQ(withTombstones(kept, {kept[1]}, {}, now), kept) << "each once";
  std::vector<api::Tombstone> many;
  for (int i = 0; i < 1200; ++i) {
    many.push_back({"ModelDeployment", "t", "m", "m" + std::to_string(i), now});
  }
  kept = withTombstones(many, {}, {}, now);
  ASSERT_EQ(kept.size(), 1000u);
  EXPECT_EQ(kept.front().uid, "m200");
}

TEST(Tombstones, OfWhatAPeerStillHasStayAndThoseOfNowAreTold) {
  std::vector<api::Tombstone> known = {{"ModelDeployment", "t", "old", "u-old", now - 31 * 24h}};
  EXPECT_EQ(withTombstones(known, {}, {"u-old"}, now).size(), 1u) << "it would be imported again";
  std::set<std::string> all = {"u-old"};
  for (int i = 0; i < 999; ++i) {
    known.push_back({"ModelDeployment", "t", "m", "m" + std::to_string(i), now});
    all.insert(known.back().uid);
  }
  const std::vector<api::Tombstone> added = {{"ModelDeployment", "t", "x", "u-x", now},
                                             {"ModelDeployment", "t", "y", "u-y", now}};
  auto kept = withTombstones(known, added, {"u-old", "m3"}, now);
  ASSERT_EQ(kept.size(), 1000u);
  EXPECT_EQ(kept[0].uid, "u-old");
  EXPECT_EQ(kept[1].uid, "m2");
  EXPECT_EQ(kept.back().uid, "u-y");
  kept = withTombstones(known, added, all, now);
  ASSERT_EQ(kept.size(), 1000u);
  EXPECT_EQ(kept[0].uid, "m1") << "whoever shows all of them pins none";
  EXPECT_EQ(kept.back().uid, "u-y");
}

}  // namespace
}  // namespace bailiwick::fleet
