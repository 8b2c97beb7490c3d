#pragma once
// `catalog`: what this program was built with, and what --catalog lays over it.

#include "plugin/context.hpp"

namespace bailiwick::plugin {

// The words that `catalog` takes.
std::vector<std::string> catalogSections();

}  // namespace bailiwick::plugin
