#pragma once
// One ModelDeployment at a time: plan -> step -> desired objects -> apply -> status.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kube/outcome.hpp"
#include "plan/status.hpp"
#include "plan/transition.hpp"
#include "reconcile/applier.hpp"
#include "reconcile/events.hpp"
#include "reconcile/planner.hpp"
#include "render/render.hpp"

namespace bailiwick::reconcile {

class DeploymentController {
 public:
  struct Config {
    kube::Transport* transport = nullptr;  // fenced: writes only while leading
    const Caches* caches = nullptr;
    const catalog::Catalog* catalog = nullptr;
    Planner* planner = nullptr;
    EventRecorder* events = nullptr;
    std::string region;
    std::string sidecarImage;
    std::function<api::Time()> now;
  };

  explicit DeploymentController(Config config);

  // Takes a name, never an event. May run for different names at once.
  kube::Outcome reconcile(const api::Key& key, std::stop_token stop);

  render::Environment environment(const api::Region& region) const;

 private:
  struct Work;  // what one reconcile has gathered and decided

  std::optional<kube::Outcome> readOwnWrites(const api::Key& key, const Planned& planned);
  void carryOut(Work& work);
  kube::ApiResult<void> mark(Work& work);
  kube::ApiResult<void> restart(Work& work);
  void applyObjects(Work& work);
  void scaleUnrendered(Work& work);
  void removeFinished(Work& work);
  kube::ApiResult<void> writeStatus(Work& work);
  kube::ApiResult<void> patchStatus(const api::ModelDeployment& current,
                                    const api::ModelDeploymentStatus& status,
                                    std::stop_token stop);
  kube::Outcome reportNoRegion(const api::ModelDeployment& current, std::stop_token stop);
  void forget(const api::Key& key);
  void failed(Work& work, const std::string& object, const Applier::Failure& failure);

  Config config_;
  kube::Expectations expectations_;
  Applier applier_;
  std::mutex mutex_;
  std::set<api::Key> unseen_;  // whose writes the caches may not have seen yet
  std::map<api::Key, std::chrono::steady_clock::time_point> notBefore_;  // of the next plan to use
};

}  // namespace bailiwick::reconcile
