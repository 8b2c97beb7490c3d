// `plan` and `explain` on small worlds: what they find, and how they say it.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "plugin/run.hpp"

namespace bailiwick::testing {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char region[] = R"(region:
  apiVersion: bailiwick.dev/v1alpha1
  kind: Region
  metadata: {name: fra}
  spec:
    provider: aws
    location: eu-central-1
    jurisdiction: DE
    prices: [{vendor: nvidia, product: NVIDIA-H200, perDeviceHour: "4.00", currency: EUR}]
nodeLabels: {topology.kubernetes.io/region: eu-central-1}
nodePools:
- name: gpu
  count: 2
  labels: {nvidia.com/gpu.product: NVIDIA-H200, nvidia.com/gpu.memory: "143771"}
  capacity: {nvidia.com/gpu: "8"}
)";

constexpr char passport[] = R"(apiVersion: bailiwick.dev/v1alpha1
kind: ModelPassport
metadata: {name: open}
spec:
  publisher: {name: P, country: DE}
  model: {family: f, name: M, version: "1"}
  originCountry: DE
  openness: OpenWeight
  licence: {id: MIT}
  artifacts: [{name: claim, precision: fp8, source: {type: PVC, uri: "pvc://weights/m"}}]
---
)";

std::string deployment(const std::string& name, int replicas, const std::string& more = "") {
  return "apiVersion: bailiwick.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: " + name +
         ", namespace: team}\nspec:\n  servedName: " + name + "\n  replicas: " +
         std::to_string(replicas) + "\n  placement: {jurisdictions: [EU]}\n" + more +
         "  variants:\n"
         "  - name: h200\n    passport: open\n    artifact: claim\n    engine: {name: vllm}\n"
         "    accelerator: {vendor: nvidia, products: [NVIDIA-H200], perReplica: 8}\n"
         "  - name: mi300x\n    passport: open\n    artifact: claim\n    engine: {name: vllm}\n"
         "    accelerator: {vendor: amd, perReplica: 8}\n---\n";
}

class PlanTest : public ::testing::Test {
 protected:
  Ran plan(const std::string& manifests, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"plan", "-f", folder_.write("m.yaml", manifests),
                                       "--offline", folder_.write("fra.yaml", world_)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return runPlugin(arguments, "", width_);
  }
  json planJson(const std::string& manifests) {
    return json::parse(plan(manifests, {"-o", "json"}).out);
  }
  Folder folder_{"plan"};
  std::string world_ = region;
  std::size_t width_ = 200;
};

TEST_F(PlanTest, SaysWhatIsPlacedWhereAndAtWhatCost) {
  const auto ran = plan(std::string(passport) + deployment("assistant", 2));
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, ContainsRegex("team/assistant  new     0 -> 2 of 2  h200 0 -> 2  64.00 EUR"));
  EXPECT_THAT(ran.out, HasSubstr("No findings."));
  EXPECT_THAT(ran.out, HasSubstr("variant mi300x: no node offers amd.com/gpu"));
}

TEST_F(PlanTest, IsAlsoForPrograms) {
  const auto report = planJson(std::string(passport) + deployment("assistant", 2));
  const auto& found = report["regions"][0]["deployments"][0];
  EXPECT_EQ(found["units"], json({{"wanted", "2"}, {"wantedHere", "2"}, {"before", "0"}, {"after", "2"}}));
  EXPECT_EQ(found["variants"][0]["pools"], json({"nvidia-h200"}));
  EXPECT_EQ(found["variants"][1]["reason"], "NoMatchingPool");
  EXPECT_EQ(found["placed"]["reason"], "AllReplicasPlaced");
  EXPECT_EQ(found["costPerHour"]["after"], "64.00 EUR");
  EXPECT_EQ(report["findings"], json::array());
}

TEST_F(PlanTest, WhatHasNoPlaceIsAFindingInTheWordsOfTheCondition) {
  const auto ran = plan(std::string(passport) + deployment("assistant", 3));
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("2 of 3 units have a lawful place"));
  const auto missing = planJson(deployment("assistant", 1));
  ASSERT_EQ(missing["findings"].size(), 1u);
  EXPECT_EQ(missing["findings"][0]["reason"], "PassportMissing");
}

TEST_F(PlanTest, AManifestThatWouldBeRefusedIsAFinding) {
  const auto ran = plan("kind: ModelDeployment\n" + std::string(passport));
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("m.yaml:1"));
  const auto norway = plan(deployment("assistant", 1, "  paused: \"no\"\n"));
  EXPECT_THAT(norway.out, HasSubstr("spec.paused: must be true or false"));
}

// Node n1 runs a replica of "other"; its place is asked for.
std::string taken(int priority) {
  return R"(apiVersion: v1
kind: List
items:
- {apiVersion: bailiwick.dev/v1alpha1, kind: Region, metadata: {name: fra}, spec: {provider: aws, location: eu-central-1, jurisdiction: DE}}
- apiVersion: v1
  kind: Node
  metadata: {name: n1, labels: {topology.kubernetes.io/region: eu-central-1, nvidia.com/gpu.product: NVIDIA-H200}}
  status: {allocatable: {nvidia.com/gpu: "8"}, conditions: [{type: Ready, status: "True"}]}
- apiVersion: bailiwick.dev/v1alpha1
  kind: ModelDeployment
  metadata: {name: other, namespace: team, uid: u1}
  spec:
    servedName: other
    priority: )" + std::to_string(priority) + R"(
    placement: {jurisdictions: [EU]}
    variants: [{name: h200, passport: open, artifact: claim, engine: {name: vllm}, accelerator: {vendor: nvidia, perReplica: 8}}]
)";
}

TEST_F(PlanTest, WhoWouldBeDisplacedIsAFinding) {
  world_ = taken(0) + "---\n" + passport;
  const auto report = planJson(deployment("assistant", 1, "  priority: 5\n"));
  ASSERT_EQ(report["findings"].size(), 1u) << report["findings"];
  EXPECT_EQ(report["findings"][0]["reason"], "Displaced");
  EXPECT_EQ(report["findings"][0]["object"], "ModelDeployment team/other");
  EXPECT_THAT(report["findings"][0]["message"].get<std::string>(),
              HasSubstr("would have 0 instead of 1 units"));
}

TEST_F(PlanTest, ARegionThatMovesAwayLeavesItsDeploymentsUnlawful) {
  world_ = taken(0) + "---\n" + passport;
  const auto report = planJson(
      "apiVersion: bailiwick.dev/v1alpha1\nkind: Region\nmetadata: {name: fra}\n"
      "spec: {provider: aws, location: us-east-1, jurisdiction: US}\n");
  EXPECT_EQ(report["objects"][0]["change"], "changed");
  ASSERT_FALSE(report["findings"].empty());
  EXPECT_EQ(report["findings"][0]["reason"], "Displaced");
}

TEST_F(PlanTest, SeveralRegionsTogetherMaySuffice) {
  auto other = world_;
  other.replace(other.find("name: fra"), 9, "name: ams");
  const auto path = folder_.write("ams.yaml", other);
  EXPECT_EQ(plan(std::string(passport) + deployment("assistant", 4), {path}).code, 0);
  const auto ran = plan(std::string(passport) + deployment("assistant", 5), {path});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("4 of 5 units have a place in 2 regions"));
}

TEST_F(PlanTest, EveryLineFitsTheTerminal) {
  width_ = 80;
  const auto ran = plan(std::string(passport) + deployment("a-rather-long-name-of-a-deployment", 9));
  std::istringstream in(ran.out);
  for (std::string line; std::getline(in, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST_F(PlanTest, ExplainGoesThroughTheVariantsAndTheirPools) {
  const auto manifests = folder_.write("m.yaml", std::string(passport) + deployment("assistant", 1));
  const auto offline = folder_.write("fra.yaml", world_);
  const std::vector<std::string> arguments{"explain", "mdep/assistant", "-n", "team",
                                           "-f", manifests, "--offline", offline};
  const auto ran = runPlugin(arguments);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("1. h200: 1 replica\n"));
  EXPECT_THAT(ran.out, HasSubstr("a replica asks for 8 nvidia.com/gpu on one node"));
  EXPECT_THAT(ran.out, ContainsRegex("nvidia-h200 +2 +8 of 16 +room for 1 more"));
  EXPECT_THAT(ran.out, HasSubstr("2. mi300x: no replica"));
  EXPECT_THAT(ran.out, ContainsRegex("NoMatchingPool: no node offers amd.com/gpu"));
  auto asJson = arguments;
  asJson.insert(asJson.end(), {"-o", "json"});
  const auto report = json::parse(runPlugin(asJson).out);
  EXPECT_EQ(report["variants"][0]["pools"][0]["devicesLeft"], 8);
}

TEST_F(PlanTest, ExplainSaysWhereItLooked) {
  const auto ran = runPlugin({"explain", "mdep/none", "--offline", folder_.write("fra.yaml", world_)});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("there is no ModelDeployment default/none in "));
  EXPECT_EQ(runPlugin({"explain", "pod/x", "--offline", folder_.write("fra.yaml", world_)}).code, 2);
}

}  // namespace
}  // namespace bailiwick::testing
