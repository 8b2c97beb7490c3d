#pragma once
// What came of reconciling one name, and what the work queue does about it.

#include <chrono>
#include <variant>

#include "api/result.hpp"
#include "kube/error.hpp"

namespace bailiwick::kube {

struct Done {};
struct RequeueAfter {
  std::chrono::milliseconds delay;
};
// It may succeed later by itself.
struct Retry {
  ApiError error;
};
// Only a change of the object, of our rights or of somebody else's objects helps: retried slowly,
// since nothing may tell us of it.
struct Terminal {
  Error error;
};
using Outcome = std::variant<Done, RequeueAfter, Retry, Terminal>;

// Retry where the error says that it may pass, else Terminal.
Outcome outcomeOf(const ApiError& error);

// The one switch from outcomes to queue actions. Q is a WorkQueue of Item.
template <class Q, class Item>
void settle(Q& queue, const Item& item, const Outcome& outcome) {
  if (const auto* later = std::get_if<RequeueAfter>(&outcome)) {
    queue.forget(item);
    queue.addAfter(item, later->delay);
  } else if (const auto* retry = std::get_if<Retry>(&outcome)) {
    queue.addRateLimited(item, retry->error.retryAfter.value_or(std::chrono::seconds{0}));
  } else if (std::holds_alternative<Terminal>(outcome)) {
    queue.addRefused(item);
  } else {
    queue.forget(item);
  }
  queue.done(item);
}

}  // namespace bailiwick::kube
