// What a peer's API server may show, a digit before it chooses the kind. What passes the bounds is read
// without a fault, and what a status of ours would repeat of it passes them as well.
#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "api/decode.hpp"
#include "api/encode.hpp"
#include "fuzz/fuzz.hpp"
#include "manifest/bounds.hpp"

namespace {

using namespace bailiwick;
using simdjson::dom::element;

// Nothing where the bounds or the decoder refuse it.
template <class T>
std::optional<T> accepted(const char* kind, element shown, Result<T> (*decode)(element)) {
  const auto within = manifest::builtinBounds(kind).check(shown);
  fuzz::require(within || !within.error().message.empty());
  if (!within) return std::nullopt;
  auto decoded = decode(shown);
  fuzz::require(decoded || !decoded.error().message.empty());
  if (!decoded) return std::nullopt;
  const auto& meta = decoded->meta;
  fuzz::require(meta.key.ns.size() <= 63 && meta.key.name.size() <= 253 && meta.uid.size() <= 64);
  return *std::move(decoded);
}

// As plan::peerEntries relays them: of a region's health the judgement here is told.
void relay(const api::ModelDeployment& shown) {
  api::ModelDeploymentStatus own;
  own.regions = shown.status.regions;
  for (auto& entry : own.regions) entry.health = "Live";
  nlohmann::json object = {{"metadata", {{"name", "a"}, {"namespace", "n"}}}};
  object.merge_patch({{"status", api::toJson(own)}});
  const auto text = object.dump();
  simdjson::dom::parser parser;
  element told;
  fuzz::require(parser.parse(text).get(told) == simdjson::SUCCESS);
  fuzz::require(manifest::builtinBounds("ModelDeployment").check(told).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  simdjson::dom::parser parser;
  element json;
  const std::string text(fuzz::textOf(data + 1, size - 1));
  if (parser.parse(text).get(json) != simdjson::SUCCESS) return 0;
  switch (static_cast<char>(data[0])) {
    case '0':
      if (const auto shown = accepted("ModelDeployment", json, api::decodeModelDeployment)) {
        relay(*shown);
      }
      break;
    case '1':
      accepted("Region", json, api::decodeRegion);
      break;
    default:
      accepted("ExitOrder", json, api::decodeExitOrder);
  }
  return 0;
}
