// Our own status is never refused by our own CRD, whatever honest or dishonest peers say within it.

#include <gmock/gmock.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>

#include "api/encode.hpp"
#include "manifest/bounds.hpp"
#include "plan/with_peers.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::EndsWith;
using ::testing::Lt;
using ::testing::StartsWith;

// Empty: an API server with crds/modeldeployments.yaml would take it. What is null is taken away.
std::string refusal(const api::ModelDeploymentStatus& status) {
  const nlohmann::json patch = {{"status", api::toJson(status)}};
  nlohmann::json object = {{"metadata", {{"name", "assistant"}, {"namespace", "team"}}}};
  object.merge_patch(patch);
  simdjson::dom::parser parser;
  const auto within =
      manifest::builtinBounds("ModelDeployment").check(parser.parse(object.dump()).value());
  return within ? "" : within.error().message;
}

std::string nameOf(std::size_t index, std::size_t length) {
  auto name = "r" + std::to_string(100 + index);
  return name + std::string(length - name.size(), 'x');
}

// What the CRD lets a peer say at most.
api::RegionEntry everything(const std::string& region, const api::ModelDeploymentSpec& spec) {
  api::RegionEntry entry;
  entry.name = region;
  entry.self = true;
  entry.health = "Live";
  entry.specHash = api::specHash(spec);
  entry.passportHash = std::string(64, 'f');
  entry.sequence = 1;
  std::vector<std::string> pools;
  for (std::size_t pool = 0; pool < 64; ++pool) pools.push_back(nameOf(pool, 253));
  for (const auto& variant : spec.variants) {
    entry.offer.push_back({variant.name, 100'000'000, pools, std::string(64, 'R'),
                           std::string(256, 'm')});
    entry.share.push_back({variant.name, 100'000'000});
    entry.ready.push_back({variant.name, 100'000'000});
  }
  return entry;
}

// As many as the CRD has room for and more, as large as it lets them be.
class Extreme : public WithPeers {
 public:
  explicit Extreme(std::size_t count, std::size_t nameLength, std::size_t variants) {
    auto& spec = deployments.front().spec;
    for (std::size_t v = 1; v < variants; ++v) {
      spec.variants.push_back(spec.variants.front());
      spec.variants.back().name = nameOf(v, 22);
    }
    for (std::size_t p = 0; p < count; ++p) {
      peer(nameOf(p, nameLength), "CH");
      auto object = std::make_shared<api::ModelDeployment>(deployments.front());
      object->status.regions = {everything(view.peers[p].name, spec)};
      auto list = std::make_shared<fleet::PeerDeployments>();
      (*list)[object->meta.key] = object;
      view.peers[p].deployments = list;
    }
  }
  // Of every peer, for whatever it has.
  void prices(std::int64_t perDeviceHour, const std::string& currency) {
    for (auto& one : view.peers) {
      auto priced = *one.own;
      for (const auto* product : {"NVIDIA-H200", ""}) {
        priced.prices.push_back({"nvidia", product, perDeviceHour, currency});
      }
      one.own = std::make_shared<const api::Region>(priced);
    }
    for (auto& variant : deployments.front().spec.variants) variant.accelerator.products.clear();
  }
};

TEST(StatusBounds, HoldWithMorePeersThanThereAreRowsWhoAllClaimWhatTheyMay) {
  Extreme c(140, 63, 16);
  c.pass(500);
  c.visit();
  const auto& status = c.visit();
  EXPECT_EQ(refusal(status), "");
  EXPECT_EQ(status.regions.size(), 128u);
  ASSERT_FALSE(status.variants.empty());
  for (const auto& row : status.variants) {
    EXPECT_GE(row.assigned, 100'000'000) << row.name;
    EXPECT_GE(row.ready, 100'000'000) << row.name;
  }
}

TEST(StatusBounds, HoldWhenThePeersAreLost) {
  Extreme c(127, 63, 16);
  c.pass(500);
  c.visit();
  c.pass(10000, fleet::Look::Unreachable);
  EXPECT_EQ(refusal(c.visit()), "");
}

TEST(StatusBounds, TheSummaryOfManyHonestRegionsSaysHowManyMoreThereAre) {
  Extreme c(127, 12, 1);
  c.pass(500);
  c.visit();
  const auto& status = c.visit();
  EXPECT_EQ(refusal(status), "");
  EXPECT_THAT(status.summaryRegions, StartsWith("r100xxxxxxxx,r101"));
  EXPECT_THAT(status.summaryRegions, EndsWith(" more"));
  EXPECT_THAT(status.summaryRegions.size(), Lt(1025u));
}

TEST(StatusBounds, ACostThatIsBeyondEveryNumberIsNotTold) {
  Extreme c(127, 12, 16);
  c.prices(99'999'999'000, "EUR");
  c.pass(500);
  c.visit();
  const auto& status = c.visit();
  EXPECT_EQ(refusal(status), "");
  EXPECT_EQ(status.costPerHour, "");
}

TEST(StatusBounds, APeersCurrencyIsThreeLettersOrThereIsNoCost) {
  Extreme c(1, 12, 1);
  c.prices(1000, "EUROEURO");
  c.pass(500);
  c.visit();
  const auto& status = c.visit();
  EXPECT_EQ(refusal(status), "");
  EXPECT_EQ(status.costCurrency, "");
}

}  // namespace
}  // namespace bailiwick::testing
