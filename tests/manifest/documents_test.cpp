#include "manifest/documents.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace bailiwick::manifest {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

json one(std::string_view text) {
  const auto documents = readDocuments(text);
  for (const auto& problem : documents.problems) ADD_FAILURE() << problem.path << problem.message;
  return documents.roots.size() == 1 ? toJson(documents.roots.front()) : json("not one document");
}

Problem onlyProblem(std::string_view text) {
  const auto documents = readDocuments(text);
  EXPECT_THAT(documents.problems, SizeIs(1));
  return documents.problems.empty() ? Problem{} : documents.problems.front();
}

TEST(Documents, AnUnquotedNorwayIsFalseAsItIsToKubectl) {
  EXPECT_EQ(one("[NO, no, n, off, False, \"NO\", 'no', YES, y, On, null, ~]"),
            json({false, false, false, false, false, "NO", "no", true, true, true, nullptr, nullptr}));
}

TEST(Documents, NumbersAreThoseOfYaml11) {
  EXPECT_EQ(one("[017, 0o17, 0x1F, 0b11, 1_000, -3, +4, 08, 1.5, .5, 1e3, 1.0]"),
            json({15, 15, 31, 3, 1000, -3, 4, 8.0, 1.5, 0.5, 1000.0, 1.0}));
}

TEST(Documents, WhatOnlyBeginsLikeANumberIsText) {
  EXPECT_EQ(one("[2026-12-31T00:00:00Z, 2025-01-17, 10m, 140Gi, 1:30, -, 1.2.3, 0x, 1e, noon]"),
            json({"2026-12-31T00:00:00Z", "2025-01-17", "10m", "140Gi", "1:30", "-", "1.2.3", "0x",
                  "1e", "noon"}));
}

TEST(Documents, ATagSaysWhatAScalarIs) {
  EXPECT_EQ(one("{a: !!str 12, b: !!str NO, c: !!int 7}"), json({{"a", "12"}, {"b", "NO"}, {"c", 7}}));
  EXPECT_THAT(onlyProblem("a: !secret x").message, HasSubstr("!secret"));
}

TEST(Documents, KeysBecomeTextAsKubectlWritesThem) {
  EXPECT_EQ(one("{y: 1, 8: 2}"), json({{"true", 1}, {"8", 2}}));
}

TEST(Documents, SeveralDocumentsAreTakenApartAndEmptyOnesLeftOut) {
  const auto documents = readDocuments("# first\n---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n");
  EXPECT_THAT(documents.problems, IsEmpty());
  ASSERT_THAT(documents.roots, SizeIs(2));
  EXPECT_EQ(toJson(documents.roots[1]), json({{"b", 2}}));
  EXPECT_EQ(documents.roots[1].find("b")->line, 8);
}

TEST(Documents, AKeyGivenTwiceIsAProblemInYamlAndInJson) {
  const auto yaml = onlyProblem("spec:\n  a: 1\n  b: 2\n  a: 3\n");
  EXPECT_EQ(yaml.path, "spec.a");
  EXPECT_EQ(yaml.line, 4);
  EXPECT_THAT(yaml.message, HasSubstr("line 2"));
  const auto text = onlyProblem("{\"spec\": {\n\"a\": 1,\n\"a\": 2}}");
  EXPECT_EQ(text.path, "spec.a");
  EXPECT_EQ(text.line, 3);
}

TEST(Documents, AliasesAndMergeKeysAreWrittenOut) {
  EXPECT_EQ(one("base: &b {x: 1, y2: 2}\nuse: *b\nmore:\n  x: 0\n  <<: *b\n  y2: 3\n"),
            json({{"base", {{"x", 1}, {"y2", 2}}},
                  {"use", {{"x", 1}, {"y2", 2}}},
                  {"more", {{"x", 1}, {"y2", 3}}}}));
  EXPECT_EQ(one("a: &a {k: 1}\nb: &b {k: 2, l: 3}\nc: {<<: [*a, *b]}\nd: {<<: {m: 4}}"),
            json({{"a", {{"k", 1}}},
                  {"b", {{"k", 2}, {"l", 3}}},
                  {"c", {{"k", 1}, {"l", 3}}},
                  {"d", {{"m", 4}}}}));
}

TEST(Documents, AnAliasThatContainsItselfIsAProblem) {
  EXPECT_THAT(onlyProblem("a: &a [*a]").message, HasSubstr("contains it"));
}

TEST(Documents, AliasesThatMultiplyAreStopped) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto n = std::to_string(i), before = std::to_string(i - 1);
    text += "a" + n + ": &a" + n + " [";
    for (int k = 0; k < 10; ++k) text += (k ? ", *a" : "*a") + before;
    text += "]\n";
  }
  EXPECT_THAT(onlyProblem(text).message, HasSubstr("too many values"));
}

TEST(Documents, DeepNestingIsStopped) {
  EXPECT_THAT(onlyProblem(std::string(300, '[') + std::string(300, ']')).message, HasSubstr("nested too deeply"));
  EXPECT_THAT(onlyProblem("{\"a\":" + std::string(5000, '[')).message,
              HasSubstr("nested too deeply"));
}

TEST(Documents, JsonKeepsItsLinesAndItsEscapes) {
  const auto documents = readDocuments("{\n\t\"a\": \"\\ud83d\\ude00\",\n\t\"b\": [\n1]}");
  ASSERT_THAT(documents.roots, SizeIs(1));
  EXPECT_EQ(documents.roots[0].find("a")->text, "\xF0\x9F\x98\x80");
  EXPECT_EQ(documents.roots[0].find("b")->line, 3);
}

TEST(Documents, FlowYamlThatIsNoJsonIsReadAsYaml) {
  EXPECT_EQ(one("{a: NO}"), json({{"a", false}}));
}

TEST(Documents, BrokenYamlIsAProblemWithItsLine) {
  const auto problem = onlyProblem("a: 1\nb: [1, 2\nc: 3\n");
  EXPECT_GE(problem.line, 2);
  EXPECT_THAT(problem.message, HasSubstr("no valid YAML"));
}

}  // namespace
}  // namespace bailiwick::manifest
