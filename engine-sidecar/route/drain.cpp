#include "route/drain.hpp"

namespace bailiwick::sidecar {

std::string DrainReport::json() const {
  return "{\"inFlightAtDrain\":" + std::to_string(inFlightAtDrain) +
         ",\"completed\":" + std::to_string(completed) + ",\"cut\":" + std::to_string(cut) + "}";
}

Drain::Drain(const DrainSettings& settings) : settings_(settings) {}

void Drain::begin(Instant now) {
  if (state_ != DrainState::Serving) return;
  state_ = DrainState::LameDuck;
  until_ = now + settings_.lameDuck;
  tick(now);
}

void Drain::terminate(Instant now) {
  if (state_ == DrainState::Serving) count(now);
}

void Drain::started() {
  ++inFlight_;
}

void Drain::ended(Ending ending) {
  --inFlight_;
  if (state_ != DrainState::Draining) return;
  ++(ending == Ending::Completed ? report_.completed : report_.cut);
  if (inFlight_ == 0) state_ = DrainState::Drained;
}

std::optional<Instant> Drain::deadline() const {
  if (state_ == DrainState::Serving || state_ == DrainState::Drained) return std::nullopt;
  return until_;
}

void Drain::tick(Instant now) {
  if (state_ == DrainState::LameDuck && now >= until_) count(until_);
}

bool Drain::mustCut(Instant now) const {
  return state_ == DrainState::Draining && now >= until_;
}

void Drain::count(Instant at) {
  report_.inFlightAtDrain = inFlight_;
  until_ = at + settings_.timeout;
  state_ = inFlight_ == 0 ? DrainState::Drained : DrainState::Draining;
}

}  // namespace bailiwick::sidecar
