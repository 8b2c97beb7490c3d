#include "kube/outcome.hpp"

namespace bailiwick::kube {

Outcome outcomeOf(const ApiError& error) {
  if (error.retryable()) return Retry{error};
  return Terminal{Error{error.message}};
}

}  // namespace bailiwick::kube
