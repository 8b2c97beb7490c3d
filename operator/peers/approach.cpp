#include "peers/approach.hpp"

#include <algorithm>

namespace bailiwick::peers {
namespace {

// Who has not asked for so long does not want a place any more; turns are a quarter of it apart.
constexpr std::chrono::milliseconds forgottenAfter{1'000};

template <class Guests>
auto find(Guests& guests, const void* visitor) {
  return std::find_if(guests.begin(), guests.end(),
                      [&](const auto& guest) { return guest.visitor == visitor; });
}

}  // namespace

bool Approach::enter(const void* visitor, kube::SteadyTime now, std::chrono::milliseconds stay) {
  const std::lock_guard lock(mutex_);
  const auto over = [&](const Guest& guest) { return guest.until <= now; };
  if (find(inside_, visitor) != inside_.end()) return true;
  std::erase_if(inside_, over);
  const auto known = find(waiting_, visitor);
  if (known == waiting_.end()) {
    waiting_.push_back({visitor, now + forgottenAfter});
  } else {
    known->until = now + forgottenAfter;
  }
  std::erase_if(waiting_, over);
  const auto free = places_ - std::min(places_, inside_.size());
  const auto mine = find(waiting_, visitor);
  if (static_cast<std::size_t>(mine - waiting_.begin()) >= free) return false;
  waiting_.erase(mine);
  inside_.push_back({visitor, now + stay});
  return true;
}

void Approach::leave(const void* visitor) {
  const std::lock_guard lock(mutex_);
  const auto is = [&](const Guest& guest) { return guest.visitor == visitor; };
  std::erase_if(inside_, is);
  std::erase_if(waiting_, is);
}

}  // namespace bailiwick::peers
