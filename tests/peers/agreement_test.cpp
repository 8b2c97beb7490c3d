#include "peers/agreement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bailiwick::peers {
namespace {

using testing::HasSubstr;

api::Region zrh() {
  api::Region region;
  region.meta.key.name = "zrh";
  region.jurisdiction = "CH";
  region.provider = "on-premises";
  region.access = api::Access{"https://zrh.example:6443", "", {"bailiwick-system", "peer-zrh"}};
  return region;
}

Witness seenBy(const std::string& peer, const api::Region& region) {
  return {peer, std::make_shared<const api::Region>(region)};
}

TEST(Agreement, HoldsWhereEveryClusterHasTheSameObject) {
  auto elsewhere = zrh();
  elsewhere.access.reset();  // each may reach it by another way, and itself by none
  EXPECT_EQ(agreementOn(zrh(), "u1", {seenBy("iad", elsewhere)}).status, "True");
}

TEST(Agreement, SaysWhereAndInWhatAnObjectDiffers) {
  auto other = zrh();
  other.jurisdiction = "DE";
  const auto finding = agreementOn(zrh(), "", {seenBy("fra", zrh()), seenBy("iad", other)});
  EXPECT_EQ(finding.status, "False");
  EXPECT_EQ(finding.reason, "SpecDiverged");
  EXPECT_THAT(finding.message, HasSubstr("jurisdiction is CH here and DE in the cluster of iad"));
}

TEST(Agreement, SaysWhenTwoClustersHaveOneName) {
  auto other = zrh();
  other.status.clusterUID = "u2";
  const auto finding = agreementOn(zrh(), "u1", {seenBy("iad", other)});
  EXPECT_EQ(finding.reason, "NameConflict");
  EXPECT_THAT(finding.message, HasSubstr("two clusters are called zrh: u1 here, and u2 as iad"));
}

TEST(Agreement, TwoClustersOfOneNameAreToldBeforeWhatElseDiffers) {
  auto other = zrh(), third = zrh();
  other.jurisdiction = "DE";
  third.status.clusterUID = "u2";
  EXPECT_EQ(agreementOn(zrh(), "u1", {seenBy("fra", other), seenBy("iad", third)}).reason,
            "NameConflict");
}

TEST(Agreement, APeerThatWasNotReadIsNoDissent) {
  EXPECT_EQ(agreementOn(zrh(), "u1", {{"iad", nullptr}}).status, "Unknown");
  EXPECT_EQ(agreementOn(zrh(), "u1", {{"iad", nullptr}, seenBy("fra", zrh())}).status, "True");
}

TEST(Agreement, SaysWhoDoesNotHaveTheObject) {
  const auto finding = agreementOn(zrh(), "u1", {seenBy("fra", zrh()), {"iad", nullptr, true}});
  EXPECT_EQ(finding.reason, "SpecDiverged");
  EXPECT_THAT(finding.message, HasSubstr("the cluster of iad has no Region object zrh"));
}

TEST(Agreement, KnowsWhomAnOperatorTakesForItself) {
  auto self = zrh();
  self.status.conditions.push_back({"Reachable", "True", 1, {}, "Self", "this is the region itself"});
  auto other = zrh();
  other.meta.key.name = "fra";
  other.status.conditions.push_back({"Reachable", "True", 1, {}, "Answering", ""});
  EXPECT_EQ(selfOf({std::make_shared<const api::Region>(other)}), "");
  EXPECT_EQ(selfOf({std::make_shared<const api::Region>(other),
                    std::make_shared<const api::Region>(self)}), "zrh");
}

}  // namespace
}  // namespace bailiwick::peers
