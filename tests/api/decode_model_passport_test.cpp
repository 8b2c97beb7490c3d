#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/decode.hpp"
#include "api/encode.hpp"
#include "api/objects.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::SizeIs;

ModelPassport decode(const json& object) {
  return testing::decodeJson(object, decodeModelPassport).value();
}

TEST(DecodeModelPassport, ReadsEveryField) {
  const ModelPassport passport = decode(testing::fullModelPassport());
  ASSERT_EQ(passport.decodeError, "");
  EXPECT_EQ(passport.publisher.name, "DeepSeek");
  EXPECT_EQ(passport.publisher.parent->name, "High-Flyer");
  EXPECT_EQ(passport.family, "deepseek-v3");
  EXPECT_EQ(passport.licence, "MIT");
  ASSERT_NE(passport.artifact("fp8"), nullptr);
  EXPECT_EQ(passport.artifact("fp8")->sourceType, SourceType::HuggingFace);
  EXPECT_EQ(passport.artifact("fp8")->signature->type, "OMS");
  EXPECT_EQ(passport.artifact("fp8")->verifiedOn[0].vendor, "nvidia");
  EXPECT_EQ(passport.artifact("bf16"), nullptr);
  EXPECT_EQ(passport.endpoints[0].residencyClasses[0], "eu-personal");
  ASSERT_THAT(passport.derivedFrom, SizeIs(2));
  EXPECT_EQ(passport.derivedFrom[1].publisher.country, "CN");
  EXPECT_EQ(passport.derivedFrom[1].publisher.parent->country, "SG");
  EXPECT_TRUE(passport.evidence[0].expiresAt);
  EXPECT_EQ(passport.evidence[0].issuer, "lab");
}

TEST(DecodeModelPassport, ReadsItsOwnStatusBackAsItWasWritten) {
  json object = testing::fullModelPassport();
  const ModelPassport passport = decode(object);
  EXPECT_EQ(passport.status.usedBy, 3);
  EXPECT_TRUE(passport.status.nextExpiry);
  EXPECT_EQ(toJson(passport.status), object["status"]);
  object["spec"] = json::object();
  EXPECT_EQ(decode(object).status, passport.status) << "a bad spec does not lose it";
}

TEST(DecodeModelPassport, TakesAnUnreadableStatusForNone) {
  json object = testing::fullModelPassport();
  object["status"]["usedBy"] = "three";
  EXPECT_EQ(decode(object).status, ModelPassportStatus{});
  EXPECT_EQ(decode(object).decodeError, "");
}

TEST(DecodeModelPassport, KeepsTheObjectWhenItsSpecIsBad) {
  json object = testing::fullModelPassport();
  object["spec"]["artifacts"][0]["source"]["type"] = "FTP";
  const ModelPassport passport = decode(object);
  EXPECT_THAT(passport.decodeError, HasSubstr("spec.artifacts[0].source.type: must be OCI"));
  EXPECT_EQ(passport.meta.key.name, "deepseek-v3-2");
  EXPECT_EQ(passport.originCountry, "") << "half of an identity must not be judged";
}

TEST(DecodeModelPassport, RefusesAnAncestorThatSaysNothing) {
  json object = testing::fullModelPassport();
  object["spec"]["derivedFrom"][0] = json::object();
  EXPECT_THAT(decode(object).decodeError, HasSubstr("spec.derivedFrom[0]: must name a passport"));
}

}  // namespace
}  // namespace bailiwick::api
