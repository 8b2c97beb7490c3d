#include "policy/refusal.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace bailiwick::policy {

int precedence(std::string_view reason) {
  static constexpr std::array<std::string_view, 19> order = {
      "InvalidSpec",     "NameTaken",      "PassportMissing",       "PassportExpired",
      "PassportConflict", "PolicyDenied",  "ExitInProgress",        "ArtifactMissing",
      "EngineUnsupported", "LocationContradictory", "LocationUnknown", "NoLegalPlace",
      "NoMatchingPool",  "NoRoomToSurge",  "NoCapacity",            "NotStarting",
      "RegionLost",      "Unverified",     "Scaling"};
  return static_cast<int>(
      std::distance(order.begin(), std::find(order.begin(), order.end(), reason)));
}

}  // namespace bailiwick::policy
