#include "api/model_passport.hpp"

#include <algorithm>

namespace bailiwick::api {

const Artifact* ModelPassport::artifact(std::string_view wanted) const {
  const auto at = std::find_if(artifacts.begin(), artifacts.end(),
                               [&](const Artifact& a) { return a.name == wanted; });
  return at != artifacts.end() ? &*at : nullptr;
}

}  // namespace bailiwick::api
