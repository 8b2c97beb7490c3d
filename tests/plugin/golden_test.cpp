// All samples in every region of e2e/regions, without a cluster: as expectations.yaml says, which is
// what the e2e cases hold real operators to, and as written in golden/, which people read.
// BAILIWICK_WRITE_GOLDEN=1 writes golden/ anew.

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "plugin/run.hpp"

namespace bailiwick::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::vector<std::string> planArguments(const std::string& region) {
  return {"plan", "-f", "e2e/samples/passports", "-f", "e2e/samples/deployments", "-f",
          "e2e/samples/refused", "--offline", "e2e/regions/" + region + ".yaml"};
}

std::vector<std::string> regionNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(source("e2e/regions"))) {
    names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Golden : public ::testing::TestWithParam<std::string> {
 protected:
  Golden() { std::filesystem::current_path(BAILIWICK_SOURCE); }
};

TEST_P(Golden, SaysTheSameAsBefore) {
  const auto ran = runPlugin(planArguments(GetParam()));
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.code, 1);  // no region can have all of them
  const auto path = source("tests/plugin/golden/" + GetParam() + ".txt");
  if (std::getenv("BAILIWICK_WRITE_GOLDEN")) std::ofstream(path) << ran.out;
  EXPECT_EQ(ran.out, readFile(path));
  std::istringstream in(ran.out);
  for (std::string line; std::getline(in, line);) EXPECT_LE(plugin::widthOf(line), 80u) << line;
}

const json& find(const json& deployments, const std::string& name) {
  for (const auto& d : deployments) {
    if (d["name"] == name) return d;
  }
  static const json none;
  return none;
}

void check(const YAML::Node& row, const json& found) {
  json placed = json::object(), expected = json::object();
  for (const auto& v : found["variants"]) {
    if (v["after"] != 0) placed[v["name"].get<std::string>()] = v["after"];
    const auto refused = row["refused"];
    const auto name = v["name"].get<std::string>();
    if (refused && refused[name]) {
      EXPECT_EQ(v["reason"], refused[name].as<std::string>());
    }
  }
  for (const auto& entry : row["placed"]) {
    expected[entry.first.as<std::string>()] = entry.second.as<int>();
  }
  EXPECT_EQ(placed, expected);
  if (row["reason"]) {
    EXPECT_EQ(found["placed"]["reason"], row["reason"].as<std::string>());
  }
  if (row["message"]) {
    EXPECT_THAT(found["placed"]["message"].get<std::string>(),
                HasSubstr(row["message"].as<std::string>()));
  }
}

TEST_P(Golden, PlacesTheSamplesAsTheyAreExpectedOfAnOperator) {
  auto arguments = planArguments(GetParam());
  arguments.insert(arguments.end(), {"-o", "json"});
  const auto report = json::parse(runPlugin(arguments).out);
  const auto rows = YAML::LoadFile(source("e2e/samples/expectations.yaml"))["expectations"];
  for (const auto& row : rows) {
    if (row["region"].as<std::string>() != GetParam()) continue;
    const auto file = row["sample"].as<std::string>();
    SCOPED_TRACE(file);
    const auto sample = YAML::LoadFile(source("e2e/samples/" + file));
    const auto& found =
        find(report["regions"][0]["deployments"], sample["metadata"]["name"].as<std::string>());
    ASSERT_FALSE(found.is_null());
    check(row, found);
  }
}

INSTANTIATE_TEST_SUITE_P(Regions, Golden, ::testing::ValuesIn(regionNames()),
                         [](const auto& region) { return region.param; });

}  // namespace
}  // namespace bailiwick::testing
