#include "plan/requirement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

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

TEST(Requirement, ReadsAmdsOlderLabelsWhoseKeysHoldTheValue) {
  const std::string name = "beta.amd.com/gpu.product-name.", memory = "beta.amd.com/gpu.vram.";
  const api::Labels uniform{{name + "AMD_Instinct_MI300X_OAM", "8"}, {memory + "192G", "8"}};
  EXPECT_TRUE(takes(mi300x(), uniform));
  EXPECT_TRUE(takes(mi300x().minMemory(190 * gibi), uniform));
  EXPECT_FALSE(takes(mi300x().minMemory(200 * gibi), uniform));
  EXPECT_TRUE(takes(mi300x(), {{name + "AMD_Instinct_MI300X", "8"}})) << "the other spelling";
  EXPECT_FALSE(takes(mi300x(), {{name + "AMD_Instinct_MI325X", "8"}}));
  EXPECT_FALSE(takes(mi300x(), {{name + "AMD_Instinct_MI300X_OAM", "4"},
                                {name + "AMD_Instinct_MI325_OAM", "4"}}))
      << "half of another kind";
  EXPECT_FALSE(takes(mi300x().minMemory(190 * gibi),
                     {{name + "AMD_Instinct_MI300X_OAM", "8"}}));
  EXPECT_FALSE(takes(mi300x().minMemory(190 * gibi), {{name + "AMD_Instinct_MI300X_OAM", "8"},
                                                      {memory + "192G", "4"},
                                                      {memory + "64G", "4"}}));
}

// A board as AMD's labellers describe it.
struct Board {
  std::string name, id;
  int gib;
};

// The newer labeller tells each value that all boards share; both count values in keys.
api::Labels labelled(const std::vector<Board>& boards, bool newer) {
  api::Labels labels;
  const auto tell = [&](const std::string& what, auto valueOf) {
    std::map<std::string, int> counts;
    for (const auto& board : boards) ++counts[valueOf(board)];
    for (const auto& [value, count] : counts) {
      labels.set("beta.amd.com/gpu." + what + "." + value, std::to_string(count));
      for (const std::string prefix : {"", "beta."}) {
        if (newer && counts.size() == 1) labels.set(prefix + "amd.com/gpu." + what, value);
      }
    }
  };
  tell("product-name", [](const Board& board) { return board.name; });
  tell("device-id", [](const Board& board) { return board.id; });
  tell("vram", [](const Board& board) { return std::to_string(board.gib) + "G"; });
  return labels;
}

RC_GTEST_PROP(Requirement, TakesAmdNodesExactlyWhenEveryBoardWillDo, ()) {
  const std::map<std::string, std::vector<Board>> known = {
      {"AMD_Instinct_MI300X_OAM",
       {{"AMD_Instinct_MI300X_OAM", "74a1", 192}, {"AMD_Instinct_MI300X", "74a9", 192}}},
      {"AMD_Instinct_MI325X",
       {{"AMD_Instinct_MI325X", "74a5", 256}, {"AMD_Instinct_MI325_OAM", "74a5", 64}}}};
  const auto products = *rc::gen::elementOf(std::vector<std::vector<std::string>>{
      {}, {"AMD_Instinct_MI300X_OAM"}, {"AMD_Instinct_MI325X"},
      {"AMD_Instinct_MI325X", "AMD_Instinct_MI300X_OAM"}});
  const int minGib = *rc::gen::element(0, 100, 200);
  const auto variant = h200().on("amd", products, 8).minMemory(minGib * gibi);
  std::vector<Board> boards;
  bool allDo = true;
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
    const auto& [product, spellings] = *rc::gen::elementOf(known);
    boards.push_back(*rc::gen::elementOf(spellings));
    const bool wanted = products.empty() || std::find(products.begin(), products.end(), product) !=
                                                products.end();
    allDo = allDo && wanted && boards.back().gib >= minGib;
  }
  const auto labels = labelled(boards, *rc::gen::arbitrary<bool>());
  RC_ASSERT(plan::matches(require(variant)->hardware, labels) == allDo);
}

TEST(Requirement, TakesNoNodeWhoseDevicesHamiDivides) {
  const api::Labels shared{{"nvidia.com/gpu.product", "NVIDIA-H200"}, {"gpu", "on"}};
  EXPECT_FALSE(takes(nvidia({"NVIDIA-H200"}), shared));
  EXPECT_TRUE(takes(nvidia({"NVIDIA-H200"}),
                    {{"nvidia.com/gpu.product", "NVIDIA-H200"}, {"gpu", "off"}}));
  Cluster c;
  c.add(h200Node("n1").label("gpu", "on").allocatable("nvidia.com/gpu", "80"));
  c.add(assistant().variant(h200()));
  EXPECT_EQ(refusalOf(c.plan(), "h200"),
            "NoMatchingPool: variant h200: no node that offers nvidia.com/gpu has product "
            "NVIDIA-H200; there is NVIDIA-H200 (label gpu=on: its devices are divided)");
}

std::string refusalOfVariant(const VariantBuilder& variant) {
  const auto refused = require(variant);
  return refused ? "" : refused.error().reason + ": " + refused.error().message;
}

TEST(Requirement, TakesAnImageForTheProductsOrSaysWhyNot) {
  const auto amd = [](std::vector<std::string> products) {
    return makeVariant("v").engine("sglang").on("amd", std::move(products), 8);
  };
  const auto ascend = [](std::vector<std::string> products) {
    return makeVariant("v").engine("sglang").on("huawei-ascend", std::move(products), 8);
  };
  EXPECT_EQ(require(amd({"AMD_Instinct_MI325_OAM"}))->image->image, "mi32x:1") << "by its alias";
  EXPECT_EQ(require(ascend({"910B3"}))->image->image, "a2:1");
  const struct {
    VariantBuilder variant;
    const char* refusal;
  } rows[] = {
      {amd({"AMD_Instinct_MI300X", "AMD_Instinct_MI325X"}),
       "InvalidSpec: variant v: products AMD_Instinct_MI300X, AMD_Instinct_MI325X need different "
       "images of engine sglang; make one variant for each"},
      {amd({"AMD_Instinct_MI300X", "AMD_Instinct_MI325X"}).image("own:1"), ""},
      {amd({}),
       "InvalidSpec: variant v: engine sglang does not run alike on every product of AMD; name "
       "them in accelerator.products"},
      {amd({}).image("own:1"), ""},
      {ascend({"910B4"}), "EngineUnsupported: variant v: engine sglang does not run on 910B4"},
      {ascend({"910B4"}).image("own:1"),
       "EngineUnsupported: variant v: engine sglang does not run on 910B4"},
      {ascend({}),
       "InvalidSpec: variant v: engine sglang does not run alike on every product of Huawei "
       "Ascend; name them in accelerator.products"},
      {ascend({"Ascend950PR"}),
       "EngineUnsupported: variant v: the catalogue has no image of engine sglang for vendor "
       "huawei-ascend; name one in engine.image"},
      {ascend({"Ascend950PR"}).image("own:1"), ""},
      {h200("v").engine("sglang"),
       "EngineUnsupported: variant v: engine sglang does not run on vendor nvidia"},
  };
  for (const auto& row : rows) EXPECT_EQ(refusalOfVariant(row.variant), row.refusal);
}

TEST(Requirement, RefusesArgumentsThatNothingWouldRead) {
  auto variant = mi300x("v").engine("sglang");
  EXPECT_EQ(refusalOfVariant(variant), "");
  EXPECT_EQ(refusalOfVariant(variant.args({"--trust-remote-code"})),
            "InvalidSpec: variant v: engine sglang reads no arguments; leave engine.args out and "
            "use engine.env, or name another engine");
}

TEST(Requirement, AllowsOnlyTheCountsOfTheFamily) {
  EXPECT_EQ(refusalOfVariant(h200("v").on("huawei-ascend", {"Ascend910_9391"}, 6)),
            "InvalidSpec: variant v: accelerator.perReplica 6 of huawei.com/Ascend910 must be one "
            "of 2, 4, 8, 16");
}

TEST(Requirement, NeverDependsOnOrderOrRepetitionOfProducts) {
  const auto one = require(nvidia({"NVIDIA-H200", "NVIDIA-H20"}));
  const auto other = require(nvidia({"NVIDIA-H20", "NVIDIA-H200", "NVIDIA-H20"}));
  EXPECT_EQ(one->hardware, other->hardware);
}

}  // namespace
}  // namespace bailiwick::testing
