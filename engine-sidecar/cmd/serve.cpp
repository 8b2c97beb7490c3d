#include "cmd/serve.hpp"

#include <malloc.h>

#include <filesystem>
#include <ostream>

#include "cmd/cores.hpp"
#include "cmd/version.hpp"
#include "log/log.hpp"
#include "proxy/files.hpp"
#include "proxy/server.hpp"

namespace bailiwick::sidecar {
namespace {

// The copy of a body is as large as the body and lives as long as its request. Given back to the
// kernel each time, its pages would be cleared for the next one: a seventh of a large request's CPU.
void keepFreedMemory() {
  constexpr int largestCopy = 2 << 20, kept = 8 << 20;  // bytes; the second for each thread
  mallopt(M_MMAP_THRESHOLD, largestCopy);
  mallopt(M_TRIM_THRESHOLD, kept);
}

bool isThere(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

// A gateway's configuration is written by the operator, and only for a region that it knows: whoever
// waits for the gateway before making the Region would wait for ever, were it not Ready without.
// False where it was told to end.
Result<bool> await(const std::string& configFile, const Address& observe) {
  if (isThere(configFile)) return true;
  log::info("waits for its configuration", {{"file", configFile}});
  Config nothing;
  nothing.drain.terminationMessage.clear();
  auto log = LogWriter::open(nothing.accessLog);
  if (!log) return tl::unexpected(log.error());
  Server server(std::move(nothing), std::move(*log), buildVersion, 1);
  return server.await(observe, [&configFile] { return isThere(configFile); });
}

void adjust(const CommandLine& line, Config& config) {
  config.limits.maxInFlight = line.maxInFlight.value_or(config.limits.maxInFlight);
  config.limits.maxQueued = line.maxQueued.value_or(config.limits.maxQueued);
  if (line.drainSeconds) config.drain.timeout = std::chrono::seconds(*line.drainSeconds);
}

}  // namespace

int serve(const CommandLine& line, std::ostream& errors) {
  keepFreedMemory();
  log::setUp(log::Format::Json, "info");
  const std::string& configFile = line.config;
  const auto complain = [&errors](const Error& error) {
    errors << error.message << "\n";
    return 1;
  };
  if (line.await) {
    const auto there = await(configFile, *line.await);
    if (!there) return complain(there.error());
    if (!*there) return 0;
  }
  const auto text = readFile(configFile);
  if (!text) return complain(text.error());
  auto config = parseConfig(configFile, *text);
  if (!config) return complain(config.error());
  adjust(line, *config);
  auto log = LogWriter::open(config->accessLog);
  if (!log) return complain(log.error());
  Server server(std::move(*config), std::move(*log), buildVersion, usableCores());
  if (auto started = server.start(); !started) return complain(started.error());
  const Server::Ports& ports = server.ports();
  log::info("serving", {{"data", ports.data},
                        {"admin", ports.admin},
                        {"observe", ports.observe},
                        {"peers", ports.peers}});
  server.run();
  return 0;
}

}  // namespace bailiwick::sidecar
