#include "cmd/verify_command.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "weights/manifest.hpp"

namespace bailiwick::sidecar {
namespace {

namespace fs = std::filesystem;

class VerifyCommand : public ::testing::Test {
 protected:
  VerifyCommand() : folder_(fs::temp_directory_path() / ("verify-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / "model.bin") << "weights";
    const std::string manifest = hex(sha256("weights")) + "  model.bin\n";
    std::ofstream(folder_ / manifestName) << manifest;
    line_.weights = folder_;
    line_.manifestDigest = "sha256:" + hex(sha256(manifest));
  }
  ~VerifyCommand() override { fs::remove_all(folder_); }

  fs::path folder_;
  CommandLine line_;
  std::ostringstream out_, errors_;
};

TEST_F(VerifyCommand, SaysWhatItRead) {
  EXPECT_EQ(verifyWeights(line_, out_, errors_), 0) << errors_.str();
  EXPECT_TRUE(std::regex_match(
      out_.str(), std::regex("verified 1 files, 0\\.000 GiB in \\d+\\.\\d\\d s, \\d+\\.\\d\\d "
                             "GiB/s\n")))
      << out_.str();
  EXPECT_EQ(errors_.str(), "");
}

TEST_F(VerifyCommand, EndsWithWhatIsWrong) {
  std::ofstream(folder_ / "more.bin") << "x";
  EXPECT_EQ(verifyWeights(line_, out_, errors_), 1);
  EXPECT_EQ(errors_.str(),
            "more.bin is not listed in MANIFEST.sha256\n"
            "1 problem: these are not the weights of the passport\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(VerifyCommand, TellsAHundredProblemsAndTheirNumber) {
  for (int i = 0; i < 120; ++i) std::ofstream(folder_ / ("x" + std::to_string(i))) << "x";
  EXPECT_EQ(verifyWeights(line_, out_, errors_), 1);
  const std::string text = errors_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 101);
  EXPECT_TRUE(text.ends_with("120 problems: these are not the weights of the passport\n"));
}

TEST_F(VerifyCommand, TakesAKeyAsTextOrFile) {
  line_.publicKey = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n";
  EXPECT_EQ(verifyWeights(line_, out_, errors_), 1);
  EXPECT_EQ(errors_.str().rfind("the signature model.sig cannot be opened", 0), 0U);
  errors_.str("");
  line_.publicKey = folder_ / "absent.pub";
  EXPECT_EQ(verifyWeights(line_, out_, errors_), 1);
  EXPECT_EQ(errors_.str(), "cannot read the public key " + line_.publicKey + "\n");
  errors_.str("");
  std::ofstream(folder_ / "absent.pub") << "no key";
  std::ofstream(folder_ / "model.sig") << "{}";
  EXPECT_EQ(verifyWeights(line_, out_, errors_), 1);
  EXPECT_NE(errors_.str().find("the signature model.sig cannot be checked"), std::string::npos);
}

}  // namespace
}  // namespace bailiwick::sidecar
