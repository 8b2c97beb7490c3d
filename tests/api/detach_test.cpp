#include "api/detach.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/labels.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;

ObjectMeta version(const std::string& version) {
  ObjectMeta meta;
  meta.resourceVersion = version;
  return meta;
}

TEST(Detachment, TakesTheMarksAwayAndOurOwnershipOfFields) {
  const json entry = {{"manager", "kustomize-controller"}, {"operation", "Apply"}, {"fieldsV1", {{"f:spec", {}}}}};
  const json ours = {{"manager", names::fieldManager}, {"operation", "Apply"}};
  auto status = ours;
  status["subresource"] = "status";
  const json object = {{"metadata", {{"managedFields", {ours, entry, status}}}}};
  const auto patch = json::parse(detachment(object.dump(), version("7")).value())["metadata"];
  EXPECT_EQ(patch["managedFields"], json({entry, status}));
  EXPECT_EQ(patch["resourceVersion"], "7") << "another version was not looked at";
  EXPECT_TRUE(patch["labels"].contains(names::originRegionLabel));
  EXPECT_TRUE(patch["labels"][names::originRegionLabel].is_null());
  EXPECT_TRUE(patch["annotations"][names::originLost].is_null());
}

TEST(Detachment, OfWhatOnlyWeOwnLeavesNobody) {
  const json ours = {{"manager", names::fieldManager}, {"operation", "Apply"}};
  const auto fieldsOf = [](const json& fields) {
    const json object = {{"metadata", {{"managedFields", fields}}}};
    return json::parse(detachment(object.dump(), version("7")).value())["metadata"].value("managedFields", json());
  };
  EXPECT_EQ(fieldsOf(json::array()), json());
  EXPECT_EQ(fieldsOf(json::array({ours})), json::array({json::object()}));
  const auto strange = json::array({json{{"manager", 3}}, json(5)});
  EXPECT_EQ(fieldsOf(strange), strange);
  for (const auto* text : {"", "[]", "{}", R"({"metadata": 3})", R"({"metadata": {"managedFields": 3}})"}) {
    EXPECT_FALSE(detachment(text, version("7"))) << text;
  }
}

}  // namespace
}  // namespace bailiwick::api
