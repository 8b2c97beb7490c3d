#include "route/admission.hpp"

#include <algorithm>
#include <cmath>

namespace bailiwick::sidecar {
namespace {

constexpr double newestPart = 0.1;  // of the moving mean
constexpr std::int64_t longestRetryAfter = 60;

}  // namespace

Admission::Admission(const Limits& limits) : limits_(limits) {}

Admission::Arrival Admission::arrive(std::string_view key, Instant now) {
  Arrival arrival;
  const std::string name(key);
  if (!name.empty()) {
    const auto held = perKey_.find(name);
    if (held != perKey_.end() && held->second >= limits_.maxInFlightPerKey) {
      arrival.refused = overLimit("this key has its " + std::to_string(limits_.maxInFlightPerKey) +
                                  " requests in flight");
      return arrival;
    }
  }
  arrival.admitted = inFlight_ < limits_.maxInFlight;
  const bool mayWait = limits_.queueTimeout.count() > 0 && queued() < limits_.maxQueued;
  if (!arrival.admitted && !mayWait) {
    arrival.refused = overLimit("all places are taken and the queue is full");
    return arrival;
  }
  arrival.ticket = ++last_;
  Known& known = known_[arrival.ticket];
  known.since = now;
  if (arrival.admitted) {
    ++inFlight_;
  } else {
    known.place = queue_.insert(queue_.end(), {arrival.ticket, now + limits_.queueTimeout});
  }
  if (!name.empty()) {
    ++perKey_[name];
    known.key = name;
  }
  return arrival;
}

std::vector<Admission::Ticket> Admission::leave(Ticket ticket, Instant now) {
  std::vector<Ticket> admitted;
  const auto it = known_.find(ticket);
  if (it == known_.end()) return admitted;
  if (!it->second.place) {
    --inFlight_;
    const std::chrono::duration<double> took = now - it->second.since;
    meanSeconds_ += newestPart * (took.count() - meanSeconds_);
  }
  forget(it);
  while (inFlight_ < limits_.maxInFlight && !queue_.empty()) {
    const Ticket next = queue_.front().ticket;
    queue_.pop_front();
    Known& known = known_.at(next);
    known.place.reset();
    known.since = now;
    ++inFlight_;
    admitted.push_back(next);
  }
  return admitted;
}

std::vector<Admission::Ticket> Admission::expire(Instant now) {
  std::vector<Ticket> out;
  while (!queue_.empty() && queue_.front().deadline <= now) {
    out.push_back(queue_.front().ticket);
    forget(known_.find(out.back()));
  }
  return out;
}

std::optional<Instant> Admission::nextDeadline() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.front().deadline;
}

Refusal Admission::expired() const {
  return overLimit("no place became free in time");
}

Refusal Admission::overLimit(std::string message) const {
  const double wait = std::ceil((queued() + 1) * meanSeconds_ / limits_.maxInFlight);
  const auto most = static_cast<double>(longestRetryAfter);
  return {Code::OverLimit, std::move(message),
          std::chrono::seconds(static_cast<std::int64_t>(std::clamp(wait, 1.0, most)))};
}

void Admission::forget(std::unordered_map<Ticket, Known>::iterator it) {
  if (it->second.place) queue_.erase(*it->second.place);
  if (const auto key = perKey_.find(it->second.key); key != perKey_.end()) {
    if (--key->second == 0) perKey_.erase(key);
  }
  known_.erase(it);
}

}  // namespace bailiwick::sidecar
