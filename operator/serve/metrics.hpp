#pragma once
// What the operator counts, in Prometheus' text format (prefix bailiwick_).

#include <memory>
#include <string>
#include <vector>

#include "reconcile/operator.hpp"

namespace bailiwick::serve {

class Metrics final : public reconcile::Observer {
 public:
  explicit Metrics(const std::string& version, const std::string& region);
  ~Metrics() override;

  void planned(const reconcile::Planned& planned, std::chrono::nanoseconds took) override;
  void drained(const plan::Drained& drained) override;
  void reconciled(const kube::Outcome& outcome, std::chrono::nanoseconds took) override;

  // The Region objects of this cluster, as they are now.
  void seen(const std::vector<std::shared_ptr<const api::Region>>& regions);
  // The peers, as this process sees them now.
  void sighted(const std::vector<peers::PeerSight>& peers);

  // The text for /metrics, with what `operator_` shows now.
  std::string scrape(const reconcile::Operator& operator_);
  // The same, with what was told before.
  std::string text() const;

 private:
  void countViolations(const plan::Plan& plan);
  void tellExitReadiness(const plan::Plan& plan, api::Time now);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bailiwick::serve
