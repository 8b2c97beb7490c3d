#pragma once
// What one entry says of another must exist; what several say must not collide.

#include <string>
#include <vector>

#include "catalog/catalog.hpp"

namespace bailiwick::catalog {

// One sentence for each reference that leads nowhere, each label that means two places, each
// placeholder that nothing fills.
std::vector<std::string> brokenReferences(const Catalog& catalog);

}  // namespace bailiwick::catalog
