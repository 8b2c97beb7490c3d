#include "reconcile/gateway_controller.hpp"

#include "api/hash.hpp"
#include "api/labels.hpp"
#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

namespace names = api::names;

constexpr auto untilAllHaveTold = std::chrono::milliseconds(250);

// Of what an object holds. It is compared instead of the content, which caches do not keep.
constexpr char contentAnnotation[] = "bailiwick.dev/content-hash";

}  // namespace

const api::Key& GatewayController::name() {
  static const api::Key key{"", "/gateway"};
  return key;
}

bool GatewayController::owns(const api::ObjectMeta& meta) {
  return meta.labels.has(names::roleLabel, "gateway") &&
         !meta.labels.find(names::deploymentLabel);
}

void GatewayController::set(const api::Key& deployment, std::string table) {
  {
    const std::lock_guard lock(mutex_);
    auto& known = tables_[deployment];
    if (known == table) return;
    known = std::move(table);
  }
  config_.changed();
}

void GatewayController::forget(const api::Key& deployment) {
  {
    const std::lock_guard lock(mutex_);
    if (tables_.erase(deployment) == 0) return;
  }
  config_.changed();
}

std::optional<std::vector<render::GatewayTable>> GatewayController::tables(
    const Planned& planned) const {
  const std::lock_guard lock(mutex_);
  std::vector<render::GatewayTable> result;
  for (const auto& [key, plan] : planned.plan.deployments) {
    const auto found = tables_.find(key);
    if (found == tables_.end()) return std::nullopt;
    result.push_back({key, found->second});
  }
  return result;
}

kube::Outcome GatewayController::reconcile(std::stop_token stop) {
  const auto planned = config_.planner->current();
  if (!planned || !planned->snapshot.region) return kube::Done{};
  const auto environment = config_.environment(*planned->snapshot.region);
  if (!environment.gateway) return kube::Done{};
  const auto tables = this->tables(*planned);
  if (!tables) return kube::RequeueAfter{untilAllHaveTold};
  std::vector<const api::Region*> regions;
  for (const auto& region : planned->snapshot.regions) regions.push_back(region.get());
  for (auto& object : render::regionGatewayObjects(*tables, regions, environment)) {
    if (const auto done = ensure(std::move(object), stop); !done)
      return kube::outcomeOf(done.error());
  }
  return kube::Done{};
}

kube::ApiResult<void> GatewayController::ensure(render::Object object, std::stop_token stop) {
  const auto hash = api::sha256Hex(object.body.dump());
  const auto cached = config_.caches->meta(kube::resources::configMaps, object.key);
  if (cached && cached->annotations.has(contentAnnotation, hash)) return {};
  object.body["metadata"]["annotations"][contentAnnotation] = hash;
  const auto written =
      kube::write(*config_.transport,
                  kube::apply(kube::resources::configMaps, object.key, object.body.dump(),
                              kube::Force::Yes),
                  stop);
  if (!written) return tl::unexpected(written.error());
  log::info("applied", {{"object", "ConfigMap/" + object.key.name}, {"namespace", object.key.ns}});
  return {};
}

}  // namespace bailiwick::reconcile
