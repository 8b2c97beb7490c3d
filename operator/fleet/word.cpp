#include "fleet/word.hpp"

#include "fleet/view.hpp"

namespace bailiwick::fleet {

bool saysTheSame(const api::ModelDeployment& before, const api::ModelDeployment& after,
                 std::string_view region) {
  const auto &a = before.meta, &b = after.meta;
  const auto *was = selfEntry(before, region), *is = selfEntry(after, region);
  return a.uid == b.uid && a.generation == b.generation && a.deleted == b.deleted &&
         a.labels == b.labels && a.annotations == b.annotations &&
         (was && is ? *was == *is : was == is);
}

}  // namespace bailiwick::fleet
