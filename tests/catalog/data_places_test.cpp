// The shipped data against facts/regions.md, written down a second time.

#include <gtest/gtest.h>

#include <map>
#include <set>

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
              {"ionos", "es/vit", "ES"},
              {"ovhcloud", "GRA11", "FR"},
              {"ovhcloud", "US-EAST-VA", "US"},
              {"evroc", "se-sto", "SE"}};
  for (const auto& row : rows)
    EXPECT_EQ(countryOf(row.provider, row.location), row.country) << row.location;
  ASSERT_NE(shipped().provider("on-premises"), nullptr);
  EXPECT_TRUE(shipped().provider("on-premises")->locations.empty());
}

// "CH: eu-central-2. DE: …": countries, their locations, in brackets what node labels call them.
std::string everyLocation(const Provider& provider) {
  std::map<std::string, std::set<std::string>> byCountry;
  for (const Location& location : provider.locations) {
    std::string words;
    for (const std::string& label : location.nodeLabels)
      words += (words.empty() ? "" : ",") + label;
    byCountry[location.country].insert(location.id + (words.empty() ? "" : "(" + words + ")"));
  }
  std::string out;
  for (const auto& [country, locations] : byCountry) {
    out += (out.empty() ? "" : " ") + country + ":";
    for (const std::string& location : locations) out += " " + location;
    out += ".";
  }
  return out;
}

TEST(ShippedPlaces, AreTheseAndNoOthers) {
  const std::map<std::string, std::string> expected = {
      {"alibaba",
       "AE: me-east-1. AU: ap-southeast-2. CN: cn-beijing cn-chengdu cn-guangzhou cn-hangzhou "
       "cn-heyuan cn-huhehaote cn-nanjing cn-north-2-gov-1 cn-qingdao cn-shanghai "
       "cn-shanghai-finance-1 cn-shenzhen cn-shenzhen-finance-1 cn-wulanchabu cn-zhangjiakou. "
       "DE: eu-central-1. GB: eu-west-1. HK: cn-hongkong. ID: ap-southeast-5. IN: ap-south-1. "
       "JP: ap-northeast-1. KR: ap-northeast-2. MX: na-south-1. MY: ap-southeast-3. PH: "
       "ap-southeast-6. SA: me-central-1. SG: ap-southeast-1. TH: ap-southeast-7. US: "
       "us-east-1 us-west-1."},
      {"aws",
       "AE: me-central-1. AU: ap-southeast-2 ap-southeast-4. BH: me-south-1. BR: sa-east-1. "
       "CA: ca-central-1 ca-west-1. CH: eu-central-2. CL: sa-west-1. DE: eu-central-1. ES: "
       "eu-south-2. FR: eu-west-3. GB: eu-west-2. HK: ap-east-1. ID: ap-southeast-3. IE: "
       "eu-west-1. IL: il-central-1. IN: ap-south-1 ap-south-2. IT: eu-south-1. JP: "
       "ap-northeast-1 ap-northeast-3. KR: ap-northeast-2. MX: mx-central-1. MY: "
       "ap-southeast-5. NZ: ap-southeast-6. SA: me-west-1. SE: eu-north-1. SG: ap-southeast-1. "
       "TH: ap-southeast-7. TW: ap-east-2. US: us-east-1 us-east-2 us-west-1 us-west-2. ZA: "
       "af-south-1."},
      {"aws-cn",
       "CN: cn-north-1 cn-northwest-1."},
      {"aws-eusc",
       "DE: eusc-de-east-1."},
      {"aws-iso",
       "US: us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1 "
       "us-isof-south-1."},
      {"aws-iso-e",
       "GB: eu-isoe-west-1."},
      {"aws-us-gov",
       "US: us-gov-east-1 us-gov-west-1."},
      {"azure",
       "AE: uaecentral uaenorth. AT: austriaeast. AU: australiacentral australiacentral2 "
       "australiaeast australiasoutheast. BE: belgiumcentral. BR: brazilsouth brazilsoutheast. "
       "CA: canadacentral canadaeast. CH: switzerlandnorth switzerlandwest. CL: chilecentral. "
       "DE: germanynorth germanywestcentral. DK: denmarkeast. ES: spaincentral. FR: "
       "francecentral francesouth. GB: uksouth ukwest. HK: eastasia. ID: indonesiacentral. IE: "
       "northeurope. IL: israelcentral. IN: centralindia jioindiacentral jioindiawest "
       "southindia westindia. IT: italynorth. JP: japaneast japanwest. KR: koreacentral "
       "koreasouth. MX: mexicocentral. MY: malaysiawest. NL: westeurope. NO: norwayeast "
       "norwaywest. NZ: newzealandnorth. PL: polandcentral. QA: qatarcentral. SA: "
       "saudiarabiaeast. SE: swedencentral. SG: southeastasia. US: centralus eastus eastus2 "
       "northcentralus southcentralus westcentralus westus westus2 westus3. ZA: "
       "southafricanorth southafricawest."},
      {"azure-cn",
       "CN: chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3."},
      {"azure-us-gov",
       "US: usdodcentral usdodeast usgovarizona usgovtexas usgovvirginia."},
      {"evroc",
       "SE: se-sto."},
      {"gcp",
       "AU: australia-southeast1 australia-southeast2. BE: europe-west1. BR: "
       "southamerica-east1. CA: northamerica-northeast1 northamerica-northeast2. CH: "
       "europe-west6. CL: southamerica-west1. DE: europe-west10 europe-west3. ES: "
       "europe-southwest1. FI: europe-north1. FR: europe-west9. GB: europe-west2. HK: "
       "asia-east2. ID: asia-southeast2. IL: me-west1. IN: asia-south1 asia-south2. IT: "
       "europe-west12 europe-west8. JP: asia-northeast1 asia-northeast2. KR: asia-northeast3. "
       "MX: northamerica-south1. NL: europe-west4. PL: europe-central2. QA: me-central1. SA: "
       "me-central2. SE: europe-north2. SG: asia-southeast1. TH: asia-southeast3. TW: "
       "asia-east1. US: us-central1 us-east1 us-east4 us-east5 us-south1 us-west1 us-west2 "
       "us-west3 us-west4. ZA: africa-south1."},
      {"huawei",
       "AE: ae-ad-1. BR: sa-brazil-1. CL: la-south-2. CN: cn-east-2 cn-east-3 cn-east-4 "
       "cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 "
       "cn-south-1 cn-south-2 cn-south-4 cn-southwest-2 cn-southwest-3. EG: af-north-1. FR: "
       "eu-west-0. HK: ap-southeast-1. ID: ap-southeast-4. IE: eu-west-101. MX: la-north-2 "
       "na-mexico-1. MY: my-kualalumpur-1. PH: ap-southeast-5. RU: ru-moscow-1 ru-northwest-2. "
       "SA: me-east-1. SG: ap-southeast-3. TH: ap-southeast-2. TR: tr-west-1. ZA: af-south-1."},
      {"ionos",
       "DE: de/fra(de-fra) de/txl(de-txl). ES: es/vit(es-vit). FR: fr/par(fr-par). GB: "
       "gb/bhx(gb-bhx) gb/lhr(gb-lhr). US: us/ewr(us-ewr) us/las(us-las) us/mci(us-mci)."},
      {"on-premises",
       ""},
      {"oracle",
       "AE: me-abudhabi-1 me-dubai-1. AU: ap-melbourne-1 ap-sydney-1. BR: sa-saopaulo-1 "
       "sa-vinhedo-1. CA: ca-montreal-1 ca-toronto-1. CH: eu-zurich-1. CL: sa-santiago-1 "
       "sa-valparaiso-1. CO: sa-bogota-1. DE: eu-frankfurt-1. ES: eu-madrid-1 eu-madrid-3. FR: "
       "eu-marseille-1 eu-paris-1. GB: uk-cardiff-1 uk-london-1. ID: ap-batam-1. IL: "
       "il-jerusalem-1. IN: ap-delhi-1 ap-hyderabad-1 ap-mumbai-1. IT: eu-milan-1 eu-turin-1. "
       "JP: ap-osaka-1 ap-tokyo-1. KR: ap-chuncheon-1 ap-seoul-1. MA: af-casablanca-1. MX: "
       "mx-monterrey-1 mx-queretaro-1. MY: ap-kulai-2. NL: eu-amsterdam-1. SA: me-jeddah-1 "
       "me-riyadh-1. SE: eu-stockholm-1. SG: ap-singapore-1 ap-singapore-2. US: "
       "us-ashburn-1(iad) us-chicago-1 us-phoenix-1(phx) us-saltlake-2 us-sanjose-1. ZA: "
       "af-johannesburg-1."},
      {"oracle-eu-sovereign",
       "DE: eu-frankfurt-2. ES: eu-madrid-2."},
      {"oracle-oc20",
       "RS: eu-jovanovac-1."},
      {"otc",
       "CH: eu-ch2. DE: eu-de. NL: eu-nl."},
      {"ovhcloud",
       "AU: SYD(SYD1). CA: BHS(BHS1,BHS3,BHS5) CA-EAST-TOR. DE: DE(DE1) LIM(LIM1,LIM3). FR: "
       "EU-WEST-PAR GRA(GRA1,GRA3,GRA5,GRA7,GRA9,GRA11) RBX(RBX-A,RBX-ARCHIVE) "
       "SBG(SBG1,SBG3,SBG5,SBG7). GB: ERI(ERI1) UK(UK1). IN: AP-SOUTH-MUM. IT: EU-SOUTH-MIL. "
       "PL: WAW(WAW1). SG: SGP(SGP1,SGP2). US: US-EAST-VA(US-EAST-VA-1) "
       "US-WEST-OR(US-WEST-OR-1)."},
      {"scaleway",
       "FR: fr-par(fr-par-1,fr-par-2,fr-par-3). IT: it-mil(it-mil-1). NL: "
       "nl-ams(nl-ams-1,nl-ams-2,nl-ams-3). PL: pl-waw(pl-waw-1,pl-waw-2,pl-waw-3)."},
      {"stackit",
       "AT: eu02. DE: eu01."},
      {"tencent",
       "BR: sa-saopaulo. CA: na-toronto. CN: ap-beijing(bj) ap-beijing-fsi ap-chengdu "
       "ap-chongqing ap-guangzhou(gz) ap-nanjing ap-shanghai(sh) ap-shanghai-fsi "
       "ap-shenzhen-fsi. DE: eu-frankfurt. HK: ap-hongkong(hk). ID: ap-jakarta. IN: ap-mumbai. "
       "JP: ap-tokyo. KR: ap-seoul. RU: eu-moscow. SA: me-saudi-arabia. SG: ap-singapore(sg). "
       "TH: ap-bangkok. US: na-ashburn na-siliconvalley."},
      {"volcengine",
       "CN: cn-beijing cn-beijing2 cn-datong cn-guangzhou cn-shanghai cn-wulanchabu. HK: "
       "cn-hongkong. ID: ap-southeast-3. MY: ap-southeast-1."}};
  std::map<std::string, std::string> found;
  for (const auto& [id, provider] : shipped().providers) found[id] = everyLocation(provider);
  EXPECT_EQ(found, expected);
}

TEST(ShippedPlaces, SpeakUpAgainstARegionInTheWrongCountry) {
  const Catalog& c = shipped();
  EXPECT_EQ(c.objection("aws", "eu-central-1", "DE"), "");
  EXPECT_EQ(c.objection("aws", "us-east-1", "DE"),
            "says jurisdiction DE, but aws us-east-1 is in US");
  EXPECT_EQ(c.objection("scaleway", "nl-ams-1", "FR"),
            "says jurisdiction FR, but scaleway nl-ams-1 is in NL");
  EXPECT_EQ(c.objection("tencent", "sh", "SG"), "says jurisdiction SG, but tencent sh is in CN");
  EXPECT_EQ(c.objection("oracle", "iad", "CA"), "says jurisdiction CA, but oracle iad is in US");
  EXPECT_EQ(c.objection("ionos", "de/fra", "FR"),
            "says jurisdiction FR, but ionos de/fra is in DE");
  for (const auto& [provider, location] : {std::pair("aws", "eu-unheard-1"),
                                           std::pair("nowhere", "eu-central-1"),
                                           std::pair("on-premises", "cellar")})
    EXPECT_EQ(c.objection(provider, location, "DE"), "") << provider << " " << location;
}

// Who operates a region is not the same company: the words of the larger one are not taken for it.
TEST(ShippedPlaces, TellTheProviderOfALocationOfAnotherPartition) {
  const Catalog& c = shipped();
  EXPECT_EQ(c.objection("aws", "cn-north-1", "CN"),
            "says provider aws, but cn-north-1 is a location of provider aws-cn (AWS China)");
  EXPECT_EQ(c.objection("azure", "chinaeast2", "CN"),
            "says provider azure, but chinaeast2 is a location of provider azure-cn (Azure China "
            "(21Vianet))");
  EXPECT_EQ(c.objection("aws", "us-gov-west-1", "US"),
            "says provider aws, but us-gov-west-1 is a location of provider aws-us-gov (AWS "
            "GovCloud (US))");
  EXPECT_EQ(c.objection("aws-cn", "cn-north-1", "CN"), "");
  EXPECT_EQ(c.objection("azure-cn", "chinaeast2", "CN"), "");
}

TEST(ShippedPlaces, ReadTheShortCodesOfTencentAndOracle) {
  const Provider& tencent = *shipped().provider("tencent");
  EXPECT_EQ(tencent.location("gz")->id, "ap-guangzhou");
  EXPECT_EQ(tencent.location("sh")->country, "CN");
  EXPECT_EQ(tencent.location("hk")->country, "HK");
  EXPECT_EQ(tencent.location("sg")->country, "SG");
  EXPECT_EQ(tencent.location("xx"), nullptr);
  EXPECT_EQ(shipped().provider("oracle")->location("iad")->id, "us-ashburn-1");
  EXPECT_EQ(shipped().provider("oracle")->location("phx")->country, "US");
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
