#include "kube/resource_version.hpp"

#include <algorithm>

namespace bailiwick::kube {
namespace {

bool isInteger(std::string_view text) {
  return !text.empty() && (text.size() == 1 || text.front() != '0') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::strong_ordering> compareResourceVersions(std::string_view a,
                                                            std::string_view b) {
  if (!isInteger(a) || !isInteger(b)) return std::nullopt;
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

bool notNewer(std::string_view version, std::string_view than) {
  const auto order = compareResourceVersions(version, than);
  return order && *order <= 0;
}

}  // namespace bailiwick::kube
