#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "catalog/one_file.hpp"

namespace bailiwick::catalog {
namespace {

using ::testing::HasSubstr;

class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "catalog-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(Layers, ALaterEntryReplacesTheWholeEarlierOne) {
  const Folder folder;
  folder.write("mine.yaml",
               "vendors:\n- id: horizon\n  name: Mine\n  families:\n"
               "  - {id: f, resource: hobot.cc/X, pod: {schedulerName: volcano}}\n");
  const Catalog catalog = withOverrides(folder.path()).value();
  const Vendor* vendor = catalog.vendor("horizon");
  EXPECT_EQ(vendor->name, "Mine");
  EXPECT_TRUE(vendor->target);
  EXPECT_TRUE(vendor->products.empty());
  EXPECT_EQ(vendor->families.at(0).pod.schedulerName, "volcano");
  EXPECT_NE(catalog.vendor("nvidia"), nullptr) << "what is not replaced stays";
}

TEST(Layers, AddWhatIsNew) {
  const Folder folder;
  folder.write("a.yaml", "countries: [XK]\n");
  folder.write("b.yml", "blocs: [{name: BALKANS, asOf: now, members: [XK, RS]}]\n");
  folder.write("ignored.txt", "not YAML: [");
  const Catalog catalog = withOverrides(folder.path()).value();
  EXPECT_TRUE(catalog.knowsPlace("XK"));
  EXPECT_EQ(catalog.expand({"BALKANS"}), (std::set<std::string>{"RS", "XK"}));
}

TEST(Layers, ReplaceLabelKeysAndEngineDefaultsByName) {
  const Folder folder;
  folder.write("a.yaml",
               "labels: {jurisdictionLabel: example.com/country}\n"
               "engineDefaults: {env: {A: b}}\n");
  const Catalog catalog = withOverrides(folder.path()).value();
  EXPECT_EQ(catalog.jurisdictionLabel, "example.com/country");
  EXPECT_EQ(catalog.residencyPrefix, "data-residency.bailiwick.dev/");
  EXPECT_EQ(catalog.engine("vllm")->env.at("A"), "b");
  EXPECT_FALSE(catalog.engine("vllm")->env.contains("HF_HUB_OFFLINE"));
}

TEST(Layers, TellWhenAReplacementTakesAwayWhatOthersName) {
  const Folder folder;
  folder.write("a.yaml",
               "vendors:\n- id: huawei-ascend\n  name: Mine\n  families:\n"
               "  - {id: f, resource: huawei.com/npu}\n");
  EXPECT_THAT(withOverrides(folder.path()).error().message,
              HasSubstr("there is no product 310P3 of vendor huawei-ascend"));
}

TEST(Layers, NameTheFileAsItWasGiven) {
  const Folder folder;
  folder.write("bad.yaml", "countries: [x]\n");
  EXPECT_THAT(withOverrides(folder.path()).error().message,
              ::testing::StartsWith(folder.path() + "/bad.yaml:1: countries[0]: "));
}

TEST(Layers, AFolderThatCannotBeReadIsAnError) {
  EXPECT_THAT(withOverrides("/no/such/folder").error().message,
              HasSubstr("catalogue folder /no/such/folder: "));
  const Folder folder;
  std::filesystem::create_directory(folder.path() + "/a.yaml");
  EXPECT_FALSE(withOverrides(folder.path()));
}

TEST(Layers, DirectoriesAloneMakeACatalogue) {
  const Folder first, second;
  first.write("a.yaml", "countries: [CH]\nproviders: [{id: p, name: P, locations: []}]\n");
  second.write("a.yaml", "providers: [{id: p, name: Q, locations: [{id: z, country: CH}]}]\n");
  const Catalog catalog = load({first.path(), second.path()}).value();
  EXPECT_EQ(catalog.provider("p")->name, "Q");
  EXPECT_EQ(catalog.vendors.size(), 0U);
}

}  // namespace
}  // namespace bailiwick::catalog
