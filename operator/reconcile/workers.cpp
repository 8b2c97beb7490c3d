#include "reconcile/workers.hpp"

#include <fmt/format.h>

#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

// A reconciliation is some dozen requests, each with a deadline of seconds.
constexpr std::chrono::minutes patience{15};

// What one object makes go wrong stops no other: nothing that is thrown ends a worker.
kube::Outcome guarded(const Workers::Reconcile& reconcile, const api::Key& key,
                      std::stop_token stop) {
  try {
    return reconcile(key, stop);
  } catch (const std::exception& error) {
    return kube::Terminal{Error{fmt::format("unexpected: {}", error.what())}};
  }
}

void tell(const api::Key& key, const kube::Outcome& outcome) {
  if (const auto* retry = std::get_if<kube::Retry>(&outcome)) {
    log::warn("reconcile failed, retrying",
              {{"object", key.str()}, {"error", retry->error.message}});
  }
  if (const auto* terminal = std::get_if<kube::Terminal>(&outcome)) {
    log::error("reconcile failed", {{"object", key.str()}, {"error", terminal->error.message}});
  }
}

}  // namespace

void Workers::start(kube::WorkQueue<>& queue, Reconcile reconcile) {
  auto& progress = progress_.at(threads_.size());
  threads_.emplace_back(
      [this, &queue, &progress, reconcile = std::move(reconcile)](std::stop_token stop) {
        work(queue, reconcile, progress, stop);
      });
}

std::string Workers::stuck(Progress::Clock::time_point now) const {
  std::string reasons;
  for (const auto& progress : progress_) {
    const auto worker = progress.stuck(patience, now);
    if (!worker.empty()) reasons += "a worker hangs: " + worker + "\n";
  }
  return reasons;
}

void Workers::work(kube::WorkQueue<>& queue, const Reconcile& reconcile, Progress& progress,
                   std::stop_token stop) {
  while (auto key = queue.get(stop)) {
    const auto begun = std::chrono::steady_clock::now();
    progress.begin("reconciling " + key->str(), begun);
    const auto outcome = guarded(reconcile, *key, stop);
    progress.rest();
    if (observer_) observer_->reconciled(outcome, std::chrono::steady_clock::now() - begun);
    if (stop.stop_requested()) return;
    tell(*key, outcome);
    kube::settle(queue, *key, outcome);
  }
}

}  // namespace bailiwick::reconcile
