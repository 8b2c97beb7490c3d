// Which change in the caches concerns what: a plan, a deployment, a peer.

#include "reconcile/operator.hpp"

#include "evidence/chunk.hpp"
#include "reconcile/snapshot.hpp"

namespace bailiwick::reconcile {
namespace {

bool matters(const api::Node& a, const api::Node& b) {
  return a.meta.labels != b.meta.labels || a.unschedulable != b.unschedulable ||
         a.ready != b.ready || a.taints != b.taints || a.allocatable != b.allocatable ||
         a.meta.deleted != b.meta.deleted;
}

bool matters(const api::Pod& a, const api::Pod& b) {
  return a.node != b.node || a.terminated != b.terminated || a.ready != b.ready ||
         a.requests != b.requests || a.meta.deleted != b.meta.deleted ||
         a.meta.uid != b.meta.uid || a.meta.annotations != b.meta.annotations ||
         a.meta.labels != b.meta.labels || a.waitingReason != b.waitingReason ||
         a.waitingMessage != b.waitingMessage;
}

bool matters(const api::Region& a, const api::Region& b) {
  auto x = a, y = b;
  x.meta.resourceVersion = y.meta.resourceVersion;
  x.status = y.status;
  return !(x == y);
}

bool matters(const api::SovereigntyPolicy& a, const api::SovereigntyPolicy& b) {
  return a.meta.generation != b.meta.generation || a.meta.uid != b.meta.uid;
}

bool matters(const api::ModelPassport& a, const api::ModelPassport& b) {
  auto x = a, y = b;
  x.meta.resourceVersion = y.meta.resourceVersion;
  x.meta.finalizers = y.meta.finalizers;
  x.status = y.status;
  return !(x == y);
}

template <class T>
bool matters(const T& a, const T& b) {
  return a.meta.resourceVersion != b.meta.resourceVersion;
}

}  // namespace

void Operator::watchDeployments() {
  using Ptr = std::shared_ptr<const api::ModelDeployment>;
  caches_.deployments.addHandler(
      {[this](const Ptr& added) { planner_->poke(added->meta.key); },
       [this](const Ptr& before, const Ptr& after) {
         // Our own status writes change nothing that a plan depends on.
         if (before->meta.generation != after->meta.generation ||
             before->meta.uid != after->meta.uid || before->meta.deleted != after->meta.deleted ||
             before->meta.labels != after->meta.labels) {
           planner_->poke(after->meta.key);
         } else if (!(before->status == after->status)) {
           queues_.deployments.add(after->meta.key);
         }
       },
       [this](const Ptr& gone) { planner_->poke(gone->meta.key); }});
}

template <class T>
void Operator::watchOwned(kube::Informer<T>& informer) {
  using Ptr = std::shared_ptr<const T>;
  const auto poke = [this](const Ptr& object) {
    // Watched as what the operator made, but no deployment depends on it.
    if (object->meta.labels.find(evidence::chunkLabel)) return;
    if (GatewayController::owns(object->meta)) {
      queues_.deployments.addAfter(GatewayController::name(), quiet::gateway);
      return;
    }
    const auto owner = ownerOf(object->meta).first;
    if (owner.name.empty()) {
      planner_->poke();
    } else {
      planner_->poke(owner);
    }
  };
  informer.addHandler({poke,
                       [poke](const Ptr& before, const Ptr& after) {
                         if (matters(*before, *after)) poke(after);
                       },
                       poke});
}

template <class T>
void Operator::watchIngredients(kube::Informer<T>& informer) {
  using Ptr = std::shared_ptr<const T>;
  const auto poke = [this](const Ptr&) { planner_->pokeAll(); };
  informer.addHandler({poke,
                       [poke](const Ptr& before, const Ptr& after) {
                         if (matters(*before, *after)) poke(after);
                       },
                       poke});
}

void Operator::watchExits() {
  using Order = std::shared_ptr<const api::ExitOrder>;
  const auto poke = [this](const Order&) { planner_->poke(); };
  caches_.exitOrders.addHandler({poke,
                                 [poke](const Order& before, const Order& after) {
                                   if (before->meta.generation != after->meta.generation ||
                                       before->meta.uid != after->meta.uid ||
                                       before->meta.deleted != after->meta.deleted ||
                                       before->status.phase != after->status.phase) {
                                     poke(after);
                                   }
                                 },
                                 poke});
}

void Operator::watchPolicies() {
  using Ptr = std::shared_ptr<const api::SovereigntyPolicy>;
  const auto poke = [this](const Ptr&) { planner_->poke(); };
  caches_.policies.addHandler({poke,
                               [poke](const Ptr& before, const Ptr& after) {
                                 if (matters(*before, *after)) poke(after);
                               },
                               poke});
}

void Operator::watchRegions() {
  using Ptr = std::shared_ptr<const api::Region>;
  const auto tell = [this](const Ptr& region) { peers_->regionChanged(region->meta.key.name); };
  caches_.regions.addHandler({tell,
                              [tell](const Ptr& before, const Ptr& after) {
                                if (matters(*before, *after)) tell(after);
                              },
                              tell});
}

void Operator::watchWorld() {
  watchIngredients(caches_.passports);
  watchIngredients(caches_.regions);
  watchIngredients(caches_.runtimeClasses);
  watchExits();
  watchIngredients(caches_.apiServer);
  caches_.leaderWorkerSets.onAvailability([this] { planner_->pokeAll(); });
  watchOwned(caches_.pods);
  watchOwned(caches_.nodes);
  watchOwned(caches_.workloads);
  watchOwned(caches_.leaderWorkerSets);
  watchOwned(caches_.services);
  watchOwned(caches_.configMaps);
  watchOwned(caches_.podDisruptionBudgets);
  watchOwned(caches_.networkPolicies);
  watchOwned(caches_.serviceAccounts);
  watchOwned(caches_.roles);
  watchOwned(caches_.roleBindings);
}

}  // namespace bailiwick::reconcile
