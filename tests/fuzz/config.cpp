#include "config/config.hpp"

#include "fuzz/fuzz.hpp"

// Whatever is accepted keeps the bounds that the data path counts on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const auto config = sidecar::parseConfig("c.yaml", fuzz::textOf(data, size));
  if (!config) {
    fuzz::require(config.error().message.starts_with("c.yaml:"));
    return 0;
  }
  fuzz::require(config->limits.maxInFlight > 0 && config->limits.maxQueued >= 0);
  fuzz::require(config->limits.maxHeaderSize >= 1024 && config->limits.maxBodySize > 0);
  fuzz::require(config->routes.file.empty() != config->routes.folder.empty());
  fuzz::require(!config->peers || config->peers->tls);
  return 0;
}
