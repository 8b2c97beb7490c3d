#pragma once
// What a pod runs, as far as policies and exit orders look at it: written into each pod when it is
// made, because the spec that it was made from may change while it runs.

#include <optional>
#include <string>
#include <string_view>

#include "api/model_deployment.hpp"

namespace bailiwick::api {

// Name, passport, artifact, engine, image, vendor and products, as canonical JSON.
std::string describeRunning(const Variant& variant);

// Nothing where the text is none of describeRunning().
std::optional<Variant> parseRunning(std::string_view text);

}  // namespace bailiwick::api
