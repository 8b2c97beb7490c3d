// The shipped data against facts/regions.md, written down a second time.

#include <gtest/gtest.h>

#include "catalog/one_file.hpp"

namespace bailiwick::catalog {
namespace {

using testing::shipped;

std::string countryOf(const std::string& provider, const std::string& location) {
  const Provider* known = shipped().provider(provider);
  const Location* found = known != nullptr ? known->location(location) : nullptr;
  return found != nullptr ? found->country : "";
}

TEST(ShippedPlaces, ARegionIdAloneGivesNoCountry) {
  const struct {
    const char* id;
    const char *aws, *alibaba, *huawei, *volcengine;
  } rows[] = {{"ap-southeast-1", "SG", "SG", "HK", "MY"}, {"ap-southeast-2", "AU", "AU", "TH", ""},
              {"ap-southeast-3", "ID", "MY", "SG", "ID"}, {"ap-southeast-4", "AU", "", "ID", ""},
              {"ap-southeast-5", "MY", "ID", "PH", ""},   {"eu-west-1", "IE", "GB", "", ""},
              {"me-east-1", "", "AE", "SA", ""},          {"me-central-1", "AE", "SA", "", ""}};
  for (const auto& row : rows) {
    EXPECT_EQ(countryOf("aws", row.id), row.aws) << row.id;
    EXPECT_EQ(countryOf("alibaba", row.id), row.alibaba) << row.id;
    EXPECT_EQ(countryOf("huawei", row.id), row.huawei) << row.id;
    EXPECT_EQ(countryOf("volcengine", row.id), row.volcengine) << row.id;
  }
  EXPECT_EQ(countryOf("aws", "me-west-1"), "SA");
  EXPECT_EQ(countryOf("gcp", "me-west1"), "IL");
  EXPECT_EQ(countryOf("gcp", "me-central1"), "QA");
}

TEST(ShippedPlaces, KnowEveryCloud) {
  const struct {
    const char *provider, *location, *country;
  } rows[] = {{"aws", "eu-central-1", "DE"},
              {"aws", "eu-central-2", "CH"},
              {"aws-eusc", "eusc-de-east-1", "DE"},
              {"aws-cn", "cn-northwest-1", "CN"},
              {"aws-us-gov", "us-gov-west-1", "US"},
              {"aws-iso-e", "eu-isoe-west-1", "GB"},
              {"azure", "westeurope", "NL"},
              {"azure", "northeurope", "IE"},
              {"azure", "norwayeast", "NO"},
              {"azure", "swedencentral", "SE"},
              {"azure-cn", "chinanorth3", "CN"},
              {"gcp", "europe-west6", "CH"},
              {"gcp", "asia-east2", "HK"},
              {"gcp", "us-central1", "US"},
              {"alibaba", "cn-hongkong", "HK"},
              {"alibaba", "cn-hangzhou", "CN"},
              {"tencent", "ap-shanghai", "CN"},
              {"tencent", "ap-singapore", "SG"},
              {"huawei", "cn-southwest-2", "CN"},
              {"huawei", "my-kualalumpur-1", "MY"},
              {"huawei", "eu-west-101", "IE"},
              {"huawei", "tr-west-1", "TR"},
              {"volcengine", "cn-hongkong", "HK"},
              {"oracle", "uk-london-1", "GB"},
              {"oracle", "eu-zurich-1", "CH"},
              {"oracle-eu-sovereign", "eu-madrid-2", "ES"},
              {"oracle-oc20", "eu-jovanovac-1", "RS"},
              {"scaleway", "fr-par", "FR"},
              {"ovhcloud", "EU-WEST-PAR", "FR"},
              {"otc", "eu-ch2", "CH"},
              {"stackit", "eu02", "AT"},
              {"ionos", "es-vit", "ES"},
              {"evroc", "se-sto", "SE"}};
  for (const auto& row : rows)
    EXPECT_EQ(countryOf(row.provider, row.location), row.country) << row.location;
  ASSERT_NE(shipped().provider("on-premises"), nullptr);
  EXPECT_TRUE(shipped().provider("on-premises")->locations.empty());
}

TEST(ShippedPlaces, ReadTheShortCodesOfTencentAndOracle) {
  const Provider& tencent = *shipped().provider("tencent");
  EXPECT_EQ(tencent.byNodeLabel("gz")->id, "ap-guangzhou");
  EXPECT_EQ(tencent.byNodeLabel("sh")->country, "CN");
  EXPECT_EQ(tencent.byNodeLabel("hk")->country, "HK");
  EXPECT_EQ(tencent.byNodeLabel("sg")->country, "SG");
  EXPECT_EQ(tencent.byNodeLabel("xx"), nullptr);
  EXPECT_EQ(shipped().provider("oracle")->byNodeLabel("iad")->id, "us-ashburn-1");
  EXPECT_EQ(shipped().provider("oracle")->byNodeLabel("phx")->country, "US");
}

TEST(ShippedPlaces, HaveEveryCountryOfTheStandard) {
  EXPECT_EQ(shipped().countries.size(), 249U);
  for (const char* country : {"NO", "CH", "TW", "XK"})
    EXPECT_EQ(shipped().countries.contains(country), std::string(country) != "XK") << country;
  EXPECT_FALSE(shipped().countries.contains("EU"));
  EXPECT_FALSE(shipped().countries.contains("UK"));
}

TEST(ShippedPlaces, HaveDatedBlocs) {
  const auto sizes = std::map<std::string, std::size_t>{
      {"EU", 27},    {"EEA", 30},  {"EFTA", 4},     {"G7", 7},     {"FIVEEYES", 5},
      {"ASEAN", 11}, {"GCC", 6},   {"MERCOSUR", 5}, {"BISD1", 24}, {"BISD4", 22},
      {"BISD5", 22}, {"BISE1", 3}, {"BISE2", 1}};
  for (const auto& [name, size] : sizes) {
    ASSERT_TRUE(shipped().blocs.contains(name)) << name;
    EXPECT_EQ(shipped().blocs.at(name).members.size(), size) << name;
    EXPECT_FALSE(shipped().blocs.at(name).asOf.empty()) << name;
  }
  EXPECT_FALSE(shipped().expand({"EU"}).contains("GB"));
  EXPECT_TRUE(shipped().expand({"EEA"}).contains("NO"));
  EXPECT_FALSE(shipped().expand({"GDPRADEQUATE"}).contains("US")) << "certified firms only";
  EXPECT_FALSE(shipped().expand({"BISCHIPS"}).contains("IL"));
  EXPECT_TRUE(shipped().expand({"BISCHIPS"}).contains("MO"));
}

}  // namespace
}  // namespace bailiwick::catalog
