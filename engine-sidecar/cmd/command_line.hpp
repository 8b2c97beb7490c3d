#pragma once
// The command line of engine-sidecar (api.md, Programs).

#include <optional>
#include <string>

#include "config/address.hpp"

namespace bailiwick::sidecar {

enum class Command { Serve, Check, Drain, VerifyWeights };

struct CommandLine {
  Command command = Command::Serve;
  std::string config;  // of Serve and Check always; of Drain to find its admin address
  std::optional<Address> await;  // of Serve: where probes are answered until there is a config
  // Of Serve, instead of what the configuration says.
  std::optional<int> maxInFlight, maxQueued, drainSeconds;
  std::string weights, manifestDigest, signature, publicKey;  // of VerifyWeights
};

// What to do, or the exit code with which the process ends at once: 0 after --help or --version, 2
// on bad flags, which have been explained on standard error.
struct ParsedCommandLine {
  CommandLine line;
  std::optional<int> exitCode;
};
ParsedCommandLine parseCommandLine(int argc, const char* const* argv);

}  // namespace bailiwick::sidecar
