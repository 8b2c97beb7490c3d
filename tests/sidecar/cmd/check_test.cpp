#include "cmd/check.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bailiwick::sidecar {
namespace {

namespace fs = std::filesystem;

class Check : public ::testing::Test {
 protected:
  Check() : folder_(fs::temp_directory_path() / ("check-" + std::to_string(getpid()))) {
    fs::create_directories(folder_ / "routes.d");
  }
  ~Check() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  // A configuration whose fifth line is `routes` and whose sixth is `more`.
  void config(const std::string& routes, const std::string& more = "") {
    write("c.yaml",
          "apiVersion: sidecar.bailiwick.dev/v1alpha1\nkind: SidecarConfig\n"
          "data: {listen: \":8080\"}\nidentity: {region: fra, jurisdiction: DE}\n"
          "routes: {" +
              routes + "}\n" + more);
  }
  int run() {
    out_.str("");
    errors_.str("");
    return check(at("c.yaml"), out_, errors_);
  }

  fs::path folder_;
  std::ostringstream out_, errors_;
};

TEST_F(Check, FindsNothingWhereNothingIsWrong) {
  config("file: " + at("absent.yaml"), "auth: {keysFile: " + at("absent") + "}\n");
  EXPECT_EQ(run(), 0) << errors_.str();
  EXPECT_EQ(out_.str(), at("c.yaml") + ": nothing is wrong\n");
  EXPECT_EQ(errors_.str(), "");
}

TEST_F(Check, PrintsEveryErrorOfTheConfiguration) {
  config("file: r", "admin: {}\n");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(errors_.str(), at("c.yaml") + ":5: routes.file: must be the absolute path of a file\n" +
                               at("c.yaml") + ":6: admin: listen is missing\n");
  fs::remove(folder_ / "c.yaml");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(errors_.str(), at("c.yaml") + ": cannot be read\n");
}

TEST_F(Check, LooksAtTheFilesThatAreThere) {
  config("file: " + at("r.yaml"), "auth: {keysFile: " + at("keys") + "}\n");
  write("r.yaml", "servedName: s\n");
  write("keys", "x\n");
  EXPECT_EQ(run(), 1);
  const std::string errors = errors_.str();
  EXPECT_NE(errors.find(at("r.yaml") + ":1: generation is missing\n"), std::string::npos) << errors;
  EXPECT_NE(errors.find(at("keys") + ":1: must be the key's SHA-256"), std::string::npos) << errors;
}

TEST_F(Check, TellsWhatIsNeverUsedWithoutCallingItAnError) {
  config("folder: " + at("routes.d"));
  const std::string table =
      "servedName: s\ngeneration: 1\nresidency: {jurisdictions: [DE]}\nbackends:\n- {name: us, "
      "kind: "
      "External, url: \"https://x/v1\", jurisdiction: US, variant: v}\n";
  write("routes.d/a.b.yaml", table);
  write("routes.d/notes.txt", "no table");
  EXPECT_EQ(run(), 0) << errors_.str();
  EXPECT_EQ(out_.str(), at("routes.d/a.b.yaml") +
                            ": backend us is in US, outside the domain: DE\n" + at("c.yaml") +
                            ": nothing is wrong\n");
  write("routes.d/a.c.yaml", "x");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(errors_.str(), at("routes.d/a.c.yaml") + ":1: must be a map, is a text\n");
}

}  // namespace
}  // namespace bailiwick::sidecar
