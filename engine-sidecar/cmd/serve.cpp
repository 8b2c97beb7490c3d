#include "cmd/serve.hpp"

#include <malloc.h>

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

}  // namespace

int serve(const std::string& configFile, std::ostream& errors) {
  keepFreedMemory();
  log::setUp(log::Format::Json, "info");
  const auto complain = [&errors](const Error& error) {
    errors << error.message << "\n";
    return 1;
  };
  const auto text = readFile(configFile);
  if (!text) return complain(text.error());
  auto config = parseConfig(configFile, *text);
  if (!config) return complain(config.error());
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
