#pragma once
// What a request demands of the place that serves it (api.md: x-data-jurisdiction,
// x-data-residency).

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/route_table.hpp"
#include "route/refusal.hpp"

namespace bailiwick::sidecar {

// Empty lists demand nothing.
struct Law {
  std::vector<std::string> jurisdictions;  // one of these countries
  std::vector<std::string> classes;        // all of these residency classes
};

// Values of the two headers, comma lists; several headers of one name are joined by commas before.
// nullopt: not sent. An empty or malformed value is refused (400), never ignored.
tl::expected<Law, Refusal> parseLaw(std::optional<std::string_view> jurisdiction,
                                    std::optional<std::string_view> residency);

// Why a table's domain does not give these residency classes, or nothing (451).
std::optional<Refusal> classesRefused(const Law& law, const Residency& residency);

}  // namespace bailiwick::sidecar
