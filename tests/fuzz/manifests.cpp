// Manifests that `kubectl bailiwick plan` is given: YAML or JSON, judged by the schemas.
#include "manifest/manifests.hpp"

#include "api/decode.hpp"
#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const auto read = manifest::read({{"input", std::string(fuzz::textOf(data, size))}});
  for (const auto& finding : read.findings) fuzz::require(!finding.message.empty());
  for (const auto& entry : read.entries) {
    if (entry.kind != "ModelDeployment" || !entry.ours) continue;
    const auto decoded =
        manifest::decodeEntry<api::ModelDeployment>(entry, api::decodeModelDeployment);
    fuzz::require(decoded || !decoded.error().message.empty());
  }
  return 0;
}
