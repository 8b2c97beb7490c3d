// The shipped data against facts/accelerators.md, written down a second time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/one_file.hpp"

namespace bailiwick::catalog {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::shipped;

TEST(ShippedVendors, OfferTheResourcesOfTheirPlugins) {
  const std::map<std::string, std::vector<std::string>> expected = {
      {"nvidia", {"nvidia.com/gpu"}},
      {"amd", {"amd.com/gpu"}},
      {"intel-gpu", {"gpu.intel.com/i915", "gpu.intel.com/xe"}},
      {"intel-gaudi", {"habana.ai/gaudi"}},
      {"huawei-ascend",
       {"huawei.com/Ascend910", "huawei.com/Ascend310P", "huawei.com/Ascend310", "huawei.com/npu",
        "huawei.com/ascend-1980", "huawei.com/ascend-310", "huawei.com/Ascend910A",
        "huawei.com/Ascend910B2", "huawei.com/Ascend910B3", "huawei.com/Ascend910B4",
        "huawei.com/Ascend910B4-1", "huawei.com/Ascend910C"}},
      {"cambricon", {"cambricon.com/mlu", "cambricon.com/mlu370"}},
      {"hygon-dcu", {"hygon.com/dcu", "hygon.com/dcunum"}},
      {"mthreads", {"mthreads.com/gpu", "mthreads.com/vgpu"}},
      {"metax", {"metax-tech.com/gpu"}},
      {"iluvatar", {"iluvatar.com/gpu", "iluvatar.ai/gpu"}},
      {"enflame", {"enflame.com/gcu"}},
      {"kunlunxin", {"kunlunxin.com/xpu"}},
      {"biren", {"birentech.com/gpu"}},
      {"thead", {"alibabacloud.com/ppu"}},
      {"vastai", {"vastaitech.com/va"}},
      {"horizon", {"hobot.cc/J2", "hobot.cc/J3", "hobot.cc/X2", "hobot.cc/X3"}},
      {"furiosa", {"furiosa.ai/rngd"}},
      {"aws-neuron", {"aws.amazon.com/neuron", "aws.amazon.com/neuroncore"}},
      {"google-tpu", {"google.com/tpu"}},
      {"cpu", {"cpu"}}};
  EXPECT_EQ(shipped().vendors.size(), expected.size());
  for (const auto& [id, resources] : expected) {
    const Vendor* vendor = shipped().vendor(id);
    ASSERT_NE(vendor, nullptr) << id;
    for (const std::string& resource : resources)
      EXPECT_THAT(vendor->families,
                  Contains(::testing::Field(&ResourceFamily::resource, resource)));
  }
}

TEST(ShippedVendors, MatchProductsExactly) {
  const Vendor& nvidia = *shipped().vendor("nvidia");
  EXPECT_NE(nvidia.product("NVIDIA-H20"), nvidia.product("NVIDIA-H200"));
  EXPECT_NE(nvidia.product("NVIDIA-H20"), nvidia.product("NVIDIA-H20-3e"));
  for (const char* slice : {"NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", "NVIDIA-H200-SHARED", "NVIDIA-H"})
    EXPECT_EQ(nvidia.product(slice), nullptr) << slice;
}

TEST(ShippedVendors, KnowWhatTheDriverMeasured) {
  const struct {
    const char *vendor, *product;
    std::int64_t mib;
  } rows[] = {{"nvidia", "NVIDIA-H200", 143771},  {"nvidia", "NVIDIA-H100-80GB-HBM3", 81559},
              {"nvidia", "NVIDIA-L40S", 46068},   {"nvidia", "NVIDIA-GH200-480GB", 97871},
              {"nvidia", "NVIDIA-GB300", 284208}, {"amd", "AMD_Instinct_MI300X_OAM", 196592},
              {"huawei-ascend", "910B3", 65536},  {"huawei-ascend", "910B4", 32768},
              {"hygon-dcu", "K100_AI", 65520},    {"thead", "PPU-ZW810E", 98304},
              {"enflame", "S60", 49152}};
  for (const auto& row : rows)
    EXPECT_EQ(shipped().vendor(row.vendor)->product(row.product)->memoryMiB, row.mib)
        << row.product;
}

TEST(ShippedVendors, KnowMI300XByBothNamesAndItsIds) {
  const Product* product = shipped().vendor("amd")->product("AMD_Instinct_MI300X_OAM");
  EXPECT_EQ(shipped().vendor("amd")->product("AMD_Instinct_MI300X"), product);
  EXPECT_THAT(product->deviceIds, ::testing::UnorderedElementsAre("74a1", "74a9", "74bd", "74b5"));
  EXPECT_EQ(shipped().vendor("amd")->product("AMD_Instinct_MI325_OAM")->name,
            "AMD_Instinct_MI325X");
}

TEST(ShippedVendors, TakePartitionedAmdDevicesForSomethingElse) {
  const ResourceFamily& family = shipped().vendor("amd")->families.at(0);
  const auto& values = family.excludedLabels.at("amd.com/compute-memory-partition");
  EXPECT_THAT(values, Contains("cpx_nps4"));
  EXPECT_THAT(values, Contains("dpx_nps2"));
  EXPECT_THAT(values, ::testing::Not(Contains("spx_nps1")));
}

TEST(ShippedVendors, TakeDevicesThatHamiDividesForSomethingElse) {
  EXPECT_THAT(shipped().vendor("nvidia")->family("gpu")->excludedLabels.at("gpu"), Contains("on"));
  EXPECT_THAT(shipped().vendor("nvidia")->source, HasSubstr("deviceSplitCount"));
  EXPECT_THAT(shipped().vendor("hygon-dcu")->family("dcu")->excludedLabels.at("dcu"),
              Contains("on"));
  EXPECT_TRUE(shipped().nodeLabelKeys().contains("gpu"));
}

TEST(ShippedVendors, ReadAmdsOlderLabels) {
  const auto& labellers = shipped().vendor("amd")->family("gpu")->labellers;
  EXPECT_THAT(labellers, Contains(::testing::Field(&Labeller::valueInKey, true)));
  const auto keys = shipped().nodeLabelKeys();
  for (const char* key : {"beta.amd.com/gpu.product-name.AMD_Instinct_MI300X_OAM",
                          "beta.amd.com/gpu.product-name.AMD_Instinct_MI300X",
                          "beta.amd.com/gpu.product-name.AMD_Instinct_MI355_OAM",
                          "beta.amd.com/gpu.vram.192G", "beta.amd.com/gpu.product-name"})
    EXPECT_TRUE(keys.contains(key)) << key;
}

TEST(ShippedVendors, MountOnlyWhatTheNodeHas) {
  std::map<std::string, std::string> types;
  for (const auto& [id, vendor] : shipped().vendors) {
    for (const ResourceFamily& family : vendor.families) {
      for (const HostPath& host : family.pod.hostPaths) {
        EXPECT_TRUE(host.readOnly) << host.path;
        types[host.path] = host.type;
        const bool atlas950 = host.path == "/lib/route.conf" || host.path == "/etc/hixlep" ||
                              host.path == "/etc/hccl_rootinfo.json";
        EXPECT_TRUE(!atlas950 || family.id == "mindcluster-950") << host.path;
        const bool has310 = family.resource.find("310") != std::string::npos;
        EXPECT_FALSE(host.path == "/etc/hccn.conf" && has310) << family.id;
      }
    }
  }
  const std::map<std::string, std::string> expected = {{"/etc/ascend_install.info", "File"},
                                                       {"/etc/hccl_rootinfo.json", "File"},
                                                       {"/etc/hccn.conf", "File"},
                                                       {"/etc/hixlep", "Directory"},
                                                       {"/lib/route.conf", "File"},
                                                       {"/opt/dtk", "Directory"},
                                                       {"/opt/hyhal", "Directory"},
                                                       {"/opt/maca", "Directory"},
                                                       {"/opt/mxdriver", "Directory"},
                                                       {"/usr/bin/cnmon", "File"},
                                                       {"/usr/local/Ascend/driver", "Directory"},
                                                       {"/usr/local/PPU_SDK", "Directory"},
                                                       {"/usr/local/bin/npu-smi", "File"},
                                                       {"/usr/local/corex", "Directory"},
                                                       {"/usr/local/dcmi", "Directory"},
                                                       {"/usr/local/neuware", "Directory"}};
  EXPECT_EQ(types, expected);
  EXPECT_EQ(shipped().vendor("huawei-ascend")->product("Ascend950DT")->families.at(0),
            "mindcluster-950");
}

TEST(ShippedVendors, BoundRequestsWhereThePluginDoes) {
  using Counts = std::vector<int>;
  EXPECT_EQ(shipped().vendor("kunlunxin")->family("xpu")->allowedCounts, Counts({1, 2, 4, 8}));
  const Vendor& tpu = *shipped().vendor("google-tpu");
  const auto countsOf = [&](const char* product) {
    return tpu.family(tpu.product(product)->families.at(0))->allowedCounts;
  };
  EXPECT_EQ(countsOf("tpu-v5p-slice"), Counts({4}));
  EXPECT_EQ(countsOf("tpu7x"), Counts({4}));
  EXPECT_EQ(countsOf("tpu-v6e-slice"), Counts({8}));
}

TEST(ShippedVendors, OfferNeuronInEveryPartitionOfAws) {
  for (const ResourceFamily& family : shipped().vendor("aws-neuron")->families) {
    EXPECT_THAT(family.providers, ::testing::IsSupersetOf({"aws", "aws-us-gov", "aws-cn",
                                                           "aws-eusc"}));
  }
}

TEST(ShippedVendors, CountMemoryInEachVendorsUnit) {
  const auto unit = [](const char* vendor) {
    return shipped().vendor(vendor)->families.at(0).labellers.at(0).memoryUnit;
  };
  EXPECT_EQ(unit("nvidia"), MemoryUnit::MiB);
  EXPECT_EQ(unit("amd"), MemoryUnit::GiB_G);
  EXPECT_EQ(unit("huawei-ascend"), MemoryUnit::GiB_G);
  for (const char* value : {"32G", "64G", "112G"})
    EXPECT_THAT(shipped().vendor("huawei-ascend")->memoryLabels, Contains(value));
  EXPECT_THAT(shipped().vendor("amd")->memoryLabels, Contains("192G"));
}

TEST(ShippedVendors, GiveAscendA3OutInPairs) {
  const Vendor& ascend = *shipped().vendor("huawei-ascend");
  const auto familyOf = [&](const char* product) {
    return ascend.family(ascend.product(product)->families.at(0));
  };
  EXPECT_EQ(familyOf("Ascend910_9392")->multipleOf, 2);
  EXPECT_EQ(familyOf("910B3")->multipleOf, 1);
  EXPECT_EQ(familyOf("Ascend910_9392")->resource, familyOf("910B3")->resource);
  EXPECT_EQ(familyOf("Ascend950PR")->resource, "huawei.com/npu");
  EXPECT_EQ(familyOf("Ascend910B3")->resource, "huawei.com/Ascend910B3") << "HAMi";
}

TEST(ShippedVendors, AskForNoLabelsWherePluginsWriteNone) {
  for (const char* id :
       {"kunlunxin", "cambricon", "hygon-dcu", "metax", "thead", "biren", "enflame", "mthreads",
        "iluvatar", "vastai", "furiosa", "intel-gaudi", "cpu"}) {
    const ResourceFamily& first = shipped().vendor(id)->families.at(0);
    EXPECT_TRUE(first.labellers.empty() && first.requiredLabels.empty()) << id;
  }
}

TEST(ShippedVendors, TolerateTheUsualTaintOfEachPool) {
  for (const auto& [id, vendor] : shipped().vendors) {
    for (const ResourceFamily& family : vendor.families) {
      if (id == "cpu" || id == "horizon") continue;
      EXPECT_THAT(family.tolerations, Contains(family.resource)) << id;
    }
  }
}

TEST(ShippedVendors, SayWhyHorizonIsNoTarget) {
  for (const auto& [id, vendor] : shipped().vendors)
    EXPECT_EQ(vendor.target, id != "horizon") << id;
  EXPECT_THAT(shipped().vendor("horizon")->note, HasSubstr("language models"));
}

TEST(ShippedVendors, AreDatedAndChooseNoScheduler) {
  for (const auto& [id, vendor] : shipped().vendors) {
    EXPECT_FALSE(vendor.source.empty()) << id;
    for (const ResourceFamily& family : vendor.families)
      EXPECT_EQ(family.pod.schedulerName, "") << id;
  }
}

// A product that no family can tell says so; every other one can be asked for.
TEST(ShippedVendors, ExplainProductsThatNobodyCanTell) {
  for (const auto& [id, vendor] : shipped().vendors) {
    for (const Product& product : vendor.products) {
      if (product.families.empty()) {
        EXPECT_FALSE(product.note.empty()) << product.name;
      }
      for (const std::string& familyId : product.families) {
        const ResourceFamily& family = *vendor.family(familyId);
        const auto offered = std::count_if(
            vendor.products.begin(), vendor.products.end(), [&](const Product& other) {
              return std::find(other.families.begin(), other.families.end(), familyId) !=
                     other.families.end();
            });
        EXPECT_TRUE(!family.labellers.empty() || offered == 1) << id << " " << product.name;
      }
    }
  }
}

}  // namespace
}  // namespace bailiwick::catalog
