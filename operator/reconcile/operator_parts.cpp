// What an operator is made of, and who tells whom.

#include <fmt/format.h>

#include "reconcile/operator.hpp"

namespace bailiwick::reconcile {

void Operator::makePlanner() {
  Planner::Config planner;
  planner.caches = &caches_;
  planner.catalog = config_.catalog;
  planner.settings = config_.settings;
  planner.region = config_.region;
  planner.now = serverTime();
  planner.changed = [this](const api::Key& key) { queues_.deployments.add(key); };
  planner.fleet = [this] {
    return peers_->any() ? std::make_shared<const fleet::FleetView>(peers_->view()) : nullptr;
  };
  planner.leading = [this] { return leading(); };
  planner.exits = &exitGate_;
  planner.planned = [this] { planned(); };
  planner.observer = config_.observer;
  planner.renderable = [this](const api::ModelDeployment& deployment, const api::Variant& variant,
                              const api::ModelPassport& passport) {
    const auto region = caches_.regions.store().get(api::Key{"", config_.region});
    if (!region) return std::optional<policy::Refusal>();
    return render::unrenderable(deployment, variant, passport, deployments_->environment(*region));
  };
  planner_ = std::make_unique<Planner>(std::move(planner));
  watched_ = planner_.get();
}

std::unique_ptr<peers::GatewayProbe> Operator::probe() const {
  if (!config_.gateway || !config_.gatewayAddress) return nullptr;
  return std::make_unique<peers::GatewayProbe>(
      *config_.gatewayAddress, fmt::format("{}.{}.svc", config_.gateway->name, config_.gateway->ns),
      config_.dialGateway);
}

void Operator::makeControllers(const std::string& clusterUid) {
  const auto drained = [this](const plan::Drained& replica) {
    if (config_.observer) config_.observer->drained(replica);
  };
  makePeers(clusterUid);
  reader_ = std::make_unique<FreshReader>(*peers_, caches_.regions.store(), *config_.catalog,
                                          config_.region, probe());
  gateway_ = std::make_unique<GatewayController>(GatewayController::Config{
      fencedTransport_.get(), &caches_, planner_.get(),
      [this](const api::Region& region) { return deployments_->environment(region); },
      [this] { queues_.deployments.addAfter(GatewayController::name(), quiet::gateway); }});
  deployments_ = std::make_unique<DeploymentController>(DeploymentController::Config{
      fencedTransport_.get(), &caches_, config_.catalog, planner_.get(), events_.get(),
      config_.sidecarImage, serverTime(), config_.gateway, gateway_.get(), reader_.get()});
  makeImports();
  regions_ = std::make_unique<RegionController>(RegionController::Config{
      fencedTransport_.get(), &caches_, planner_.get(), peers_.get(), config_.region, clusterUid,
      serverTime(), [this] { return exits_->heads(); }, [this] { return imports_->refusals(); },
      [this](const api::EvidenceHead& head, int records) { return exits_->growthProof(head, records); },
      [this](evidence::Countersignature& one, std::stop_token stop) {
        return exits_->countersign(one, std::move(stop));
      }});
  passports_ = std::make_unique<PassportController>(
      PassportController::Config{fencedTransport_.get(), &caches_, serverTime()});
  passports_->watch(
      [this](const api::Key& key) { queues_.passports.addAfter(key, quiet::passport); });
  policies_ = std::make_unique<PolicyController>(PolicyController::Config{
      fencedTransport_.get(), &caches_, config_.catalog, planner_.get(), serverTime()});
  policies_->watch([this](const api::Key& key) { queues_.policies.add(key); });
  exits_ = std::make_unique<ExitController>(ExitController::Config{
      fencedTransport_.get(), &caches_, planner_.get(), &exitGate_, events_.get(), config_.ns,
      clusterUid, kube::ServerClock::systemTime,
      [this] { queues_.deployments.addAfter(api::Key{"", config_.region}, quiet::region); },
      drained, [this](const std::string& order) { return peers_->orders(order); }});
  exits_->watch([this](const api::Key& key) { queues_.exits.add(key); });
  drains_ = std::make_unique<DrainController>(DrainController::Config{
      fencedTransport_.get(), &caches_, [this](const api::Pod& pod) { return exits_->records(pod); },
      drained});
  drains_->watch([this](const api::Key& key) { queues_.drains.add(key); });
}

void Operator::makePeers(const std::string& clusterUid) {
  peers::Peers::Config peers;
  peers.region = config_.region;
  peers.home = fencedTransport_.get();
  peers.regions = &caches_.regions;
  peers.clusterUid = clusterUid;
  peers.dial = config_.dial;
  peers.now = serverTime();
  peers.leading = [this] { return leading(); };
  peers.changed = [this](const api::Key& deployment) {
    if (deployment.name.empty()) {
      planner_->poke();
      imports_->all([this](const api::Key& key) { queues_.imports.addAfter(key, quiet::import); });
    } else {
      planner_->poke();
      queues_.imports.addAfter(deployment, quiet::import);
    }
  };
  peers.ordersChanged = [this] {
    exits_->planned([this](const api::Key& key) { queues_.exits.addAfter(key, quiet::exit); });
  };
  peers.statusChanged = [this](const api::Key& region) {
    if (region.name == config_.region) {
      queues_.deployments.addAfter(region, quiet::region);
    } else {
      queues_.deployments.add(region);
    }
  };
  peers_ = std::make_unique<peers::Peers>(std::move(peers));
  sighted_ = peers_.get();
}

void Operator::makeImports() {
  ImportController::Config imports;
  imports.transport = fencedTransport_.get();
  imports.caches = &caches_;
  imports.peers = peers_.get();
  imports.catalog = config_.catalog;
  imports.settings = config_.settings;
  imports.region = config_.region;
  imports.ns = config_.ns;
  imports.makesNamespaces = config_.makesNamespaces;
  imports.now = serverTime();
  imports.refusalsChanged = [this] {
    queues_.deployments.addAfter(api::Key{"", config_.region}, quiet::region);
  };
  imports_ = std::make_unique<ImportController>(std::move(imports));
  imports_->watch([this](const api::Key& key) { queues_.imports.addAfter(key, quiet::import); });
}

}  // namespace bailiwick::reconcile
