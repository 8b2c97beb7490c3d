// Forecasts of regions that have peers.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "api/hash.hpp"
#include "plan/fixture.hpp"
#include "plugin/explanation.hpp"
#include "plugin/plan_report.hpp"
#include "plugin/region_file.hpp"

namespace bailiwick::plugin {
namespace {

using testing::testCatalog;
using testing::testTime;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Place {
  std::string name, jurisdiction, location;
  int devices = 8;
};
const Place fra{"fra", "DE", "eu-central-1"}, zrh{"zrh", "CH", "zrh1"}, iad{"iad", "US", "us-east-1"};

std::string regionObject(const Place& place, const std::string& more = "") {
  return fmt::format(
      "- {{apiVersion: bailiwick.dev/v1alpha1, kind: Region, metadata: {{name: {}}}, spec: {{provider: "
      "on-premises, location: {}, jurisdiction: {}, access: {{server: \"https://{}.example:6443\", "
      "caBundle: QQ==, credentialSecret: {{namespace: s, name: {}}}}}}}{}}}\n",
      place.name, place.location, place.jurisdiction, place.name, place.name, more);
}

std::string nodeOf(const Place& place) {
  return fmt::format(
      "- {{apiVersion: v1, kind: Node, metadata: {{name: {}-1, labels: {{bailiwick.dev/jurisdiction: {}, "
      "nvidia.com/gpu.product: NVIDIA-H200}}}}, status: {{allocatable: {{nvidia.com/gpu: \"{}\"}}, "
      "conditions: [{{type: Ready, status: \"True\"}}]}}}}\n",
      place.name, place.jurisdiction, place.devices);
}

constexpr char passport[] = R"(- apiVersion: bailiwick.dev/v1alpha1
  kind: ModelPassport
  metadata: {name: open}
  spec:
    publisher: {name: P, country: DE}
    model: {family: f, name: M, version: "1"}
    originCountry: DE
    openness: OpenWeight
    licence: {id: MIT}
    artifacts: [{name: claim, precision: fp8, source: {type: PVC, uri: "pvc://weights/m"}}]
)";

std::string spec(int replicas, const std::string& indent) {
  return fmt::format(
      "{0}servedName: assistant\n{0}replicas: {1}\n{0}placement: {{jurisdictions: [EU, CH]}}\n"
      "{0}variants:\n{0}- {{name: h200, passport: open, artifact: claim, engine: {{name: vllm}}, "
      "accelerator: {{vendor: nvidia, products: [NVIDIA-H200], perReplica: 1}}}}\n",
      indent, replicas);
}

std::string deployment(int replicas, const std::string& status = "") {
  return "- apiVersion: bailiwick.dev/v1alpha1\n  kind: ModelDeployment\n"
         "  metadata: {name: m, namespace: team, uid: u1, generation: 1}\n  spec:\n" +
         spec(replicas, "    ") + (status.empty() ? "" : "  status:\n    regions: [" + status + "]\n");
}

KnownRegion known(const Place& place, const std::string& objects) {
  return readRegionFile({place.name + ".yaml", "apiVersion: v1\nkind: List\nitems:\n" + objects},
                        testCatalog(), place.name)
      .value();
}

std::string hashOf(int replicas) {
  const auto region = known(fra, regionObject(fra) + deployment(replicas));
  return api::specHash(region.snapshot.deployments.front()->spec);
}

// What fra's status says of zrh.
std::string toldOfZrh(int share, int offer, int replicas) {
  return fmt::format("{{name: zrh, health: Live, specHash: {}, allocator: 1, sequence: 7, offer: "
                     "[{{variant: h200, replicas: {}}}], share: [{{variant: h200, replicas: {}}}]}}",
                     hashOf(replicas), offer, share);
}

std::vector<Forecast> forecastsOf(std::vector<KnownRegion> regions) {
  static const policy::Settings settings;
  return forecast(std::move(regions), {&testCatalog(), &settings, testTime});
}

const plan::DeploymentPlan& planOf(const Forecast& f) {
  return f.plan.deployments.at({"team", "m"});
}
int sharesOf(const Forecast& f) { return planOf(f).variants.front().share; }

KnownRegion fraWithZrh(const std::string& health, int replicas, int share, int offer = 8) {
  return known(fra, regionObject(fra) + regionObject(zrh, ", status: {health: " + health + "}") + nodeOf(fra) + passport +
                        deployment(replicas, toldOfZrh(share, offer, replicas)));
}

class FleetForecast : public ::testing::Test {
 protected:
  // As `replicas` would be applied to that region.
  KnownRegion applied(const KnownRegion& region, int replicas) {
    manifests_ = manifest::read(
        {{"m.yaml", "apiVersion: bailiwick.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: m}\n"
                    "spec:\n" + spec(replicas, "  ")}}, {"team", false});
    EXPECT_TRUE(manifests_.findings.empty());
    std::vector<Overlaid> done;
    return overlay(region, manifests_.entries, testTime, done);
  }
  manifest::Manifests manifests_;
};

TEST_F(FleetForecast, RegionsThatAreReadTogetherShareWhatEachOffers) {
  std::vector<KnownRegion> regions;
  for (const auto& place : {fra, zrh, iad}) {
    auto region = known(place, regionObject(place) + nodeOf(place) + passport + deployment(5));
    region.offline = true;
    regions.push_back(std::move(region));
  }
  const auto forecasts = forecastsOf(std::move(regions));
  EXPECT_EQ(sharesOf(forecasts[0]) + sharesOf(forecasts[1]), 5);
  EXPECT_GE(std::min(sharesOf(forecasts[0]), sharesOf(forecasts[1])), 2);
  EXPECT_EQ(sharesOf(forecasts[2]), 0);
  const auto placed = forecasts[0].statusOf(planOf(forecasts[0])).conditions;
  EXPECT_EQ(api::findCondition(placed, "Placed")->status, "True");
}

TEST_F(FleetForecast, ClustersThatDoNotKnowEachOtherShareNothing) {
  std::vector<KnownRegion> regions;
  for (const auto& place : {fra, zrh}) {
    regions.push_back(known(place, regionObject(place) + nodeOf(place) + passport + deployment(5)));
  }
  const auto forecasts = forecastsOf(std::move(regions));
  EXPECT_EQ(sharesOf(forecasts[0]), 5);
  EXPECT_EQ(sharesOf(forecasts[1]), 5);
}

TEST_F(FleetForecast, APeerThatIsNotReadHasWhatTheStatusRelays) {
  const auto forecasts = forecastsOf({fraWithZrh("Live", 4, 3)});
  EXPECT_EQ(sharesOf(forecasts[0]), 1);
  EXPECT_THAT(forecasts[0].elsewhere(planOf(forecasts[0])),
              ElementsAre(Pair("zrh", ElementsAre(api::VariantCount{"h200", 3}))));
}

TEST_F(FleetForecast, APeerTakesOverTheSpecThatIsApplied) {
  const auto forecasts = forecastsOf({applied(fraWithZrh("Live", 4, 4, 12), 12)});
  EXPECT_EQ(sharesOf(forecasts[0]) +
                forecasts[0].elsewhere(planOf(forecasts[0])).at(0).second.at(0).replicas, 12);
  EXPECT_GT(sharesOf(forecasts[0]), 4);
  EXPECT_EQ(planOf(forecasts[0]).fleet->decision.diverged, std::vector<std::string>{});
}

TEST_F(FleetForecast, WhatALostPeerHasIsTakenOver) {
  const auto forecasts = forecastsOf({fraWithZrh("Lost", 4, 4)});
  EXPECT_EQ(sharesOf(forecasts[0]), 4);
  EXPECT_THAT(forecasts[0].elsewhere(planOf(forecasts[0])), IsEmpty());
}

TEST_F(FleetForecast, WhatASuspectOrUnknownPeerHasStays) {
  for (const auto* health : {"Suspect", "Unknown"}) {
    const auto forecasts = forecastsOf({fraWithZrh(health, 4, 3)});
    EXPECT_EQ(sharesOf(forecasts[0]), 1) << health;
  }
}

TEST_F(FleetForecast, AHandoverIsDone) {
  // All four run here, and zrh has promised two of them by now.
  auto region = known(
      fra, regionObject(fra) + regionObject(zrh, ", status: {health: Live}") + nodeOf(fra) + passport +
               deployment(4, "{name: fra, self: true, specHash: " + hashOf(4) +
                                 ", share: [{variant: h200, replicas: 4}]}, " + toldOfZrh(2, 8, 4)));
  const auto forecasts = forecastsOf({std::move(region)});
  EXPECT_EQ(sharesOf(forecasts[0]), 2);
}

TEST_F(FleetForecast, WhoIsNotNeededHereIsToldThatOthersServe) {
  const auto forecasts = forecastsOf({fraWithZrh("Live", 4, 4)});
  EXPECT_EQ(explain(forecasts[0], planOf(forecasts[0])).variants.front().note,
            "not needed: other regions take all units");
}

RegionChange changeIn(const std::string& region, const DeploymentChange& change) {
  RegionChange result;
  result.name = region;
  result.deployments.push_back(change);
  return result;
}

TEST(PlanFindings, WhatAPeerServesThatWasNotReadIsNotMissing) {
  DeploymentChange change;
  change.key = {"team", "m"};
  change.applied = true;
  change.wanted = 4000;
  change.after = 2000;
  EXPECT_EQ(findingsOf({}, {changeIn("fra", change)}).size(), 1u);
  change.elsewhere["zrh"] = 2000;
  EXPECT_THAT(findingsOf({}, {changeIn("fra", change)}), IsEmpty());
  // Of one that was read, its own change tells.
  auto none = change;
  none.after = 0;
  none.elsewhere.clear();
  EXPECT_EQ(findingsOf({}, {changeIn("fra", change), changeIn("zrh", none)}).size(), 1u);
}

TEST(PlanFindings, WhatIsHandedOverIsNotDisplaced) {
  DeploymentChange change;
  change.key = {"team", "m"};
  change.wanted = change.before = 4000;
  change.after = 2000;
  change.placed.status = "False";
  EXPECT_EQ(findingsOf({}, {changeIn("fra", change)}).at(0).reason, "Displaced");
  change.placed.status = "True";
  EXPECT_THAT(findingsOf({}, {changeIn("fra", change)}), IsEmpty());
}

}  // namespace
}  // namespace bailiwick::plugin
