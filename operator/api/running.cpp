#include "api/running.hpp"

#include <nlohmann/json.hpp>

namespace bailiwick::api {

using nlohmann::json;

std::string describeRunning(const Variant& variant) {
  const json out = {{"variant", variant.name},
                    {"passport", variant.passport},
                    {"artifact", variant.artifact},
                    {"engine", variant.engine.name},
                    {"image", variant.engine.image},
                    {"vendor", variant.accelerator.vendor},
                    {"products", variant.accelerator.products}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<Variant> parseRunning(std::string_view text) {
  try {
    const json in = json::parse(text);
    Variant variant;
    in.at("variant").get_to(variant.name);
    in.at("passport").get_to(variant.passport);
    in.at("artifact").get_to(variant.artifact);
    in.at("engine").get_to(variant.engine.name);
    in.at("image").get_to(variant.engine.image);
    in.at("vendor").get_to(variant.accelerator.vendor);
    in.at("products").get_to(variant.accelerator.products);
    return variant;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace bailiwick::api
