#pragma once
// Kubernetes quantities (k8s.io/apimachinery/pkg/api/resource) and api.md's quoted decimals, as
// integers. Values that do not fit saturate at the int64 limits, as they do in Kubernetes.

#include <cstdint>
#include <string>
#include <string_view>

#include "api/result.hpp"

namespace bailiwick::api {

// Thousandths of a unit, rounded up: "1" -> 1000, "100m" -> 100, "1Gi" -> 1024^3 * 1000.
// Accepts every spelling the API server accepts (suffixes n u m k M G T P E, Ki..Ei, exponents, sign).
Result<std::int64_t> parseMilli(std::string_view quantity);
// Whole units, rounded up: bytes for memory, devices for extended resources.
Result<std::int64_t> parseUnits(std::string_view quantity);

// A decimal of api.md ("0.5", "96.00", "1000") in thousandths.
Result<std::int64_t> parseThousandths(std::string_view decimal);
// The shortest decimal that reads back to the same thousandths: 500 -> "0.5", 1000 -> "1".
std::string formatThousandths(std::int64_t thousandths);

// The largest binary unit that divides it: 150323855360 -> "140Gi".
std::string formatBytes(std::int64_t bytes);

}  // namespace bailiwick::api
