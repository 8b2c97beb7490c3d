#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/decode.hpp"
#include "api/encode.hpp"
#include "api/objects.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ExitOrder decode(const json& object) {
  return testing::decodeJson(object, decodeExitOrder).value();
}

TEST(DecodeExitOrder, ReadsEveryField) {
  const ExitOrder order = decode(testing::fullExitOrder());
  ASSERT_EQ(order.decodeError, "");
  const auto& target = order.spec.target;
  for (const auto* list :
       {&target.origins, &target.publishers, &target.passports, &target.licences, &target.vendors,
        &target.products, &target.engines, &target.providers, &target.regions,
        &target.jurisdictions, &target.policies}) {
    EXPECT_EQ(list->size(), 1U);
  }
  EXPECT_THAT(target.policies, ElementsAre("eu-personal-data"));
  EXPECT_EQ(order.spec.reason, "supplier contract ends");
  EXPECT_EQ(formatTime(order.spec.deadline), "2026-12-31T00:00:00Z");
  EXPECT_EQ(order.spec.onDeadline, OnDeadline::Stop);
  EXPECT_EQ(order.spec.mode, ExitMode::Immediate);
  EXPECT_FALSE(order.spec.purgeWeights);
  EXPECT_FALSE(order.spec.purgeCredentials);
  EXPECT_TRUE(order.spec.drill);
  EXPECT_TRUE(order.spec.paused);
}

TEST(DecodeExitOrder, HasTheDefaultsOfTheCrd) {
  const ExitOrder order =
      decode({{"metadata", {{"name", "x"}}},
              {"spec",
               {{"target", {{"vendors", {"nvidia"}}}},
                {"reason", "r"},
                {"deadline", "2026-12-31T00:00:00Z"}}}});
  ASSERT_EQ(order.decodeError, "");
  EXPECT_EQ(order.spec.onDeadline, OnDeadline::Hold);
  EXPECT_EQ(order.spec.mode, ExitMode::MakeBeforeBreak);
  EXPECT_TRUE(order.spec.purgeWeights);
  EXPECT_FALSE(order.spec.drill);
}

TEST(DecodeExitOrder, ReadsItsOwnStatusBackAsItWasWritten) {
  const json object = testing::fullExitOrder();
  EXPECT_EQ(toJson(decode(object).status), object["status"]);
}

TEST(DecodeExitOrder, RefusesTargetsThatItDoesNotKnowOrThatNameNothing) {
  json object = testing::fullExitOrder();
  object["spec"]["target"]["currencies"] = json::array({"EUR"});
  EXPECT_THAT(decode(object).decodeError, HasSubstr("spec.target.currencies: is not known"));
  EXPECT_TRUE(decode(object).spec.target.vendors.empty()) << "half of a target is none";
  object["spec"]["target"] = {{"vendors", json::array()}};
  EXPECT_THAT(decode(object).decodeError, HasSubstr("must name at least one thing"));
}

}  // namespace
}  // namespace bailiwick::api
