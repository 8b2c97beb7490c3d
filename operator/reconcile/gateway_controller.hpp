#pragma once
// The ConfigMaps that this region's gateway reads: its configuration, its peers' authorities, and a
// route table for each deployment.

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "kube/client.hpp"
#include "kube/outcome.hpp"
#include "reconcile/planner.hpp"
#include "render/render.hpp"

namespace bailiwick::reconcile {

class GatewayController {
 public:
  struct Config {
    kube::Transport* transport = nullptr;  // fenced
    const Caches* caches = nullptr;
    Planner* planner = nullptr;
    std::function<render::Environment(const api::Region&)> environment;
    std::function<void()> changed;  // what is to be written; on the thread that told of it
  };

  // Stands for the gateway in a queue of names: no object has it.
  static const api::Key& name();
  // Whether an object is one of those that it writes.
  static bool owns(const api::ObjectMeta& meta);

  explicit GatewayController(Config config) : config_(std::move(config)) {}

  // What the table of a deployment is to be. Threads may call these at once.
  void set(const api::Key& deployment, std::string table);
  void forget(const api::Key& deployment);

  // Writes what differs. Until each deployment has its table once, nothing: a gateway that serves
  // goes on by what was written before this process began.
  kube::Outcome reconcile(std::stop_token stop);

 private:
  // Nothing where one of the plan's deployments has not told its table yet.
  std::optional<std::vector<render::GatewayTable>> tables(const Planned& planned) const;
  kube::ApiResult<void> ensure(render::Object object, std::stop_token stop);

  Config config_;
  mutable std::mutex mutex_;
  std::map<api::Key, std::string> tables_;
};

}  // namespace bailiwick::reconcile
