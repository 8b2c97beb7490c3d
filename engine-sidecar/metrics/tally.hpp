#pragma once
// What one thread of the data path counts. Only that thread writes, without a lock; any thread may
// read meanwhile and sees each number whole.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "route/paths.hpp"
#include "route/shadow.hpp"

namespace bailiwick::sidecar {

class Count {
 public:
  void add(std::uint64_t more = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Durations, in buckets of which each holds about twice the time of the one before.
class Spread {
 public:
  // Upper bounds in seconds; one more bucket takes what is longer.
  static constexpr std::array<double, 17> bounds{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 180, 600};

  void add(std::chrono::nanoseconds took);
  std::uint64_t count(std::size_t bucket) const { return counts_[bucket].value(); }
  double seconds() const { return static_cast<double>(micros_.value()) / 1e6; }

 private:
  std::array<Count, bounds.size() + 1> counts_;
  Count micros_;
};

// How a request ended.
enum class End {
  Complete,    // answered to its end
  Refused,     // answered by the sidecar itself: the code says why
  Broken,      // its answer broke off after it had begun
  Cut,         // broken off by a drain's timeout
  ClientGone,  // nobody was left to answer
};

const char* nameOf(End end);
const char* nameOf(Operation operation);

// Of one backend; the empty name stands for what reached none.
struct BackendTally {
  Spread firstToken;     // from the request's arrival to the answer's first byte
  Spread betweenEvents;  // of a stream
  Spread duration;       // of whole requests
  Count failovers;       // requests that were tried elsewhere after this one
};

class Tally {
 public:
  // A request by what it is counted under, and the same without a copy of its backend's name.
  using RequestView = std::tuple<std::string_view, Operation, int, End>;
  struct RequestKey {
    std::string backend;
    Operation operation;
    int status;  // 0: no answer began
    End end;
    RequestView view() const { return {backend, operation, status, end}; }
  };
  struct ByView {
    using is_transparent = void;
    bool operator()(const RequestKey& a, const RequestKey& b) const { return a.view() < b.view(); }
    bool operator()(const RequestKey& a, const RequestView& b) const { return a.view() < b; }
    bool operator()(const RequestView& a, const RequestKey& b) const { return a < b.view(); }
  };

  using Backends = std::map<std::string, BackendTally, std::less<>>;
  using Requests = std::map<RequestKey, Count, ByView>;
  using Refusals = std::map<std::string, Count, std::less<>>;
  struct Differences {
    Count status, latency, length;
  };

  // Stays where it is; the thread's own.
  BackendTally& backend(std::string_view name);
  void request(std::string_view backend, Operation operation, int status, End end);
  void refused(std::string_view code);  // "over_limit"
  void copied(const Difference& difference);

  Spread queued;         // time that requests waited for a place
  Count shadowRequests;  // copies that were sent
  Count shadowDropped;   // and those that were not: no memory, or no place

  // Calls with everything that is there, from any thread.
  template <class Visit>
  void read(Visit visit) const {
    const std::lock_guard lock(mutex_);
    visit(backends_, requests_, refusals_, differences_);
  }

 private:
  // Held to add an entry and to read from another thread; the owner alone finds without it.
  mutable std::mutex mutex_;
  Backends backends_;
  Requests requests_;
  Refusals refusals_;
  Differences differences_;
};

}  // namespace bailiwick::sidecar
