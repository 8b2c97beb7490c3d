#pragma once
// The only place that looks into resourceVersions. KEP-5504 defines their order as that of decimal
// integers within one resource; whatever is no such integer stays opaque.

#include <compare>
#include <optional>
#include <string_view>

namespace bailiwick::kube {

// Nullopt when either is no decimal integer: then nothing is known of their order.
std::optional<std::strong_ordering> compareResourceVersions(std::string_view a, std::string_view b);

// Known to be older than, or the same as.
bool notNewer(std::string_view version, std::string_view than);

}  // namespace bailiwick::kube
