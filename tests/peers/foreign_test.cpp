// What a peer shows is held to our CRDs before anything is made of it.
#include "peers/foreign.hpp"

#include <gmock/gmock.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>

namespace bailiwick::peers {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

template <class Decode>
std::string problem(Decode decode, const json& object) {
  simdjson::dom::parser parser;
  const auto text = object.dump();
  const auto decoded = decode(parser.parse(text).value());
  return decoded ? "" : decoded.error().message;
}

json deployment() {
  return {{"metadata", {{"name", "assistant"}, {"namespace", "team"}, {"uid", "u-1"}}},
          {"spec",
           {{"servedName", "assistant"},
            {"placement", {{"jurisdictions", {"EU"}}}},
            {"variants", {{{"name", "h200"}, {"passport", "p"}}}}}},
          {"status",
           {{"regions",
             {{{"name", "zrh"},
               {"self", true},
               {"offer", {{{"variant", "h200"}, {"replicas", 3}, {"message", "m"}}}},
               {"share", {{{"variant", "h200"}, {"replicas", 3}}}}}}}}}};
}

std::string ofDeployment(const std::string& at, const json& value) {
  auto object = deployment();
  object[json::json_pointer(at)] = value;
  return problem(decodeForeignDeployment, object);
}

std::string ofRegion(const std::string& at, const json& value) {
  json object = {{"metadata", {{"name", "zrh"}}},
                 {"spec", {{"provider", "p"}, {"location", "l"}, {"jurisdiction", "CH"}}}};
  object[json::json_pointer(at)] = value;
  return problem(decodeForeignRegion, object);
}

std::string text(int length) { return std::string(static_cast<std::size_t>(length), 'x'); }

json many(int count, const json& one) {
  auto list = json::array();
  for (int i = 0; i < count; ++i) list.push_back(one);
  return list;
}

TEST(Foreign, WhatOurCrdAllowsIsRead) {
  EXPECT_EQ(problem(decodeForeignDeployment, deployment()), "");
  EXPECT_EQ(ofDeployment("/status/regions/0/offer/0/message", text(256)), "");
  EXPECT_EQ(ofDeployment("/status/regions/0/offer", many(16, json::object())), "");
}

TEST(Foreign, AnOfferThatOurOwnStatusCouldNotRepeatIsRefused) {
  EXPECT_EQ(ofDeployment("/status/regions/0/offer/0/message", text(257)),
            "ModelDeployment assistant: status.regions[0].offer[0].message: has 257 characters, at "
            "most 256 are allowed");
  EXPECT_THAT(ofDeployment("/status/regions/0/offer", many(17, json::object())),
              HasSubstr("offer: has 17 entries"));
  EXPECT_THAT(ofDeployment("/status/regions/0/offer/0/pools", many(65, "pool")), HasSubstr("65"));
  EXPECT_THAT(ofDeployment("/status/regions/0/specHash", text(65)), HasSubstr("specHash"));
  EXPECT_THAT(ofDeployment("/status/regions/0/health", "Splendid"), HasSubstr("must be Live or"));
  EXPECT_THAT(ofDeployment("/status/regions", many(129, json::object())), HasSubstr("129"));
}

// 100,000 units of a thousandth each.
TEST(Foreign, NoShareIsBeyondEveryNumberOfReplicas) {
  for (const auto* list : {"offer", "share", "ready"}) {
    const auto at = std::string("/status/regions/0/") + list;
    EXPECT_EQ(ofDeployment(at, many(1, {{"variant", "h200"}, {"replicas", 100'000'000}})), "");
    EXPECT_THAT(ofDeployment(at, many(1, {{"variant", "h200"}, {"replicas", 2147483647}})),
                HasSubstr("must be at most 100000000"));
    EXPECT_NE(ofDeployment(at, many(1, {{"variant", "h200"}, {"replicas", -1}})), "");
  }
}

TEST(Foreign, NamesAndUidsThatOurObjectsCouldNotCarryAreRefused) {
  EXPECT_THAT(ofDeployment("/metadata/namespace", text(64)), HasSubstr("metadata.namespace"));
  EXPECT_THAT(ofDeployment("/metadata/name", text(41)), HasSubstr("metadata.name"));
  EXPECT_THAT(ofDeployment("/metadata/uid", text(65)), HasSubstr("metadata.uid"));
  EXPECT_THAT(ofDeployment("/metadata/uid", "a\nb"), HasSubstr("metadata.uid"));
  EXPECT_THAT(ofDeployment("/metadata/namespace", ""), HasSubstr("metadata.namespace"))
      << "one without would be taken for an object of another kind";
}

TEST(Foreign, AShortTextNeverBecomesMuch) {
  EXPECT_NE(ofDeployment("/spec/variants", many(17, json::object())), "");
  EXPECT_NE(ofDeployment("/status/conditions", many(17, json::object())), "");
  EXPECT_NE(ofRegion("/status/tombstones", many(1001, json::object())), "");
  EXPECT_NE(ofRegion("/status/evidenceHeads", many(257, json::object())), "");
  EXPECT_NE(ofRegion("/status/imports", many(101, json::object())), "");
  EXPECT_NE(ofRegion("/spec/prices", many(129, json::object())), "");
  const json order = {{"metadata", {{"name", "leave"}, {"finalizers", many(65, "f")}}},
                      {"spec", json::object()}};
  EXPECT_THAT(problem(decodeForeignOrder, order), HasSubstr("metadata.finalizers"));
}

TEST(Foreign, TwoListsOfOneNameAreNotAddedUp) {
  simdjson::dom::parser parser;
  const std::string object =
      R"({"metadata":{"name":"a","namespace":"n"},"spec":{},"status":{"regions":[{"name":"zrh"}],"regions":[{"name":"fra"}]}})";
  const auto decoded = decodeForeignDeployment(parser.parse(object).value());
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().message, HasSubstr("status.regions: is there twice"));
}

TEST(Foreign, ARegionsOwnWordsAreHeldToTheirLengths) {
  EXPECT_EQ(ofRegion("/status/clusterUID", text(64)), "");
  EXPECT_THAT(ofRegion("/status/clusterUID", text(65)), HasSubstr("status.clusterUID"));
  EXPECT_THAT(ofRegion("/status/tombstones", many(1, {{"uid", text(65)}})),
              HasSubstr("status.tombstones[0].uid"));
}

}  // namespace
}  // namespace bailiwick::peers
