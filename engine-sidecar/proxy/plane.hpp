#pragma once
// What all threads of the data path share: the configuration, places and the queue, the drain, the
// memory for copies. Its locks are held for a few instructions.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "config/config.hpp"
#include "proxy/access_log.hpp"
#include "proxy/event_loop.hpp"
#include "proxy/route_book.hpp"
#include "route/admission.hpp"
#include "route/drain.hpp"
#include "route/keys.hpp"
#include "route/paths.hpp"
#include "route/retry.hpp"

namespace bailiwick::sidecar {

// A request's place among those in flight, or in the queue for one.
struct Place {
  enum class State { Waiting, Admitted, Expired };

  Place(asio::io_context& loop, ReadyListener* who) : io(&loop), listener(who) {}

  asio::io_context* io;     // of the thread that reads what follows
  ReadyListener* listener;  // is told of a new state; null once the request has gone
  State state = State::Waiting;
  Admission::Ticket ticket = 0;
};

class Plane {
 public:
  Plane(Config config, std::unique_ptr<LogWriter> log);

  const Config config;
  const Paths paths;
  const std::unique_ptr<LogWriter> log;
  const std::shared_ptr<Health> ownHealth;  // null without an engine
  CopyMemory copies;                        // kept for retries and shadows
  CopyMemory readAhead;                     // kept while "model" is looked for
  std::atomic<int> shadows{0};              // under way

  // A table per deployment in a folder, and peers' gateways as its clients.
  bool isGateway() const { return !config.routes.folder.empty(); }

  // Counts a request in, unless it is refused. `place` then waits or is admitted, until leave().
  std::optional<Refusal> enter(std::string_view key, const std::shared_ptr<Place>& place,
                               Instant now);
  void leave(Place& place, Ending ending, Instant now);
  // Of a request that found no place in time.
  Refusal expired() const;
  bool takeRetry();

  DrainState drainState() const { return drainState_.load(std::memory_order_relaxed); }
  bool refuses() const { return drainState() >= DrainState::Draining; }
  void beginDrain(Instant now);
  void terminate(Instant now);
  DrainReport report() const;
  int inFlight() const;
  int queued() const;
  // Expires what has waited too long, and goes on with the drain. Returns whether what is still in
  // flight has to be broken off.
  bool tick(Instant now);

  void setKeys(std::shared_ptr<const Keys> keys);
  std::shared_ptr<const Keys> keys() const;

 private:
  void tellLocked(Admission::Ticket ticket, Place::State state);
  void noteDrainLocked();

  mutable std::mutex mutex_;
  Admission admission_;
  RetryBudget retries_;
  Drain drain_;
  std::atomic<DrainState> drainState_{DrainState::Serving};
  std::unordered_map<Admission::Ticket, std::shared_ptr<Place>> waiting_;
  // No std::atomic of a shared_ptr: that of GCC 12 does not order a load before the next store.
  mutable std::mutex keysMutex_;
  std::shared_ptr<const Keys> keys_;
};

}  // namespace bailiwick::sidecar
