#include "peers/countersign.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_THAT(withWitnesses({head(5, 'b')}, witnesses), ElementsAre(head(5, 'b', {"zrh"})));
  EXPECT_THAT(withWitnesses({head(5, 'b', {"gya"})}, witnesses),
              ElementsAre(head(5, 'b', {"gya", "zrh"})));
}

}  // namespace
}  // namespace bailiwick::peers
