#include "cmd/command_line.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace bailiwick::sidecar {
namespace {

const std::string digest =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

ParsedCommandLine parse(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv{"engine-sidecar"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return parseCommandLine(static_cast<int>(argv.size()), argv.data());
}

TEST(CommandLine, SaysWhatToDo) {
  EXPECT_EQ(parse({"--config=/c"}).line.command, Command::Serve);
  EXPECT_EQ(parse({"--config", "/c"}).line.config, "/c");
  EXPECT_EQ(parse({"--config=/c", "--check"}).line.command, Command::Check);
  EXPECT_EQ(parse({"--drain"}).line.command, Command::Drain);
  EXPECT_EQ(parse({"--drain", "--config=/c"}).line.config, "/c");
  EXPECT_FALSE(parse({"--config=/c"}).line.await);
  EXPECT_EQ(parse({"--config=/c", "--await-config=:9091"}).line.await->port, 9091);
  const auto gateway = parse({"--config=/c", "--max-in-flight=9", "--max-queued=0", "--drain-timeout=60"});
  EXPECT_EQ(gateway.line.maxInFlight, 9);
  EXPECT_EQ(gateway.line.maxQueued, 0);
  EXPECT_EQ(gateway.line.drainSeconds, 60);
  const std::string pem = "-----BEGIN PUBLIC KEY-----\nx\n";
  const auto verify = parse({"--verify-weights", "/models", "--manifest-digest", digest,
                             "--public-key=" + pem, "--signature=/models/model.sig"});
  EXPECT_FALSE(verify.exitCode);
  EXPECT_EQ(verify.line.command, Command::VerifyWeights);
  EXPECT_EQ(verify.line.weights, "/models");
  EXPECT_EQ(verify.line.manifestDigest, digest);
  EXPECT_EQ(verify.line.publicKey, pem);
  EXPECT_EQ(verify.line.signature, "/models/model.sig");
}

TEST(CommandLine, RefusesWhatMakesNoSense) {
  const std::vector<std::vector<std::string>> bad = {
      {},
      {"--check"},
      {"--config"},
      {"--config=/c", "--config=/d"},
      {"--config=/c", "--check", "--drain"},
      {"--config=/c", "more"},
      {"--await-config=:9091"},
      {"--config=/c", "--max-in-flight=0"},
      {"--config=/c", "--max-queued=-1"},
      {"--config=/c", "--drain-timeout=0"},
      {"--config=/c", "--await-config=everywhere"},
      {"--config=/c", "--await-config=:9091", "--check"},
      {"--verify-weights", "/models"},
      {"--manifest-digest", digest},
      {"--verify-weights", "/models", "--manifest-digest", "sha256:00"},
      {"--verify-weights", "/models", "--manifest-digest", digest.substr(7)},
      {"--verify-weights", "/models", "--manifest-digest", digest, "--config=/c"},
      {"--verify-weights", "/models", "--manifest-digest", digest, "--drain"},
      {"--verify-weights", "/models", "--manifest-digest", digest, "--signature=/s"},
      {"--public-key=/k", "--config=/c"},
  };
  for (const auto& arguments : bad)
    EXPECT_EQ(parse(arguments).exitCode, 2) << ::testing::PrintToString(arguments);
}

TEST(CommandLine, EndsAfterHelpAndVersion) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(parse({"--version"}).exitCode, 0);
  EXPECT_EQ(parse({"--help"}).exitCode, 0);
  const std::string out = ::testing::internal::GetCapturedStdout();
  EXPECT_EQ(out.rfind("engine-sidecar ", 0), 0U);
  EXPECT_NE(out.find("Examples:\n  engine-sidecar --config="), std::string::npos);
}

}  // namespace
}  // namespace bailiwick::sidecar
