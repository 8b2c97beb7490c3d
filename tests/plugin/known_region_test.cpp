#include "plugin/known_region.hpp"

#include <gmock/gmock.h>

#include "plan/fixture.hpp"
#include "plugin/forecast.hpp"
#include "plugin/region_file.hpp"

namespace bailiwick::plugin {
namespace {

using testing::testCatalog;
using testing::testTime;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// A region with one H200 node and one deployment that runs there.
constexpr char world[] = R"(apiVersion: v1
kind: List
items:
- {apiVersion: bailiwick.dev/v1alpha1, kind: Region, metadata: {name: fra}, spec: {provider: aws, location: eu-central-1, jurisdiction: DE}}
- apiVersion: v1
  kind: Node
  metadata: {name: n1, labels: {topology.kubernetes.io/region: eu-central-1, nvidia.com/gpu.product: NVIDIA-H200}}
  status: {allocatable: {nvidia.com/gpu: "8"}, conditions: [{type: Ready, status: "True"}]}
- apiVersion: bailiwick.dev/v1alpha1
  kind: ModelPassport
  metadata: {name: open}
  spec:
    publisher: {name: P, country: DE}
    model: {family: f, name: M, version: "1"}
    originCountry: DE
    openness: OpenWeight
    licence: {id: MIT}
    artifacts: [{name: claim, precision: fp8, source: {type: PVC, uri: "pvc://weights/m"}}]
- apiVersion: bailiwick.dev/v1alpha1
  kind: ModelDeployment
  metadata: {name: assistant, namespace: team, uid: u1, generation: 3, creationTimestamp: "2026-01-01T00:00:00Z"}
  spec: &spec
    servedName: assistant
    placement: {jurisdictions: [EU]}
    variants:
    - name: h200
      passport: open
      artifact: claim
      engine: {name: vllm}
      accelerator: {vendor: nvidia, products: [NVIDIA-H200], perReplica: 8}
  status:
    observedGeneration: 3
    regions: [{name: fra, self: true, offer: [{variant: h200, replicas: 0, reason: NotStarting, message: "variant h200 does not start: ImagePullBackOff"}]}]
)";

class KnownRegionTest : public ::testing::Test {
 protected:
  static KnownRegion known(std::string text = world) {
    return readRegionFile({"w.yaml", std::move(text)}, testCatalog()).value();
  }
  KnownRegion overlaid(const std::string& manifests) {
    manifests_ = manifest::read({{"m.yaml", manifests}}, {"team", false});
    EXPECT_TRUE(manifests_.findings.empty());
    return overlay(known(), manifests_.entries, testTime, done_);
  }
  static const api::ModelDeployment& deployment(const KnownRegion& region) {
    return *region.snapshot.deployments.front();
  }
  static std::string manifest(const std::string& name, const std::string& more = "") {
    return "apiVersion: bailiwick.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: " + name +
           "}\nspec:\n  servedName: assistant\n  placement: {jurisdictions: [EU]}\n" + more +
           "  variants:\n  - {name: h200, passport: open, artifact: claim, engine: {name: vllm}, "
           "accelerator: {vendor: nvidia, products: [NVIDIA-H200], perReplica: 8}}\n";
  }
  static Forecast forecastOf(KnownRegion region) {
    static const policy::Settings settings;
    return std::move(forecast({std::move(region)}, {&testCatalog(), &settings, testTime}).front());
  }
  static const plan::VariantPlan& h200(const Forecast& f) {
    return f.plan.deployments.at({"team", "assistant"}).variants.front();
  }

  manifest::Manifests manifests_;
  std::vector<Overlaid> done_;
};

TEST_F(KnownRegionTest, WhatIsAppliedAgainUnchangedChangesNothing) {
  const auto region = overlaid(manifest("assistant"));
  ASSERT_THAT(done_, SizeIs(1));
  EXPECT_EQ(done_[0].change, Change::Unchanged);
  EXPECT_EQ(deployment(region).meta.generation, 3);
}

TEST_F(KnownRegionTest, AChangedObjectKeepsItsUidAndAge) {
  const auto region = overlaid(manifest("assistant", "  replicas: 4\n"));
  EXPECT_EQ(done_.at(0).change, Change::Changed);
  EXPECT_EQ(deployment(region).meta.uid, "u1");
  EXPECT_EQ(deployment(region).meta.created, api::parseTime("2026-01-01T00:00:00Z").value());
  EXPECT_EQ(deployment(region).meta.generation, 4);
  EXPECT_EQ(deployment(region).spec.replicas, 4);
}

TEST_F(KnownRegionTest, ANewObjectIsTheYoungest) {
  const auto region = overlaid(manifest("other"));
  EXPECT_EQ(done_.at(0).change, Change::Created);
  ASSERT_THAT(region.snapshot.deployments, SizeIs(2));
  EXPECT_EQ(region.snapshot.deployments[1]->meta.created, testTime);
}

TEST_F(KnownRegionTest, TheRegionItselfMayBeChanged) {
  const auto region = overlaid(
      "apiVersion: bailiwick.dev/v1alpha1\nkind: Region\nmetadata: {name: fra}\n"
      "spec: {provider: aws, location: eu-central-1, jurisdiction: DE, cordoned: true}\n");
  EXPECT_EQ(done_.at(0).change, Change::Changed);
  EXPECT_TRUE(region.snapshot.region->cordoned);
  EXPECT_FALSE(known().snapshot.region->cordoned);
}

TEST_F(KnownRegionTest, WhatDidNotStartStaysWithdrawnUntilItIsChanged) {
  const auto before = forecastOf(known());
  EXPECT_EQ(h200(before).share, 0);
  ASSERT_TRUE(h200(before).refusal);
  EXPECT_EQ(h200(before).refusal->reason, "NotStarting");
  EXPECT_EQ(h200(forecastOf(overlaid(manifest("assistant", "  priority: 3\n")))).share, 0);
  auto mended = manifest("assistant");
  mended.replace(mended.find("name: vllm"), 10, "name: vllm, image: \"r.example/v:2\"");
  EXPECT_EQ(h200(forecastOf(overlaid(mended))).share, 1);
}

}  // namespace
}  // namespace bailiwick::plugin
