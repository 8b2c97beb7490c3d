#pragma once
// Carries exit orders out: gathers what is there, asks the state machine (plan/exit.hpp), writes the
// records, and only then lets anything be done.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "kube/outcome.hpp"
#include "reconcile/events.hpp"
#include "reconcile/evidence_store.hpp"
#include "reconcile/exit_gate.hpp"
#include "reconcile/exit_purge.hpp"
#include "reconcile/planner.hpp"

namespace bailiwick::reconcile {

class ExitController {
 public:
  struct Config {
    kube::Transport* transport = nullptr;  // fenced
    Caches* caches = nullptr;
    Planner* planner = nullptr;
    ExitGate* gate = nullptr;
    EventRecorder* events = nullptr;
    std::string ns;  // of the evidence and its key
    std::string clusterUid;
    std::function<api::Time()> now;
    std::function<void()> headsChanged;                   // evidenceHeads() says something new
    std::function<void(const plan::Drained&)> drained;    // for metrics
    // What the peers have of an order's name; nothing where the region is alone.
    std::function<std::vector<plan::PeerOrder>(const std::string& order)> peers = {};
  };

  explicit ExitController(Config config);

  // Names the orders that a change of the caches may concern, on the caches' threads. To be called
  // before they start.
  void watch(const std::function<void(const api::Key&)>& changed);
  // A new plan concerns every order that is not closed.
  void planned(const std::function<void(const api::Key&)>& changed) const;

  // One order at a time: not for two names at once.
  kube::Outcome reconcile(const api::Key& key, std::stop_token stop);

  // Whether an order records what becomes of this pod, and lets it go itself.
  bool records(const api::Pod& pod) const;
  // How far the evidence of each order has come.
  std::vector<api::EvidenceHead> heads() const;
  // That the chain of this head begins with its first `records`; empty where that is not known. The
  // chain may have grown since the head was told: the proof is of what the head says.
  std::vector<std::string> growthProof(const api::EvidenceHead& head, int records) const;
  kube::ApiResult<void> countersign(evidence::Countersignature& one, std::stop_token stop) {
    return store_.countersign(one, std::move(stop));
  }

 private:
  struct Known {
    std::string uid;
    EvidenceChain chain;
    plan::Journal journal;
    std::optional<api::Time> lingersSince;
  };
  struct Work;

  kube::ApiResult<void> load(Work& work);
  kube::ApiResult<void> gather(Work& work);
  kube::ApiResult<void> decide(Work& work);
  kube::ApiResult<void> carryOut(Work& work);
  bool lingers(const Work& work);
  kube::Outcome again(const Work& work) const;
  kube::Outcome failed(Work& work, const kube::ApiError& error, bool ofEvidence);
  kube::Outcome letGoUnrecorded(const api::ExitOrder& order, const kube::ApiError& error,
                                std::stop_token stop);
  kube::ApiResult<void> writeStatus(const api::ExitOrder& order,
                                    const api::ExitOrderStatus& status, std::stop_token stop);
  api::ExitOrderStatus statusOf(const Work& work) const;
  kube::ApiResult<void> setFinalizer(const api::ExitOrder& order, bool wanted, std::stop_token stop);
  void tell(const Work& work);
  void keep(const std::string& name, std::shared_ptr<const Known> known);
  std::shared_ptr<const Known> known(const std::string& name) const;

  Config config_;
  EvidenceStore store_;
  ExitPurge purge_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Known>> known_;  // by the order's name
};

}  // namespace bailiwick::reconcile
