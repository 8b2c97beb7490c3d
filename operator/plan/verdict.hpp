#pragma once
// Why a node may not, or the nodes of a region cannot, take a replica: in the words of the
// conditions.

#include <optional>
#include <string>
#include <vector>

#include "plan/inventory.hpp"
#include "policy/refusal.hpp"

namespace bailiwick::plan {

// Why a node of this group is no lawful place, or nothing.
std::optional<policy::Refusal> whyUnlawful(std::string_view nodeName, const NodeGroup& group,
                                           const std::vector<std::string>& dataResidency,
                                           const api::Region& region,
                                           const catalog::Catalog& catalog);

// Why no further replica of the variant fits now, into these groups or anywhere. Called when none
// does.
policy::Refusal whyNoRoom(const api::Variant& variant, const Requirement& requirement,
                          const std::vector<std::string>& dataResidency,
                          const Inventory& inventory, const std::vector<int>& groups,
                          const api::Region& region, const catalog::Catalog& catalog);
policy::Refusal whyNoRoom(const api::Variant& variant, const Requirement& requirement,
                          const std::vector<std::string>& dataResidency,
                          const Inventory& inventory, const api::Region& region,
                          const catalog::Catalog& catalog);

}  // namespace bailiwick::plan
