#include "manifest/files.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bailiwick::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() : folder_(std::filesystem::path(::testing::TempDir()) / "bailiwick-files-test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "below");
    for (const auto* name : {"b.yaml", "a.yml", "c.json", "notes.txt", "below/d.yaml"}) {
      std::ofstream(folder_ / name) << name;
    }
  }
  ~FilesTest() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> texts(const std::vector<std::string>& paths, bool recursive = false) {
    std::istringstream input("from a pipe");
    const auto sources = collect(paths, recursive, input);
    if (!sources) return {sources.error().message};
    std::vector<std::string> all;
    for (const auto& source : *sources) all.push_back(source.text);
    return all;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  const std::filesystem::path folder_;
};

TEST_F(FilesTest, ADirectoryGivesItsManifestsInTheOrderOfTheirNames) {
  EXPECT_THAT(texts({folder_.string()}), ElementsAre("a.yml", "b.yaml", "c.json"));
  EXPECT_THAT(texts({folder_.string()}, true),
              ElementsAre("a.yml", "b.yaml", "below/d.yaml", "c.json"));
}

TEST_F(FilesTest, AFileIsTakenWhateverItsName) {
  EXPECT_THAT(texts({path("notes.txt"), "-"}), ElementsAre("notes.txt", "from a pipe"));
}

TEST_F(FilesTest, WhatCannotBeReadSaysSo) {
  EXPECT_THAT(texts({path("none.yaml")}), ElementsAre(HasSubstr("there is no such file")));
  EXPECT_THAT(texts({"https://example.com/x.yaml"}), ElementsAre(HasSubstr("not fetched")));
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_THAT(texts({path("empty")}), ElementsAre(HasSubstr("no *.yaml")));
}

}  // namespace
}  // namespace bailiwick::manifest
