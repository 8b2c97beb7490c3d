#include <CLI/CLI.hpp>
#include <cstdio>
#include <thread>

#include "log/log.hpp"
#include "proxy/files.hpp"
#include "proxy/server.hpp"

namespace {

using namespace bailiwick;
using namespace bailiwick::sidecar;

int complain(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

int serve(const std::string& file) {
  const auto text = readFile(file);
  if (!text) return complain(text.error().message);
  auto config = parseConfig(file, *text);
  if (!config) return complain(config.error().message);
  auto log = LogWriter::open(config->accessLog);
  if (!log) return complain(log.error().message);
  Server server(std::move(*config), std::move(*log), std::thread::hardware_concurrency());
  if (auto started = server.start(); !started) return complain(started.error().message);
  const auto& ports = server.ports();
  log::info("serving", {{"data", ports.data},
                        {"admin", ports.admin},
                        {"observe", ports.observe},
                        {"peers", ports.peers}});
  server.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("engine-sidecar");
  std::string config;
  app.add_option("--config", config)->required();
  CLI11_PARSE(app, argc, argv);
  log::setUp(log::Format::Json, "info");
  return serve(config);
}
