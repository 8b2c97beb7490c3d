#pragma once
// The threads that take names from the queues and reconcile them.

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "kube/outcome.hpp"
#include "kube/work_queue.hpp"
#include "reconcile/planner.hpp"
#include "reconcile/progress.hpp"

namespace bailiwick::reconcile {

class Workers {
 public:
  using Reconcile = std::function<kube::Outcome(const api::Key& key, std::stop_token stop)>;

  // `most` threads at the most. The observer may be null.
  Workers(std::size_t most, Observer* observer) : observer_(observer), progress_(most) {}

  // One more thread for a queue, which outlives it. Of one thread at a time, like stop().
  void start(kube::WorkQueue<>& queue, Reconcile reconcile);
  // Returns when every thread has ended. Their queues were shut down before.
  void stop() { threads_.clear(); }
  // Who hangs, one a line; empty: nobody. Of any thread.
  std::string stuck(Progress::Clock::time_point now) const;

 private:
  void work(kube::WorkQueue<>& queue, const Reconcile& reconcile, Progress& progress,
            std::stop_token stop);

  Observer* observer_;
  std::vector<Progress> progress_;  // of each thread
  std::vector<std::jthread> threads_;
};

}  // namespace bailiwick::reconcile
