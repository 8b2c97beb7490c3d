#include "plugin/region_file.hpp"

#include <gmock/gmock.h>

#include "plan/fixture.hpp"

namespace bailiwick::plugin {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char pools[] = R"(region:
  apiVersion: bailiwick.dev/v1alpha1
  kind: Region
  metadata: {name: fra}
  spec: {provider: aws, location: eu-central-1, jurisdiction: DE}
nodeLabels: {topology.kubernetes.io/region: eu-central-1}
nodePools:
- name: gpu
  count: 3
  zones: [a, b]
  labels: {nvidia.com/gpu.product: NVIDIA-H200}
  capacity: {nvidia.com/gpu: "8", cpu: 32}
  allocatable: {cpu: "30"}
  taints: [{key: nvidia.com/gpu, effect: NoSchedule}]
)";

Result<KnownRegion> read(const std::string& text, const std::string& name = "") {
  return readRegionFile({"r.yaml", text}, testing::testCatalog(), name);
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  return text.replace(text.find(what), what.size(), with);
}

TEST(RegionFile, MakesTheNodesOfItsPools) {
  const auto known = read(pools);
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(known->name(), "fra");
  EXPECT_EQ(known->from, "r.yaml");
  ASSERT_THAT(known->snapshot.nodes, SizeIs(3));
  const auto& node = *known->snapshot.nodes[1];
  EXPECT_EQ(node.meta.key.name, "fra-gpu-2");
  EXPECT_TRUE(node.ready);
  EXPECT_TRUE(node.meta.labels.has("topology.kubernetes.io/zone", "b"));
  EXPECT_TRUE(node.meta.labels.has("topology.kubernetes.io/region", "eu-central-1"));
  EXPECT_TRUE(node.allocatable.has("nvidia.com/gpu", "8"));
  EXPECT_TRUE(node.allocatable.has("cpu", "30"));
  ASSERT_THAT(node.taints, SizeIs(1));
}

TEST(RegionFile, SaysWithFileAndLineWhatIsWrong) {
  EXPECT_THAT(read(replaced(pools, "zones:", "zone:")).error().message,
              HasSubstr("r.yaml:10: nodePools.zone: is no field"));
  EXPECT_THAT(read(replaced(pools, "count: 3", "count: many")).error().message,
              HasSubstr("r.yaml:9: count: must be an integer"));
  EXPECT_THAT(read(replaced(pools, "provider: aws", "provder: aws")).error().message,
              HasSubstr("region.spec.provder: is no field; provider is meant?"));
  EXPECT_THAT(read(replaced(pools, "jurisdiction: DE", "jurisdiction: NO")).error().message,
              HasSubstr("write \"NO\""));
}

TEST(RegionFile, MayHoldTheObjectsThemselves) {
  const std::string objects = R"(apiVersion: v1
kind: List
items:
- {apiVersion: bailiwick.dev/v1alpha1, kind: Region, metadata: {name: fra}, spec: {provider: aws, location: eu-central-1, jurisdiction: DE}}
- {apiVersion: bailiwick.dev/v1alpha1, kind: Region, metadata: {name: zrh}, spec: {provider: aws, location: eu-central-2, jurisdiction: CH}}
- {apiVersion: v1, kind: Node, metadata: {name: n1}}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: theirs, namespace: x}}
- {apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: nvidia}, handler: nvidia}
)";
  EXPECT_THAT(read(objects).error().message, HasSubstr("Say --region"));
  EXPECT_THAT(read(objects, "lab").error().message, HasSubstr("there is no Region lab; there are fra, zrh"));
  const auto known = read(objects, "zrh");
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(known->name(), "zrh");
  EXPECT_THAT(known->snapshot.nodes, SizeIs(1));
  EXPECT_THAT(known->snapshot.workloads, SizeIs(0));
  EXPECT_THAT(known->runtimeClasses, ::testing::ElementsAre("nvidia"));
}

TEST(RegionFile, NeedsARegion) {
  EXPECT_THAT(read("{apiVersion: v1, kind: Node, metadata: {name: n1}}").error().message,
              HasSubstr("r.yaml: there is no Region object"));
}

}  // namespace
}  // namespace bailiwick::plugin
