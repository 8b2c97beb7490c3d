#include "route/shadow.hpp"

namespace bailiwick::sidecar {

bool sampled(int percent, Operation operation, Random& random) {
  const bool copies = operation == Operation::Chat || operation == Operation::Completions ||
                      operation == Operation::Embeddings;
  return copies && random.below(100) < percent;
}

Difference compare(const Observed& original, const Observed& copy) {
  constexpr api::Duration noticeable{100};
  Difference difference;
  difference.status = original.status / 100 != copy.status / 100;
  difference.latency = copy.took > 2 * original.took && copy.took - original.took > noticeable;
  difference.length = copy.bytes * 2 < original.bytes || copy.bytes > original.bytes * 2;
  return difference;
}

}  // namespace bailiwick::sidecar
