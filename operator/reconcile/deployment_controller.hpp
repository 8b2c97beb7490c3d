#pragma once
// One ModelDeployment at a time: plan -> step -> desired objects -> apply -> status.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kube/outcome.hpp"
#include "plan/status.hpp"
#include "plan/transition.hpp"
#include "reconcile/applier.hpp"
#include "reconcile/events.hpp"
#include "reconcile/gateway_controller.hpp"
#include "reconcile/own_writes.hpp"
#include "reconcile/peer_reader.hpp"
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
    std::string sidecarImage;
    std::function<api::Time()> now;
    std::optional<render::OwnGateway> gateway = std::nullopt;  // none: this region has no gateway
    GatewayController* gatewayTables = nullptr;  // where there is one
    PeerReader* peers = nullptr;  // nullptr: nobody can be asked
  };

  explicit DeploymentController(Config config);

  // Takes a name, never an event. May run for different names at once.
  kube::Outcome reconcile(const api::Key& key, std::stop_token stop);

  render::Environment environment(const api::Region& region) const;

 private:
  struct Work;  // what one reconcile has gathered and decided

  void carryOut(Work& work);
  void mark(Work& work);
  void restart(Work& work);
  void applyObjects(Work& work);
  void refreshRoutes(Work& work, const std::vector<render::Object>& shared);
  bool withdrawGateway(Work& work, const render::Environment& environment);
  bool standsUnlawfully(const Work& work, const render::Environment& environment) const;
  void applyGateway(Work& work, bool needed, const render::Environment& environment);
  void removeGateway(Work& work);
  void applyVariant(Work& work, const render::VariantShare& share,
                    const render::Environment& environment);
  std::string apply(Work& work, const render::Object& object);
  void scaleUnrendered(Work& work);
  void removeFinished(Work& work);
  bool remove(Work& work, const std::string& runner);
  kube::ApiResult<void> writeStatus(Work& work);
  kube::ApiResult<void> patchStatus(const api::ModelDeployment& current,
                                    const api::ModelDeploymentStatus& status,
                                    std::stop_token stop);
  kube::Outcome reportNoRegion(const api::ModelDeployment& current, const std::string& problem,
                               std::stop_token stop);
  void askPeers(const Work& work);
  void forget(const api::Key& key);

  Config config_;
  OwnWrites ownWrites_;
  Applier applier_;
};

}  // namespace bailiwick::reconcile
