#include "api/hash.hpp"
#include "api/running.hpp"

#include <gtest/gtest.h>
#include <set>

#include "api/decode.hpp"
#include "api/objects.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;

ModelDeploymentSpec specOf(const json& object) {
  return testing::decodeJson(object, decodeModelDeployment).value().spec;
}

TEST(Sha256, IsTheStandardsOwnExample) {
  EXPECT_EQ(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(SpecHash, IsFortyHexadecimalDigits) {
  const std::string hash = specHash(specOf(testing::fullModelDeployment()));
  EXPECT_EQ(hash.size(), 40U);
  EXPECT_EQ(hash.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(SpecHash, DoesNotSeeHowValuesAreWritten) {
  json object = testing::fullModelDeployment();
  const std::string hash = specHash(specOf(object));
  object["spec"]["exit"]["drillEvery"] = "2160h";
  object["spec"]["variants"][0]["accelerator"]["minMemoryPerDevice"] = "143360Mi";
  object["spec"]["variants"][0]["capacity"] = "1.500";
  object["spec"]["pod"]["resources"]["requests"]["cpu"] = "4000m";
  EXPECT_EQ(specHash(specOf(object)), hash);
}

TEST(SpecHash, TakesEmptyForAbsentAndDefaultsForUnsaid) {
  const json bare = json::parse(R"({
    "metadata": {"name": "m"},
    "spec": {"servedName": "s", "placement": {"jurisdictions": ["EU"]},
             "variants": [{"name": "v", "passport": "p", "artifact": "a", "engine": {"name": "vllm"},
                           "accelerator": {"vendor": "nvidia"}}]}})");
  json said = bare;
  said["spec"]["replicas"] = 1;
  said["spec"]["placement"]["dataResidency"] = json::array();
  said["spec"]["placement"]["strategy"] = "Spread";
  said["spec"]["variants"][0]["engine"]["args"] = json::array();
  said["spec"]["variants"][0]["accelerator"]["nodes"] = 1;
  said["spec"]["exit"] = {{"drainTimeout", "600s"}};
  said["spec"]["pod"] = json::object();
  EXPECT_EQ(specHash(specOf(said)), specHash(specOf(bare)));
}

TEST(SpecHash, LeavesOutWhatStaysInOneRegion) {
  json object = testing::fullModelDeployment();
  const std::string hash = specHash(specOf(object));
  object["spec"]["pod"].erase("serviceAccountName");
  object["spec"]["pod"].erase("imagePullSecrets");
  object["spec"]["variants"][0]["engine"]["env"].erase(1);
  EXPECT_EQ(specHash(specOf(object)), hash);
}

TEST(SpecHash, SeesEveryOtherField) {
  const json full = testing::fullModelDeployment();
  const std::string before = canonicalSpec(specOf(full));
  const struct {
    const char* pointer;
    json value;
  } changes[] = {
      {"/servedName", "other"},
      {"/replicas", 7},
      {"/placement/jurisdictions/0", "DE"},
      {"/placement/dataResidency/0", "x"},
      {"/placement/regions/names/0", "zrh"},
      {"/placement/regions/selector/matchLabels/tier", "tin"},
      {"/placement/strategy", "Spread"},
      {"/placement/minRegions", 3},
      {"/placement/maxPerRegion", 5},
      {"/variants/0/name", "n"},
      {"/variants/0/passport", "n"},
      {"/variants/0/artifact", "n"},
      {"/variants/0/engine/name", "n"},
      {"/variants/0/engine/image", "n"},
      {"/variants/0/engine/args/0", "n"},
      {"/variants/0/engine/env/0/value", "n"},
      {"/variants/0/accelerator/vendor", "n"},
      {"/variants/0/accelerator/products/0", "n"},
      {"/variants/0/accelerator/perReplica", 4},
      {"/variants/0/accelerator/minMemoryPerDevice", "1Gi"},
      {"/variants/0/accelerator/nodes", 1},
      {"/variants/0/capacity", "1"},
      {"/variants/1/external/provider", "n"},
      {"/variants/1/external/baseURL", "https://n"},
      {"/variants/1/external/jurisdiction", "DE"},
      {"/variants/1/external/apiKeySecret", "n"},
      {"/failover/suspectAfter", "6s"},
      {"/failover/lostAfter", "6m"},
      {"/failover/failbackAfter", "6m"},
      {"/failover/onIsolation", "Hold"},
      {"/routing/mode", "Priority"},
      {"/routing/weights/0/weight", 1},
      {"/routing/shadow/percent", 6},
      {"/routing/auth/apiKeysSecret", "n"},
      {"/routing/limits/maxInFlight", 1},
      {"/routing/limits/maxQueued", 1},
      {"/routing/limits/queueTimeout", "1s"},
      {"/routing/limits/requestTimeout", "1s"},
      {"/routing/limits/maxBodySize", "1Ki"},
      {"/exit/critical", false},
      {"/exit/drillEvery", "1d"},
      {"/exit/drainTimeout", "1m"},
      {"/priority", 1},
      {"/pod/resources/requests/cpu", "1"},
      {"/pod/resources/limits/memory", "1"},
      {"/pod/env/0/value", "1"},
      {"/pod/labels/cost-centre", "1"},
      {"/pod/annotations/owner", "1"},
      {"/rollout/maxUnavailable", 2},
      {"/rollout/progressDeadline", "1m"},
      {"/paused", false},
  };
  std::set<std::string> seen{before};
  for (const auto& change : changes) {
    json object = full;
    object["spec"][json::json_pointer(change.pointer)] = change.value;
    EXPECT_TRUE(seen.insert(canonicalSpec(specOf(object))).second) << change.pointer;
  }
}

TEST(SpecHash, CanonicalJsonIsSortedWithoutSpaces) {
  const std::string text = canonicalSpec(specOf(testing::fullModelDeployment()));
  EXPECT_EQ(text, json::parse(text).dump());
  EXPECT_EQ(text.find(": "), std::string::npos);
}

TEST(SpecHash, SurvivesTextThatIsNotUtf8) {
  ModelDeploymentSpec spec;
  spec.servedName = "\xff\xfe";
  EXPECT_EQ(specHash(spec).size(), 40U);
}

TEST(PassportHash, IgnoresOrderAndWhatMayChange) {
  ModelPassport a = testing::decodeJson(testing::fullModelPassport(), decodeModelPassport).value();
  ModelPassport b = a;
  b.meta.key.name = "other";
  const std::string hash = passportHash({&a, &b});
  EXPECT_EQ(passportHash({&b, &a}), hash);
  a.evidence.clear();
  a.meta.resourceVersion = "9";
  EXPECT_EQ(passportHash({&a, &b}), hash);
}

TEST(PassportHash, SeesEveryPartOfAnIdentity) {
  const ModelPassport full =
      testing::decodeJson(testing::fullModelPassport(), decodeModelPassport).value();
  const std::vector<void (*)(ModelPassport&)> changes = {
      [](ModelPassport& p) { p.publisher.country = "US"; },
      [](ModelPassport& p) { p.publisher.parent.reset(); },
      [](ModelPassport& p) { p.originCountry = "US"; },
      [](ModelPassport& p) { p.openness = "API"; },
      [](ModelPassport& p) { p.licence = "Apache-2.0"; },
      [](ModelPassport& p) { p.derivedFrom.pop_back(); },
      [](ModelPassport& p) { p.derivedFrom[1].publisher.parent.reset(); },
      [](ModelPassport& p) { p.endpoints[0].jurisdiction = "US"; },
      [](ModelPassport& p) { p.artifacts[0].digest = "sha256:bb"; },
      [](ModelPassport& p) { p.meta.key.name = "renamed"; }};
  std::set<std::string> seen{passportHash({&full})};
  for (const auto& change : changes) {
    ModelPassport changed = full;
    change(changed);
    EXPECT_TRUE(seen.insert(passportHash({&changed})).second);
  }
}

TEST(Running, IsReadBackAsItWasDescribed) {
  Variant variant;
  variant.name = "h200";
  variant.passport = "open \"model\"";
  variant.artifact = "fp8";
  variant.engine.name = "vllm";
  variant.engine.image = "registry.example/vllm@sha256:0";
  variant.accelerator.vendor = "nvidia";
  variant.accelerator.products = {"NVIDIA-H200", "NVIDIA-H20"};
  EXPECT_EQ(parseRunning(describeRunning(variant)), variant);
  for (const auto* text : {"", "{}", "[]", "{\"variant\":1}", "\xff"}) EXPECT_FALSE(parseRunning(text));
}

}  // namespace
}  // namespace bailiwick::api
