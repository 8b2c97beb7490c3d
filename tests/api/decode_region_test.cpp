#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/decode.hpp"
#include "api/objects.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

Region decode(const json& object) {
  return testing::decodeJson(object, decodeRegion).value();
}

TEST(DecodeRegion, ReadsEveryField) {
  const Region region = decode(testing::fullRegion());
  ASSERT_EQ(region.decodeError, "");
  EXPECT_EQ(region.provider, "aws");
  EXPECT_EQ(region.location, "eu-central-1");
  EXPECT_EQ(region.jurisdiction, "DE");
  EXPECT_EQ(region.weightsStorageClass, "fast");
  EXPECT_THAT(region.egressWeightSources, ElementsAre("192.0.2.0/24"));
  EXPECT_EQ(region.prices[0].perDeviceHour, 2100);
  EXPECT_EQ(region.certificates[0].name, "SecNumCloud");
  EXPECT_EQ(region.access->credentialSecret.name, "peer-fra");
  EXPECT_EQ(region.gateway->serverName, "fra.bailiwick");
  EXPECT_EQ(region.status.tombstones[0].name, "old");
  EXPECT_EQ(region.status.evidenceHeads,
            (std::vector<EvidenceHead>{
                {"exit-nvidia", "sha256:cc", 41, {"zrh"}, "dd", {{40, {"ee"}}}, {{"zrh", "aa", "bb"}}}}));
  EXPECT_TRUE(region.cordoned);
  EXPECT_EQ(region.status.clusterUID, "c-1");
  EXPECT_EQ(region.status.pools[0].devicesFree, 8);
  EXPECT_FALSE(region.status.pools[0].eligible);
}

TEST(DecodeRegion, KeepsNothingOfASpecItCannotRead) {
  json object = testing::fullRegion();
  object["spec"]["prices"][0]["perDeviceHour"] = 2.1;
  const Region region = decode(object);
  EXPECT_EQ(region.decodeError, "spec.prices[0].perDeviceHour: must be a string, is a number");
  EXPECT_EQ(region.jurisdiction, "");
  EXPECT_EQ(region.status.clusterUID, "c-1");
}

}  // namespace
}  // namespace bailiwick::api
