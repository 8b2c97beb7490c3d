#include "render/yaml.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <yaml-cpp/yaml.h>

namespace bailiwick::render {
namespace {

using Json = nlohmann::ordered_json;

TEST(Yaml, KeepsTheOrderAndPutsOneBackendOnALine) {
  const Json map = {{"servedName", "a"},
                    {"limits", {{"n", 1}}},
                    {"engine", {{"url", "http://x"}, {"health", {{"path", "/h"}}}}},
                    {"list", {"a", "b"}},
                    {"empty", Json::array()},
                    {"backends", Json::array({{{"name", "a"}, {"weight", 1}}})}};
  EXPECT_EQ(toYaml(map),
            "servedName: \"a\"\n"
            "limits: {n: 1}\n"
            "engine:\n"
            "  url: \"http://x\"\n"
            "  health: {path: \"/h\"}\n"
            "list: [\"a\", \"b\"]\n"
            "empty: []\n"
            "backends:\n"
            "- {name: \"a\", weight: 1}\n");
}

TEST(Yaml, KeepsNorwayAString) {
  EXPECT_EQ(toYaml({{"country", "NO"}, {"version", "1.0"}}), "country: \"NO\"\nversion: \"1.0\"\n");
}

RC_GTEST_PROP(Yaml, IsReadBackAsItWas, ()) {
  const auto character = rc::gen::inRange<char>(1, 127);
  const auto text = *rc::gen::container<std::string>(character);
  const YAML::Node read = YAML::Load(toYaml({{"a", {{"b", text}}}, {"c", {text, text}}}));
  RC_ASSERT(read["a"]["b"].as<std::string>() == text);
  RC_ASSERT(read["c"][1].as<std::string>() == text);
}

}  // namespace
}  // namespace bailiwick::render
