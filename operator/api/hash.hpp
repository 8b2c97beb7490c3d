#pragma once
// Hashes by which regions that see the same things know that they do (api.md, "A spec hash").

#include <string>
#include <string_view>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"

namespace bailiwick::api {

// 64 hexadecimal digits.
std::string sha256Hex(std::string_view bytes);

// Canonical JSON (RFC 8785: sorted keys, no spaces) of the spec: defaults filled, durations in
// milliseconds, quantities as integers, empty left out, without what stays in one region
// (serviceAccountName, imagePullSecrets, env with valueFrom).
std::string canonicalSpec(const ModelDeploymentSpec& spec);
// The first 40 hexadecimal digits of its SHA-256.
std::string specHash(const ModelDeploymentSpec& spec);

// The same over the immutable identities of the passports that a deployment names, in any order.
std::string passportHash(const std::vector<const ModelPassport*>& passports);

}  // namespace bailiwick::api
