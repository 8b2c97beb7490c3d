#include "peers/countersign.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evidence/growth.hpp"
#include "peers/region_status.hpp"

namespace bailiwick::peers {
namespace {

using api::EvidenceHead;
using testing::ElementsAre;
using testing::IsEmpty;

std::string digest(char c) { return "sha256:" + std::string(64, c); }
EvidenceHead head(int records, char c, std::vector<std::string> by = {}) {
  return {"exit-a", digest(c), records, std::move(by)};
}

TEST(Countersigning, WhatAPeerShowsIsRecordedAndSignedWithOnesName) {
  const auto recorded = record({}, {head(3, 'a', {"forged"})}, "zrh");
  EXPECT_THAT(recorded.heads, ElementsAre(head(3, 'a', {"zrh"})));
  EXPECT_THAT(recorded.rewritten, IsEmpty());
}

TEST(Countersigning, AChainThatGrowsIsFollowed) {
  EXPECT_THAT(record({head(3, 'a', {"zrh"})}, {head(5, 'b')}, "zrh").heads,
              ElementsAre(head(5, 'b', {"zrh"})));
}

TEST(Countersigning, ARegionCannotRewriteOrCutItsPast) {
  for (const auto& shown : {head(3, 'b'), head(2, 'a')}) {
    const auto recorded = record({head(3, 'a', {"zrh"})}, {shown}, "zrh");
    EXPECT_THAT(recorded.heads, ElementsAre(head(3, 'a', {"zrh"})));
    EXPECT_THAT(recorded.rewritten, ElementsAre("exit-a"));
  }
  EXPECT_THAT(record({head(3, 'a', {"zrh"})}, {}, "zrh").heads, ElementsAre(head(3, 'a', {"zrh"})))
      << "what it does not show any more is remembered";
}

TEST(Countersigning, WhatIsNoHeadIsNotRecorded) {
  EXPECT_THAT(record({}, {{"exit-a", "sha256:short", 3, {}}, {"", digest('a'), 3, {}},
                          {"exit-a", digest('a'), 0, {}}, {"exit-a", digest('G'), 1, {}}},
                     "zrh").heads,
              IsEmpty());
}

TEST(Countersigning, OnlyWhoHasThisVeryHeadIsItsWitness) {
  api::Region same, older;
  same.status.evidenceHeads = {head(5, 'b', {"zrh"})};
  older.status.evidenceHeads = {head(3, 'a', {"iad"})};
  const std::vector<Witness> witnesses = {{"zrh", std::make_shared<const api::Region>(same)},
                                          {"iad", std::make_shared<const api::Region>(older)},
                                          {"gya", nullptr}};
  EXPECT_THAT(withWitnesses({head(5, 'b')}, "fra", witnesses), ElementsAre(head(5, 'b', {"zrh"})));
  EXPECT_THAT(withWitnesses({head(5, 'b', {"gya"})}, "fra", witnesses),
              ElementsAre(head(5, 'b', {"gya", "zrh"})));
}

// A chain of records as a region of this version publishes it.
struct Chain {
  std::vector<std::string> digests;

  explicit Chain(const std::string& letters) {
    for (const char c : letters) digests.push_back(digest(c));
  }
  EvidenceHead first(std::size_t count, std::vector<int> provenFrom = {}) const {
    const auto seen = std::span(digests).first(count);
    EvidenceHead made{"exit-a", seen.back(), static_cast<int>(count), {}, evidence::rootOf(seen)};
    for (const int from : provenFrom) {
      made.proofs.push_back({from, evidence::growthProof(seen, static_cast<std::size_t>(from))});
    }
    return made;
  }
};

EvidenceHead by(EvidenceHead head, const std::string& region) {
  head.countersigned = {region};
  head.proofs.clear();
  return head;
}

TEST(Countersigning, AChainThatIsShownToGoOnIsFollowed) {
  const Chain chain("abcdef");
  const auto seen = record({}, {chain.first(3)}, "zrh");
  EXPECT_THAT(seen.heads, ElementsAre(by(chain.first(3), "zrh")));
  const auto grown = record(seen.heads, {chain.first(6, {2, 3})}, "zrh");
  EXPECT_THAT(grown.heads, ElementsAre(by(chain.first(6), "zrh")));
  EXPECT_THAT(grown.rewritten, IsEmpty());
  EXPECT_THAT(grown.unproven, IsEmpty());
}

TEST(Countersigning, ALongerChainThatDoesNotGoOnFromWhatWasSeenIsRefused) {
  const Chain chain("abc"), other("axcdef");
  const auto known = record({}, {chain.first(3)}, "zrh").heads;
  const auto forged = record(known, {other.first(6, {3})}, "zrh");
  EXPECT_THAT(forged.heads, ElementsAre(by(chain.first(3), "zrh")));
  EXPECT_THAT(forged.rewritten, ElementsAre("exit-a"));
  auto sameHead = other.first(3);
  sameHead.head = chain.first(3).head;
  EXPECT_THAT(record(known, {sameHead}, "zrh").rewritten, ElementsAre("exit-a"));
}

TEST(Countersigning, WithoutAProofNothingIsCountersignedAndThatIsTold) {
  const Chain chain("abcdef");
  const auto known = record({}, {chain.first(3)}, "zrh").heads;
  auto rootless = chain.first(6, {3});
  rootless.root.clear();
  for (const auto& shown : {chain.first(6), chain.first(6, {2}), rootless}) {
    const auto result = record(known, {shown}, "zrh");
    EXPECT_THAT(result.heads, ElementsAre(by(chain.first(3), "zrh")));
    EXPECT_THAT(result.unproven, ElementsAre("exit-a"));
    EXPECT_THAT(result.rewritten, IsEmpty());
  }
}

TEST(Countersigning, WhatWasRecordedByAnEarlierVersionIsTakenUp) {
  const Chain chain("abcdef");
  auto old = by(chain.first(3), "zrh");
  old.root.clear();
  EXPECT_THAT(record({old}, {chain.first(3)}, "zrh").heads, ElementsAre(by(chain.first(3), "zrh")));
  EXPECT_THAT(record({old}, {chain.first(6)}, "zrh").heads, ElementsAre(by(chain.first(6), "zrh")));
}

TEST(Countersigning, AnOrderThatUsesANameAgainHasAChainOfItsOwn) {
  const Chain earlier("abcdef"), later("ef");
  const auto of = [](EvidenceHead head, const std::string& uid) {
    head.uid = uid;
    return head;
  };
  const auto known = record({}, {of(earlier.first(6), "uid-1")}, "zrh").heads;
  const auto both = record(known, {of(earlier.first(6), "uid-1"), of(later.first(1), "uid-2")}, "zrh");
  EXPECT_THAT(both.rewritten, IsEmpty());
  EXPECT_THAT(both.heads, ElementsAre(of(by(earlier.first(6), "zrh"), "uid-1"),
                                      of(by(later.first(1), "zrh"), "uid-2")));
  const auto cut = record(both.heads, {of(later.first(2, {1}), "uid-2"), of(earlier.first(5), "uid-1")}, "zrh");
  EXPECT_THAT(cut.rewritten, ElementsAre("exit-a"));
  EXPECT_EQ(cut.heads.at(0).records, 6);
  EXPECT_EQ(cut.heads.at(1).records, 2);
}

TEST(Countersigning, WhoLeavesItsUidOutIsHeldToWhatWasRecorded) {
  const Chain chain("abc"), other("axc");
  auto known = by(chain.first(3), "zrh");
  known.uid = "uid-1";
  EXPECT_THAT(record({known}, {other.first(3)}, "zrh").rewritten, ElementsAre("exit-a"));
  EXPECT_THAT(record({known}, {chain.first(3)}, "zrh").heads, ElementsAre(known));
  auto early = by(chain.first(3), "zrh"), shown = chain.first(3);
  shown.uid = "uid-1";
  EXPECT_THAT(record({early}, {shown}, "zrh").heads, ElementsAre(known)) << "it is taken up";
}

TEST(Countersigning, WhatIsShownNoMoreMakesRoom) {
  std::vector<EvidenceHead> known, shown;
  for (int n = 0; n < 256; ++n) {
    shown.push_back(head(1, 'a'));
    shown.back().order = "exit-" + std::to_string(n);
  }
  known = record({}, shown, "zrh").heads;
  ASSERT_EQ(known.size(), 256U);
  EXPECT_EQ(record(known, shown, "zrh").heads, known);
  shown.erase(shown.begin() + 3);
  shown.push_back(head(1, 'b'));
  const auto heads = record(known, shown, "zrh").heads;
  ASSERT_EQ(heads.size(), 256U);
  EXPECT_EQ(heads[3].order, "exit-4");
  EXPECT_EQ(heads.back(), head(1, 'b', {"zrh"}));
}

TEST(Countersigning, OnlyWhoHasSignedThisHeadIsItsWitness) {
  const Chain chain("abc");
  const auto key = *evidence::SigningKey::generate();
  const auto signedBy = [&](const std::string& name, const std::string& statementOfRegion) {
    auto seen = by(chain.first(3), name);
    auto one = unsignedOf(seen, statementOfRegion, name);
    seen.signatures = {{name, key.publicKey().hex(), key.sign(evidence::statementOf(one))}};
    api::Region region;
    region.status.evidenceHeads = {seen};
    return Witness{name, std::make_shared<const api::Region>(region)};
  };
  auto unsignedWitness = signedBy("gya", "fra");
  api::Region silent = *unsignedWitness.region;
  silent.status.evidenceHeads[0].signatures.clear();
  unsignedWitness.region = std::make_shared<const api::Region>(silent);
  const auto own = withWitnesses({chain.first(3)}, "fra",
                                 {signedBy("zrh", "fra"), signedBy("iad", "lab"), unsignedWitness});
  EXPECT_THAT(own[0].countersigned, ElementsAre("zrh"));
  ASSERT_EQ(own[0].signatures.size(), 1U);
  EXPECT_EQ(own[0].signatures[0].region, "zrh");
  EXPECT_EQ(withWitnesses(own, "fra", {}), own) << "it stays one while it cannot be read";
}

TEST(Countersigning, AProofIsWantedForEachThatHasSeenLessAndForNobodyElse) {
  const Chain chain("abcdef");
  const auto at = [&](const std::string& name, std::size_t count) {
    api::Region region;
    region.status.evidenceHeads = {by(chain.first(count), name)};
    return Witness{name, std::make_shared<const api::Region>(region)};
  };
  const auto from = [](const std::vector<EvidenceHead>& own) {
    std::vector<int> all;
    for (const auto& proof : own[0].proofs) all.push_back(proof.from);
    return all;
  };
  EXPECT_THAT(from(withWitnesses({chain.first(6, {4})}, "fra", {at("zrh", 3), at("iad", 3)})),
              ElementsAre(3, 4));
  EXPECT_THAT(from(withWitnesses({chain.first(6, {4})}, "fra", {})), IsEmpty());
}

TEST(Countersigning, AProofStaysForWhoCannotBeRead) {
  const Chain chain("abcdef");
  api::Region done;
  done.status.evidenceHeads = {by(chain.first(6), "iad")};
  const Witness read{"iad", std::make_shared<const api::Region>(done)}, away{"zrh", nullptr};
  const auto own = chain.first(6, {3, 4});
  EXPECT_EQ(withWitnesses({own}, "fra", {away})[0].proofs, own.proofs);
  EXPECT_EQ(withWitnesses({own}, "fra", {read, away})[0].proofs, own.proofs);
  auto unproven = own;
  unproven.proofs.clear();
  EXPECT_THAT(withWitnesses({unproven}, "fra", {away})[0].proofs, IsEmpty());
}

// As many heads as are recorded of a cluster that says so of itself, by who answers there.
std::size_t believed(const std::string& contact, const std::string& reachable) {
  api::Region here, there;
  here.meta.key.name = there.meta.key.name = "zrh";
  there.status.evidenceHeads = {head(3, 'a')};
  if (!reachable.empty()) there.status.conditions = {{"Reachable", "True", 1, {}, reachable, ""}};
  PeerRegion peer;
  peer.self = "fra";
  peer.here = &here;
  peer.there = std::make_shared<const api::Region>(there);
  peer.sight.contact = {contact, ""};
  return statusOf(peer, {}).evidenceHeads.size();
}

TEST(Countersigning, OnlyTheRegionItselfIsBelievedWhatItShows) {
  EXPECT_EQ(believed("", "Self"), 1U);
  for (const auto* other : {"NameConflict", "OtherCluster", "SameCluster"}) {
    EXPECT_EQ(believed(other, "Self"), 0U) << other;
  }
  EXPECT_EQ(believed("", "Answering"), 0U) << "it is another region's peer there";
  EXPECT_EQ(believed("", ""), 0U);
}

}  // namespace
}  // namespace bailiwick::peers
