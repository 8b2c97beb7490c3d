#include "catalog/catalog.hpp"

#include <gtest/gtest.h>

namespace bailiwick::catalog {
namespace {

TEST(Vendor, FindsProductsExactly) {
  Vendor vendor;
  vendor.products = {{"NVIDIA-H20", {}, {}, {}, {}, ""},
                     {"NVIDIA-H200", {"H200-alias"}, {}, {}, {}, ""}};
  EXPECT_EQ(vendor.product("NVIDIA-H200")->name, "NVIDIA-H200");
  EXPECT_EQ(vendor.product("H200-alias")->name, "NVIDIA-H200");
  EXPECT_EQ(vendor.product("NVIDIA-H2"), nullptr);
  EXPECT_EQ(vendor.product("nvidia-h20"), nullptr);
}

TEST(Engine, PrefersTheImageOfTheProduct) {
  Engine engine;
  engine.images = {
      {"v", {}, "all:1", {}, {}}, {"v", {"A3"}, "a3:1", {}, {}}, {"w", {"B"}, "b:1", {}, {}}};
  EXPECT_EQ(engine.imageFor("v", "A3")->image, "a3:1");
  EXPECT_EQ(engine.imageFor("v", "A2")->image, "all:1");
  EXPECT_EQ(engine.imageFor("v", "")->image, "all:1");
  EXPECT_EQ(engine.imageFor("w", "C"), nullptr);
  EXPECT_EQ(engine.imageFor("x", ""), nullptr);
}

TEST(Provider, KnowsLocationsByIdAndNodeLabel) {
  const Provider provider{"tencent", "T", {{"ap-guangzhou", "CN", {"gz"}}}};
  EXPECT_EQ(provider.location("ap-guangzhou")->country, "CN");
  EXPECT_EQ(provider.location("gz")->id, "ap-guangzhou");
  EXPECT_EQ(provider.location("ap-guangzhou")->id, "ap-guangzhou");
  EXPECT_EQ(provider.location("GZ"), nullptr);
}

TEST(Catalog, ExpandsBlocsAndLeavesOutWhatItDoesNotKnow) {
  Catalog catalog;
  catalog.countries = {"CH", "DE", "FR"};
  catalog.blocs["EU"] = {"EU", {"DE", "FR"}, "2026"};
  EXPECT_EQ(catalog.expand({"EU", "CH", "XX"}), (std::set<std::string>{"CH", "DE", "FR"}));
  EXPECT_TRUE(catalog.expand({}).empty());
  EXPECT_TRUE(catalog.knowsPlace("EU"));
  EXPECT_FALSE(catalog.knowsPlace("XX"));
}

TEST(Catalog, NamesEveryNodeLabelThatItReads) {
  Catalog catalog;
  Vendor& vendor = catalog.vendors["v"];
  vendor.memoryLabels = {"64G"};
  vendor.products = {{"A", {"B"}, {"74a1"}, {}, {}, ""}};
  ResourceFamily& family = vendor.families.emplace_back();
  family.requiredLabels["v.com/type"] = {"x"};
  family.excludedLabels["v.com/partition"] = {"y"};
  family.labellers = {{"v.com/product", false, "v.com/memory", MemoryUnit::GiB_G},
                      {"beta.v.com/id", true, "", MemoryUnit::MiB}};
  const auto keys = catalog.nodeLabelKeys();
  for (const char* key : {"topology.kubernetes.io/region", "topology.kubernetes.io/zone",
                          "bailiwick.dev/jurisdiction", "v.com/type", "v.com/partition",
                          "v.com/product", "v.com/memory", "beta.v.com/id"}) {
    EXPECT_TRUE(keys.contains(key)) << key;
  }
  EXPECT_FALSE(keys.contains("kubernetes.io/hostname"));
}

}  // namespace
}  // namespace bailiwick::catalog
