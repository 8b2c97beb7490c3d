#include "manifest/bounds.hpp"

#include <gmock/gmock.h>
#include <simdjson.h>

namespace bailiwick::manifest {
namespace {

using ::testing::HasSubstr;

constexpr char crd[] = R"(
spec:
  scope: Namespaced
  names: {kind: Thing}
  versions:
  - name: v1
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          metadata: {type: object, properties: {name: {type: string, maxLength: 9}}}
          spec:
            type: object
            properties:
              name: {type: string, maxLength: 5}
              count: {type: integer, minimum: 1, maximum: 9}
              mode: {type: string, enum: [Hold, Stop]}
              places: {type: array, maxItems: 2, items: {type: string, maxLength: 3}}
              labels: {type: object, maxProperties: 2, additionalProperties: {type: string, maxLength: 2}}
              size: {x-kubernetes-int-or-string: true}
          status:
            type: object
            properties:
              rows: {type: array, maxItems: 2, items: {type: object, properties: {on: {type: boolean}}}}
)";

std::string problem(const std::string& json) {
  static const auto bounds = Bounds::parse(crd).value();
  simdjson::dom::parser parser;
  const auto checked = bounds.check(parser.parse(json).value());
  return checked ? "" : checked.error().message;
}

std::string ofSpec(const std::string& spec) {
  return problem(R"({"metadata":{"name":"one","namespace":"team"},"spec":)" + spec + "}");
}
std::string ofMeta(const std::string& meta) { return problem(R"({"metadata":)" + meta + "}"); }

TEST(Bounds, LetPassWhatKeepsWithinThem) {
  EXPECT_EQ(problem(R"({"kind":"Thing","metadata":{"name":"one.two-3","namespace":"team","uid":"a-B1",
                        "labels":{"a/b":"c"},"finalizers":["x/y"]},
                        "spec":{"name":"fünf5","count":9,"mode":"Stop","places":["zrh","fra"],
                                "labels":{"a":"b"},"size":"4Gi"},
                        "status":{"rows":[{"on":true},{}]}})"),
            "");
}

TEST(Bounds, NameTheObjectThePathAndTheBound) {
  EXPECT_EQ(ofSpec(R"({"places":["zrh","frankfurt"]})"),
            "Thing one: spec.places[1]: has 9 characters, at most 3 are allowed");
}

TEST(Bounds, HoldLengthsCountsRangesAndWords) {
  EXPECT_THAT(ofSpec(R"({"name":"123456"})"), HasSubstr("spec.name: has 6 characters"));
  EXPECT_THAT(ofSpec(R"({"count":10})"), HasSubstr("spec.count: is 10, must be at most 9"));
  EXPECT_THAT(ofSpec(R"({"count":0})"), HasSubstr("at least 1"));
  EXPECT_THAT(ofSpec(R"({"mode":"Go"})"), HasSubstr("is Go, must be Hold or Stop"));
  EXPECT_THAT(ofSpec(R"({"places":["a","b","c"]})"), HasSubstr("has 3 entries, at most 2"));
  EXPECT_THAT(ofSpec(R"({"labels":{"a":"1","b":"2","c":"3"}})"), HasSubstr("more than 2 entries"));
  EXPECT_THAT(ofSpec(R"({"labels":{"a":"123"}})"), HasSubstr("spec.labels.a: has 3 characters"));
}

TEST(Bounds, HoldTheStatusToo) {
  EXPECT_THAT(problem(R"({"metadata":{"name":"one"},"status":{"rows":[{},{},{}]}})"),
              HasSubstr("status.rows: has 3 entries"));
}

TEST(Bounds, RefuseWhatIsOfAnotherType) {
  EXPECT_THAT(ofSpec(R"({"name":5})"), HasSubstr("must be a text"));
  EXPECT_THAT(ofSpec(R"({"count":"5"})"), HasSubstr("must be an integer"));
  EXPECT_THAT(ofSpec(R"({"count":18446744073709551615})"), HasSubstr("must be an integer"));
  EXPECT_THAT(ofSpec(R"({"places":{}})"), HasSubstr("must be a list"));
  EXPECT_THAT(ofSpec("[]"), HasSubstr("must be an object"));
  EXPECT_EQ(ofSpec(R"({"places":null})"), "") << "what a null means is the decoder's to say";
}

TEST(Bounds, RefuseAFieldThatIsThereTwiceForADecoderMayAddThemUp) {
  EXPECT_THAT(ofSpec(R"({"places":["a","b"],"places":["c"]})"), HasSubstr("places: is there twice"));
}

TEST(Bounds, PassOverWhatOnlyALaterVersionKnows) {
  EXPECT_EQ(ofSpec(R"({"later":"more than five"})"), "");
}

TEST(Bounds, HoldNamesAndUidsAsKubernetesDoes) {
  const auto repeat = [](int n) { return std::string(n, 'a'); };
  EXPECT_THAT(ofMeta(R"({"name":"0123456789"})"), HasSubstr("metadata.name: has 10 characters"))
      << "the CRD's own bound";
  for (const auto* name : {"A", "-a", "a-", "a..b", ".a", "a.", "a-.b", "a.-b", "a/b", "a b", ""}) {
    EXPECT_NE(ofMeta(R"({"namespace":"n","name":")" + std::string(name) + R"("})"), "") << name;
  }
  EXPECT_THAT(ofMeta(R"({"name":"a","namespace":")" + repeat(64) + R"("})"),
              HasSubstr("metadata.namespace: has 64 characters"));
  EXPECT_NE(ofMeta(R"({"name":"a","namespace":"a.b"})"), "");
  EXPECT_THAT(ofMeta(R"({"name":"a"})"), HasSubstr("metadata.namespace"));
  EXPECT_EQ(ofMeta(R"({"namespace":"n","name":"a","uid":")" + repeat(64) + R"("})"), "");
  EXPECT_NE(ofMeta(R"({"namespace":"n","name":"a","uid":")" + repeat(65) + R"("})"), "");
  EXPECT_NE(ofMeta(R"({"namespace":"n","name":"a","uid":"a/b"})"), "");
}

TEST(Bounds, AreThoseOfEachOfOurKinds) {
  for (const auto* kind : {"ModelDeployment", "ModelPassport", "Region", "SovereigntyPolicy", "ExitOrder"}) {
    EXPECT_EQ(builtinBounds(kind).kind(), kind);
  }
  simdjson::dom::parser parser;
  auto region = parser.parse(std::string(R"({"metadata":{"name":"zrh","namespace":"a"}})"));
  EXPECT_FALSE(builtinBounds("Region").check(region.value())) << "it is in no namespace";
}

}  // namespace
}  // namespace bailiwick::manifest
