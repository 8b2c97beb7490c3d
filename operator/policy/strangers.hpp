#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/exit_order.hpp"
#include "catalog/catalog.hpp"

namespace bailiwick::policy {

// What an exit order targets and the catalogue does not know, "vendor nvidea": perhaps misspelt, and
// then nothing is left. Of providers only places are in the catalogue, so that they are not judged.
std::vector<std::string> strangersIn(const api::ExitTarget& target, const catalog::Catalog& catalog);

// Of any vendor.
bool knowsProduct(const catalog::Catalog& catalog, std::string_view product);

}  // namespace bailiwick::policy
