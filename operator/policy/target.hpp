#pragma once
// Whether an exit order's target names a variant at one place. Lineage counts: what is derived from
// something that is left, is left.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/exit_order.hpp"
#include "catalog/catalog.hpp"
#include "policy/facts.hpp"

namespace bailiwick::policy {

// In what the variant violates the policy of that name, whichever its enforcement; nothing: in
// nothing, or there is no such policy.
using Violates = std::function<std::optional<std::string>(std::string_view policy, const Facts&)>;

// What of it is named: "vendor nvidia", "origin CN of passport qwen". Of a model of which nothing is
// known any target that looks at models may be meant: it is named.
std::optional<std::string> named(const api::ExitTarget& target, const Facts& facts,
                                 const catalog::Catalog& catalog, const Violates& violates = {});

// The same, where the order selects the deployment.
std::optional<std::string> targeted(const api::ExitOrderSpec& order, const Facts& facts,
                                    const catalog::Catalog& catalog, const Violates& violates = {});

}  // namespace bailiwick::policy
