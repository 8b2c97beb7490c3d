#include "manifest/schema.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "manifest/documents.hpp"

namespace bailiwick::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char crd[] = R"(
spec:
  scope: Namespaced
  names: {kind: Thing}
  versions:
  - name: v1
    storage: true
    schema:
      openAPIV3Schema:
        properties:
          spec:
            type: object
            required: [name]
            properties:
              name: {type: string, maxLength: 5, pattern: "^[a-z]+$"}
              count: {type: integer, minimum: 1, maximum: 9, default: 3}
              mode: {type: string, enum: [Hold, Stop], default: Hold}
              places: {type: array, maxItems: 2, nullable: true, x-kubernetes-list-type: set, items: {type: string}}
              size: {x-kubernetes-int-or-string: true}
              labels: {type: object, maxProperties: 1, additionalProperties: {type: string}}
              limits:
                type: object
                default: {most: 7}
                properties: {most: {type: integer, default: 7}, least: {type: integer}}
              rows:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items: {type: object, properties: {name: {type: string}}}
)";

class SchemaTest : public ::testing::Test {
 protected:
  // The problems as "line path: message".
  std::vector<std::string> apply(std::string_view text) {
    value_ = readDocuments(text).roots.at(0);
    std::vector<std::string> all;
    for (const auto& p : schema_.apply(value_, 1)) {
      all.push_back(std::to_string(p.line) + " " + p.path + ": " + p.message);
    }
    return all;
  }
  Schema schema_ = Schema::parse(crd).value();
  Value value_;
};

TEST_F(SchemaTest, FillsDefaultsAtEveryDepth) {
  EXPECT_THAT(apply("{name: a}"), IsEmpty());
  EXPECT_EQ(toJson(value_), nlohmann::json({{"name", "a"}, {"count", 3}, {"mode", "Hold"}, {"limits", {{"most", 7}}}}));
  EXPECT_THAT(apply("{name: a, limits: {least: 1}, count: null}"), IsEmpty());
  EXPECT_EQ(toJson(value_)["limits"], nlohmann::json({{"least", 1}, {"most", 7}}));
  EXPECT_EQ(toJson(value_)["count"], 3);
}

TEST_F(SchemaTest, AnUnknownFieldNamesTheOneThatIsMeant) {
  EXPECT_THAT(apply("name: a\nlimits:\n  mots: 1\n"),
              ElementsAre("3 spec.limits.mots: is no field; most is meant?"));
  EXPECT_THAT(apply("{name: a, limits: {zebra: 1}}"),
              ElementsAre(HasSubstr("there are most, least")));
}

TEST_F(SchemaTest, AWrongTypeSaysWhatYamlMadeOfIt) {
  EXPECT_THAT(apply("{name: a, places: [DE, NO]}"),
              ElementsAre("1 spec.places[1]: must be a text, is a boolean: YAML reads an unquoted "
                          "NO so; write \"NO\""));
  EXPECT_THAT(apply("{name: a, labels: []}"),
              ElementsAre("1 spec.labels: must be a map, is a list"));
  EXPECT_THAT(apply("{name: a, count: 2.5}"),
              ElementsAre("1 spec.count: must be an integer, is a number"));
  EXPECT_THAT(apply("{name: a, count: 2.0}"), IsEmpty());
}

TEST_F(SchemaTest, EveryBoundIsKept) {
  EXPECT_THAT(apply("{name: abcdef}"), ElementsAre(HasSubstr("has 6 characters, at most 5")));
  EXPECT_THAT(apply("{name: A}"), ElementsAre(HasSubstr("must match ^[a-z]+$")));
  EXPECT_THAT(apply("{name: a, count: 10}"), ElementsAre(HasSubstr("between 1 and 9")));
  EXPECT_THAT(apply("{name: a, mode: Go}"), ElementsAre(HasSubstr("must be Hold or Stop")));
  EXPECT_THAT(apply("{name: a, places: [A, B, C]}"), ElementsAre(HasSubstr("at most 2")));
  EXPECT_THAT(apply("{name: a, places: [A, A]}"), ElementsAre(HasSubstr("listed twice")));
  EXPECT_THAT(apply("{name: a, labels: {x: a, z: b}}"), ElementsAre(HasSubstr("at most 1")));
  EXPECT_THAT(apply("{name: a, rows: [{name: q}, {name: q}]}"), ElementsAre(HasSubstr("same name")));
  EXPECT_THAT(apply("{}"), ElementsAre("1 spec.name: is required"));
}

TEST_F(SchemaTest, ANullIsStoredOnlyWhereTheSchemaSaysSo) {
  EXPECT_THAT(apply("{name: a, places: null}"), IsEmpty());
  EXPECT_THAT(apply("{name: null}"), ElementsAre(HasSubstr("is null")));
}

TEST_F(SchemaTest, AnIntegerOrATextIsEither) {
  EXPECT_THAT(apply("{name: a, size: 8}"), IsEmpty());
  EXPECT_THAT(apply("{name: a, size: 8Gi}"), IsEmpty());
  EXPECT_THAT(apply("{name: a, size: yes}"), ElementsAre(HasSubstr("is a boolean")));
}

TEST(BuiltinSchemas, AreTheFiveKinds) {
  EXPECT_EQ(builtinSchemas().size(), 5u);
  for (const auto* kind : {"ModelDeployment", "ModelPassport", "SovereigntyPolicy", "Region", "ExitOrder"}) {
    ASSERT_NE(builtinSchema(kind), nullptr) << kind;
    EXPECT_EQ(builtinSchema(kind)->namespaced(), std::string(kind) == "ModelDeployment");
  }
}

}  // namespace
}  // namespace bailiwick::manifest
