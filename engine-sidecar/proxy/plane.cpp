#include "proxy/plane.hpp"

#include <boost/asio/post.hpp>
#include <fstream>

#include "log/log.hpp"

namespace bailiwick::sidecar {
namespace {

// What one body may have is in the tables of a gateway; none may take the room of all others.
RetrySettings readAheadSettings(const Config& config) {
  const bool gateway = !config.routes.folder.empty();
  return {gateway ? config.retry.maxCopyTotal / 4 : config.limits.maxBodySize,
          config.retry.maxCopyTotal};
}

// The kubelet shows it as the container's termination message.
void writeReport(const DrainSettings& settings, const DrainReport& report) {
  if (settings.terminationMessage.empty()) return;
  std::ofstream out(settings.terminationMessage, std::ios::trunc);
  out << report.json() << std::flush;
  if (!out)
    log::error("the drain report could not be written",
               {{"file", settings.terminationMessage}, {"report", report.json()}});
}

}  // namespace

Plane::Plane(Config settings, std::unique_ptr<LogWriter> writer)
    : config(std::move(settings)),
      paths(config.paths),
      log(std::move(writer)),
      ownHealth(config.engine ? std::make_shared<Health>(config.outliers, true) : nullptr),
      copies(config.retry),
      readAhead(readAheadSettings(config)),
      admission_(config.limits),
      retries_(config.limits),
      drain_(config.drain) {}

std::optional<Refusal> Plane::enter(std::string_view key, const std::shared_ptr<Place>& place,
                                    Instant now) {
  const std::lock_guard lock(mutex_);
  if (!drain_.admits())
    return Refusal{Code::Draining, "this replica is going away; ask again",
                   std::chrono::seconds(1)};
  Admission::Arrival arrival = admission_.arrive(key, now);
  if (arrival.refused) return std::move(arrival.refused);
  drain_.started();
  retries_.request();
  place->ticket = arrival.ticket;
  place->state = arrival.admitted ? Place::State::Admitted : Place::State::Waiting;
  if (!arrival.admitted) waiting_.emplace(arrival.ticket, place);
  return std::nullopt;
}

void Plane::leave(Place& place, Ending ending, Instant now) {
  const std::lock_guard lock(mutex_);
  place.listener = nullptr;
  waiting_.erase(place.ticket);
  for (const Admission::Ticket next : admission_.leave(place.ticket, now))
    tellLocked(next, Place::State::Admitted);
  drain_.ended(ending);
  noteDrainLocked();
}

void Plane::tellLocked(Admission::Ticket ticket, Place::State state) {
  const auto it = waiting_.find(ticket);
  if (it == waiting_.end()) return;
  const std::shared_ptr<Place> place = it->second;
  waiting_.erase(it);
  asio::post(*place->io, [place, state] {
    place->state = state;
    if (place->listener) place->listener->ready();
  });
}

Refusal Plane::expired() const {
  const std::lock_guard lock(mutex_);
  return admission_.expired();
}

bool Plane::takeRetry() {
  const std::lock_guard lock(mutex_);
  return retries_.take();
}

void Plane::beginDrain(Instant now) {
  const std::lock_guard lock(mutex_);
  drain_.begin(now);
  noteDrainLocked();
}

void Plane::terminate(Instant now) {
  const std::lock_guard lock(mutex_);
  drain_.terminate(now);
  noteDrainLocked();
}

void Plane::noteDrainLocked() {
  const DrainState before = drainState_.exchange(drain_.state());
  if (before == drain_.state()) return;
  if (drain_.state() == DrainState::Drained) writeReport(config.drain, drain_.report());
}

DrainReport Plane::report() const {
  const std::lock_guard lock(mutex_);
  return drain_.report();
}

int Plane::inFlight() const {
  const std::lock_guard lock(mutex_);
  return admission_.inFlight();
}

int Plane::queued() const {
  const std::lock_guard lock(mutex_);
  return admission_.queued();
}

bool Plane::tick(Instant now) {
  const std::lock_guard lock(mutex_);
  for (const Admission::Ticket ticket : admission_.expire(now))
    tellLocked(ticket, Place::State::Expired);
  drain_.tick(now);
  noteDrainLocked();
  return drain_.mustCut(now);
}

void Plane::setKeys(std::shared_ptr<const Keys> keys) {
  const std::lock_guard lock(keysMutex_);
  keys_.swap(keys);
}

std::shared_ptr<const Keys> Plane::keys() const {
  const std::lock_guard lock(keysMutex_);
  return keys_;
}

}  // namespace bailiwick::sidecar
