#include "plan/requirement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;
constexpr std::int64_t gibi = 1LL << 30;

tl::expected<plan::Requirement, policy::Refusal> require(const VariantBuilder& variant,
                                                         const api::Region& region = fra()) {
  return plan::require(variant.obj(), {}, region, testCatalog());
}

bool takes(const VariantBuilder& variant, const api::Labels& labels,
           const api::Region& region = fra()) {
  const auto requirement = require(variant, region);
  EXPECT_TRUE(requirement.has_value()) << requirement.error().message;
  return plan::matches(requirement->hardware, labels);
}

VariantBuilder nvidia(std::vector<std::string> products) {
  return h200().on("nvidia", std::move(products), 8);
}

TEST(Requirement, MatchesProductsExactly) {
  const auto product = [](std::string value) {
    return api::Labels{{"nvidia.com/gpu.product", std::move(value)}};
  };
  EXPECT_TRUE(takes(nvidia({"NVIDIA-H20"}), product("NVIDIA-H20")));
  EXPECT_FALSE(takes(nvidia({"NVIDIA-H20"}), product("NVIDIA-H200")));
  EXPECT_FALSE(takes(nvidia({"NVIDIA-H200"}), product("NVIDIA-H20")));
  EXPECT_FALSE(takes(nvidia({"NVIDIA-H200"}), product("NVIDIA-H200-SHARED")));
  EXPECT_FALSE(takes(nvidia({"NVIDIA-H200"}), product("NVIDIA-H200-MIG-1g.18gb")));
  EXPECT_FALSE(takes(nvidia({"NVIDIA-H200"}), product("nvidia-h200")));
  EXPECT_FALSE(takes(nvidia({"NVIDIA-H200"}), {}));
}

TEST(Requirement, WithoutProductsTakesAnyKnownOneButNoSlices) {
  EXPECT_TRUE(takes(nvidia({}), {{"nvidia.com/gpu.product", "NVIDIA-H20"}}));
  EXPECT_FALSE(takes(nvidia({}), {{"nvidia.com/gpu.product", "NVIDIA-H200-SHARED"}}));
}

TEST(Requirement, KnowsAmdByBothPrefixesNamesAliasesAndDeviceIds) {
  const auto variant = mi300x();
  EXPECT_TRUE(takes(variant, {{"amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM"}}));
  EXPECT_TRUE(takes(variant, {{"amd.com/gpu.product-name", "AMD_Instinct_MI300X"}}));
  EXPECT_TRUE(takes(variant, {{"beta.amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM"}}));
  EXPECT_TRUE(takes(variant, {{"amd.com/gpu.device-id", "74a1"}}));
  EXPECT_TRUE(takes(variant, {{"beta.amd.com/gpu.device-id", "74a9"}}));
  EXPECT_FALSE(takes(variant, {{"amd.com/gpu.device-id", "74a5"}})) << "an MI325X";
  EXPECT_FALSE(takes(variant, {{"amd.com/gpu.product-name", "74a1"}}));
}

TEST(Requirement, ComparesMemoryInMiBWhereTheLabelIsAnInteger) {
  const auto with = [](std::string memory) {
    return api::Labels{{"nvidia.com/gpu.product", "NVIDIA-H200"},
                       {"nvidia.com/gpu.memory", std::move(memory)}};
  };
  const auto variant = h200().minMemory(140 * gibi);
  EXPECT_TRUE(takes(variant, with("143771"))) << "an H200 has 140.4 GiB";
  EXPECT_TRUE(takes(variant, with("143360")));
  EXPECT_FALSE(takes(variant, with("143359")));
  EXPECT_FALSE(takes(variant, with("141G")));
  EXPECT_FALSE(takes(variant, {{"nvidia.com/gpu.product", "NVIDIA-H200"}}));
}

TEST(Requirement, ListsEverySufficientMemoryLabelThatTheCatalogueKnows) {
  const auto with = [](std::string memory) {
    return api::Labels{{"amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM"},
                       {"amd.com/gpu.vram", std::move(memory)}};
  };
  const auto variant = mi300x().minMemory(140 * gibi);
  EXPECT_TRUE(takes(variant, with("192G")));
  EXPECT_TRUE(takes(variant, with("256G")));
  EXPECT_FALSE(takes(variant, with("64G")));
  EXPECT_FALSE(takes(variant, with("193G"))) << "not listed: not eligible";
}

TEST(Requirement, DoesNotMixTheLabelsOfTwoPrefixes) {
  EXPECT_FALSE(takes(mi300x().minMemory(140 * gibi),
                     {{"amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM"},
                      {"beta.amd.com/gpu.vram", "192G"}}));
}

TEST(Requirement, RefusesAMemoryBoundWhereNoLabelTellsTheMemory) {
  const auto cpu = makeVariant("small").engine("llama-cpp").on("cpu", {}, 4);
  const auto refused = require(VariantBuilder(cpu).minMemory(gibi));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "NoMatchingPool");
  EXPECT_THAT(refused.error().message, HasSubstr("minMemoryPerDevice"));
  EXPECT_TRUE(require(cpu));
}

TEST(Requirement, RefusesMoreMemoryThanAnyListedLabelSays) {
  const auto refused = require(mi300x().minMemory(300 * gibi));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "NoMatchingPool");
}

TEST(Requirement, CountsTheSidecarsCpuOnlyWhereDevicesAreCores) {
  EXPECT_EQ(require(makeVariant("small").engine("llama-cpp").on("cpu", {}, 4))->milliPerNode, 4100);
  EXPECT_EQ(require(h200())->milliPerNode, 8000);
}

TEST(Requirement, ChoosesTheAscendFamilyByProductAndProvider) {
  const auto ascend = [](std::vector<std::string> products, int devices = 8) {
    return h200().on("huawei-ascend", std::move(products), devices);
  };
  const auto gya = makeRegion("gya", "huaweicloud", "cn-southwest-2", "CN").obj();
  EXPECT_EQ(require(ascend({"910B3"}))->resource, "huawei.com/Ascend910");
  EXPECT_EQ(require(ascend({"Ascend950PR"}))->resource, "huawei.com/npu");
  EXPECT_EQ(require(ascend({"910B3"}), gya)->resource, "huawei.com/ascend-1980")
      << "the only product of the cloud's own plugin: the resource tells it";
  EXPECT_EQ(require(ascend({"910B4"}), gya)->resource, "huawei.com/Ascend910");
  EXPECT_EQ(require(ascend({}), gya)->resource, "huawei.com/ascend-1980");
  EXPECT_EQ(require(ascend({}))->resource, "huawei.com/Ascend910");
}

TEST(Requirement, RefusesProductsOfTwoFamiliesInOneVariant) {
  const auto refused = require(h200().on("huawei-ascend", {"910B3", "Ascend950PR"}, 8));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "InvalidSpec");
  EXPECT_THAT(refused.error().message, HasSubstr("make one variant for each"));
}

TEST(Requirement, AsksForMultiplesWhereTheFamilyDoes) {
  EXPECT_TRUE(require(h200().on("huawei-ascend", {"Ascend910_9391"}, 16)));
  const auto refused = require(h200().on("huawei-ascend", {"Ascend910_9391"}, 3));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("multiple of 2"));
}

TEST(Requirement, RefusesUnknownProductsByName) {
  const auto refused = require(nvidia({"NVIDIA-H2"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "InvalidSpec");
  EXPECT_THAT(refused.error().message, HasSubstr("NVIDIA-H2 "));
}

TEST(Requirement, RefusesAnEngineThatDoesNotRunOnTheVendor) {
  const auto refused = require(h200().engine("llama-cpp"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "EngineUnsupported");
  EXPECT_EQ(refused.error().message, "variant h200: engine llama-cpp does not run on vendor nvidia");
}

TEST(Requirement, NeverDependsOnOrderOrRepetitionOfProducts) {
  const auto one = require(nvidia({"NVIDIA-H200", "NVIDIA-H20"}));
  const auto other = require(nvidia({"NVIDIA-H20", "NVIDIA-H200", "NVIDIA-H20"}));
  EXPECT_EQ(one->hardware, other->hardware);
}

}  // namespace
}  // namespace bailiwick::testing
