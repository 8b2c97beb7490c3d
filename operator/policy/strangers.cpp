#include "policy/strangers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bailiwick::policy {

std::vector<std::string> strangersIn(const api::ExitTarget& target, const catalog::Catalog& catalog) {
  std::vector<std::string> out;
  const auto check = [&](const char* what, const std::vector<std::string>& names, auto&& known) {
    for (const auto& name : names) {
      if (!known(name)) out.push_back(fmt::format("{} {}", what, name));
    }
  };
  const auto isPlace = [&](const std::string& name) { return catalog.knowsPlace(name); };
  check("origin", target.origins, isPlace);
  check("jurisdiction", target.jurisdictions, isPlace);
  check("vendor", target.vendors, [&](const auto& name) { return catalog.vendor(name); });
  check("engine", target.engines, [&](const auto& name) { return catalog.engine(name); });
  check("product", target.products, [&](const auto& name) { return knowsProduct(catalog, name); });
  return out;
}

bool knowsProduct(const catalog::Catalog& catalog, std::string_view product) {
  return std::any_of(catalog.vendors.begin(), catalog.vendors.end(),
                     [&](const auto& entry) { return entry.second.product(product) != nullptr; });
}

}  // namespace bailiwick::policy
