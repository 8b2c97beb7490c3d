#include <iostream>

#include "cmd/check.hpp"
#include "cmd/command_line.hpp"
#include "cmd/drain_command.hpp"
#include "cmd/serve.hpp"
#include "cmd/verify_command.hpp"

using namespace bailiwick::sidecar;

int main(int argc, char** argv) {
  const ParsedCommandLine parsed = parseCommandLine(argc, argv);
  if (parsed.exitCode) return *parsed.exitCode;
  const CommandLine& line = parsed.line;
  switch (line.command) {
    case Command::Check:
      return check(line.config, std::cout, std::cerr);
    case Command::Drain:
      return drain(line.config, std::cout, std::cerr);
    case Command::VerifyWeights:
      return verifyWeights(line, std::cout, std::cerr);
    case Command::Serve:
      return serve(line, std::cerr);
  }
  return 1;
}
