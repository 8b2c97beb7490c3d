#pragma once
// Keeps the plan of the region current: one thread that plans again when something changed that a
// plan depends on, and names the deployments that are to be reconciled.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "kube/outcome.hpp"
#include "plan/drain.hpp"
#include "plan/placement.hpp"
#include "plan/ready_planner.hpp"
#include "reconcile/exit_gate.hpp"
#include "reconcile/progress.hpp"
#include "reconcile/snapshot.hpp"

namespace bailiwick::reconcile {

// A plan and what it was made of. Immutable: readers keep it as long as they need it.
struct Planned {
  Snapshot snapshot;
  plan::World world;  // of the snapshot
  plan::Plan plan;
  api::Time at;
  std::chrono::steady_clock::time_point gathered;  // just before the caches were read
};

// What the operator tells of its work, for metrics.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void planned(const Planned& planned, std::chrono::nanoseconds took) = 0;
  virtual void reconciled(const kube::Outcome& outcome, std::chrono::nanoseconds took) = 0;
  virtual void drained(const plan::Drained& drained) = 0;  // one replica
};

class Planner {
 public:
  struct Config {
    const Caches* caches = nullptr;
    const catalog::Catalog* catalog = nullptr;
    const ExitGate* exits = nullptr;  // nullptr: no exit order is in force
    policy::Settings settings;
    std::string region;
    decltype(plan::World::renderable) renderable;
    // What is known of the peers now; none: the region is alone.
    std::function<std::shared_ptr<const fleet::FleetView>()> fleet;
    // Whether this process carries plans out; none: it does. A handover that it does not carry out is
    // another's, and nothing is remembered of it.
    std::function<bool()> leading;
    std::function<api::Time()> now;
    // Called on the planner's thread, after current() shows the plan.
    std::function<void(const api::Key&)> changed;
    std::function<void()> planned;
    Observer* observer = nullptr;
    // Changes are collected this long before planning again.
    std::chrono::milliseconds quiet{20};
  };

  explicit Planner(Config config);
  ~Planner();

  void start();
  void stop();

  // Something that concerns every deployment changed: those whose plan comes out anew are reconciled.
  void poke();
  // Something that every pod template is made of changed: all are reconciled.
  void pokeAll();
  // Something of this deployment changed: it is reconciled whether or not its plan comes out anew.
  void poke(const api::Key& key);
  // The same at a later time: a deadline.
  void pokeAt(const api::Key& key, api::Time when);
  // Of the workload that was to have so many replicas the objects were refused, or not: empty. After
  // rollout.progressDeadline in a row the variant counts as one that does not start.
  void noteApply(const api::ModelDeployment& deployment, const api::Variant& variant, int replicas,
                 const std::string& refusal);
  // What peers said when they were asked for a handover; those that could not be read are left out.
  struct PeerAnswer {
    std::uint64_t ticket = 0;
    api::ModelDeploymentSpec spec;  // that they were asked about
    std::vector<std::pair<std::string, api::ModelDeployment>> read;
  };
  void noteAnswer(const api::ModelDeployment& deployment, PeerAnswer answer);
  // Whether the pod of this deployment could be annotated just now.
  void noteMark(const api::Key& deployment, const std::string& podUid, bool marked);

  // Nullptr before the first plan.
  std::shared_ptr<const Planned> current() const;

  // What its thread has been at for longer than any plan takes; empty: it moves.
  std::string stuck(Progress::Clock::time_point now) const;

 private:
  using Clock = std::chrono::steady_clock;
  void run(std::stop_token stop);
  bool waitForWork(std::stop_token stop, std::set<api::Key>& keys);
  void replan(const std::set<api::Key>& keys);
  plan::Plan place(plan::World& world, const Snapshot& snapshot);
  void pokeAtLocked(const api::Key& key, api::Time when);
  decltype(plan::World::applyRefusals) applyRefusals() const;
  plan::PodMemory podMemory() const;
  void rememberPods(const plan::Plan& plan, const Snapshot& snapshot);
  void noteStuck(const plan::Plan& plan, api::Time now);
  void forgetRefusals(const plan::Plan& plan);
  void forgiveChanged(const Snapshot& snapshot);
  void lookAtFleet(Planned& next);
  void followFleet(const Planned& next);

  Config config_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  bool dirty_ = false, all_ = false;
  std::set<api::Key> keys_;
  std::map<api::Key, api::Time> deadlines_;
  bool deadlinesChanged_ = false;
  // What was tried. Whoever changes it wants it tried at once.
  struct Attempt {
    api::Variant variant;
    api::PodSpec pod;
    friend bool operator==(const Attempt&, const Attempt&) = default;
  };
  using VariantId = std::pair<std::string, std::string>;  // deployment uid, variant
  std::map<VariantId, std::pair<Attempt, plan::ApplyRefusal>> refusals_;
  plan::PodMemory podMemory_;
  std::map<std::string, PeerAnswer> answers_;  // by deployment uid
  std::shared_ptr<const Planned> current_;
  // The planner's thread only.
  bool reconcileAll_ = false;
  plan::ReadyPlanner readiness_;
  fleet::Memory fleet_;
  decltype(plan::World::withdrawn) withdrawn_;
  // What did not start, as it was then, and how often.
  struct Failure {
    int count = 0;
    Attempt tried;
  };
  std::map<VariantId, Failure> failures_;
  Progress progress_;
  std::jthread thread_;
};

}  // namespace bailiwick::reconcile
