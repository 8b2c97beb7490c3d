#pragma once
// The least that a deployment's pods may say and hear on the network (protocols 9).

#include "render/metadata.hpp"

namespace bailiwick::render {

Object networkPolicy(const api::ModelDeployment& deployment, const Environment& environment);

// A NetworkPolicy ipBlock for `cidr` without the addresses at which clouds hand out credentials:
// nullopt where nothing is left of it, or it is no CIDR.
std::optional<nlohmann::json> ipBlock(const std::string& cidr);

}  // namespace bailiwick::render
