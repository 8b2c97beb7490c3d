#include "serve/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <set>

#include "fleet/health.hpp"
#include "plan/exit_ready.hpp"

namespace bailiwick::serve {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

const Histogram::BucketBoundaries seconds = {0.0001, 0.0005, 0.001, 0.005, 0.01,
                                             0.05,   0.1,    0.5,   1,     5};

double inSeconds(std::chrono::nanoseconds d) { return std::chrono::duration<double>(d).count(); }

const char* nameOf(const kube::Outcome& outcome) {
  static constexpr const char* names[] = {"done", "requeue", "retry", "terminal"};
  return names[outcome.index()];
}

// What was told of a family, so that what is gone leaves no series behind.
using Gauges = std::map<prometheus::Labels, Gauge*>;

void tell(Family<Gauge>& family, Gauges& gauges, const std::map<prometheus::Labels, double>& found) {
  std::erase_if(gauges, [&](const auto& entry) {
    if (found.contains(entry.first)) return false;
    family.Remove(entry.second);
    return true;
  });
  for (const auto& [labels, value] : found) {
    auto& gauge = gauges[labels];
    if (!gauge) gauge = &family.Add(labels);
    gauge->Set(value);
  }
}

double unixTime(api::Time time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  Family<prometheus::Counter>& reconciles = BuildCounter()
                                                .Name("bailiwick_reconciles_total")
                                                .Help("Reconciliations by outcome")
                                                .Register(registry);
  Histogram& reconcileTime = BuildHistogram()
                                 .Name("bailiwick_reconcile_seconds")
                                 .Help("Time of one reconciliation")
                                 .Register(registry)
                                 .Add({}, seconds);
  Histogram& planTime = BuildHistogram()
                            .Name("bailiwick_plan_seconds")
                            .Help("Time to plan the whole region")
                            .Register(registry)
                            .Add({}, seconds);
  Family<Gauge>& units = BuildGauge()
                             .Name("bailiwick_deployments_units")
                             .Help("Capacity units over all deployments: wanted and assigned")
                             .Register(registry);
  Family<Gauge>& refused = BuildGauge()
                               .Name("bailiwick_variants_refused")
                               .Help("Variants that are refused or short, by reason")
                               .Register(registry);
  Family<Gauge>& violations = BuildGauge()
                                  .Name("bailiwick_policy_violations")
                                  .Help("Variants that violate a policy, by policy and by what "
                                        "comes of it: Deny, NoNew or Warn")
                                  .Register(registry);
  Family<Gauge>& dependencies = BuildGauge()
                                    .Name("bailiwick_exit_dependencies")
                                    .Help("Things that deployments depend on, by kind and by "
                                          "whether they could be left now")
                                    .Register(registry);
  Family<Gauge>& exitReady = BuildGauge()
                                 .Name("bailiwick_exit_ready")
                                 .Help("1 where a deployment could leave each thing that it "
                                       "depends on, as its condition ExitReady")
                                 .Register(registry);
  Family<Gauge>& devices = BuildGauge()
                               .Name("bailiwick_pool_devices")
                               .Help("Devices of a pool, all and free")
                               .Register(registry);
  Gauge& unlawful = BuildGauge()
                        .Name("bailiwick_replicas_unlawful")
                        .Help("Replicas that run where they may not")
                        .Register(registry)
                        .Add({});
  Family<Gauge>& cached = BuildGauge()
                              .Name("bailiwick_cache_synced")
                              .Help("Whether a cache has had a full set")
                              .Register(registry);
  Family<Gauge>& failures = BuildGauge()
                                .Name("bailiwick_cache_failures")
                                .Help("Lists and watches of a cache that failed, since the start")
                                .Register(registry);
  Family<Gauge>& unreadable = BuildGauge()
                                  .Name("bailiwick_cache_unreadable_objects")
                                  .Help("Objects that could not be read, since the start")
                                  .Register(registry);
  Gauge& leading = BuildGauge()
                       .Name("bailiwick_leading")
                       .Help("1 while this process leads")
                       .Register(registry)
                       .Add({});
  Family<prometheus::Counter>& drains = BuildCounter()
                                            .Name("bailiwick_drains_total")
                                            .Help("Replicas that went, by whether they reported")
                                            .Register(registry);
  Family<prometheus::Counter>& drainedRequests =
      BuildCounter()
          .Name("bailiwick_drained_requests_total")
          .Help("Requests in flight when replicas went: completed and cut, as far as reported")
          .Register(registry);
  Family<Gauge>& exits = BuildGauge()
                             .Name("bailiwick_exit_orders")
                             .Help("Exit orders by phase")
                             .Register(registry);
  Family<Gauge>& exitShares = BuildGauge()
                                  .Name("bailiwick_exit_shares")
                                  .Help("Shares that exit orders leave: affected, shifted, blocked")
                                  .Register(registry);
  Gauge& rewritten =
      BuildGauge()
          .Name("bailiwick_peers_evidence_rewritten")
          .Help("Peers that showed less or other evidence of an exit than they did before")
          .Register(registry)
          .Add({});
  Family<Gauge>& peerHealth = BuildGauge()
                                  .Name("bailiwick_peer_health")
                                  .Help("1 for what a peer's Region says of its health, else 0")
                                  .Register(registry);
  Family<Gauge>& peerBeat = BuildGauge()
                                .Name("bailiwick_peer_last_heartbeat_timestamp_seconds")
                                .Help("When a peer's heartbeat was last seen to change here")
                                .Register(registry);
  Family<Gauge>& peerCredential = BuildGauge()
                                      .Name("bailiwick_peer_credential_end_timestamp_seconds")
                                      .Help("When the token or certificate ends by which a peer is "
                                            "read, where it says so")
                                      .Register(registry);
  Family<Gauge>& refusedImports = BuildGauge()
                                      .Name("bailiwick_imports_refused")
                                      .Help("Peers' originals that are not copied here, by "
                                            "reason; of the first hundred")
                                      .Register(registry);
  std::string region;  // our own
  Gauges healthOf, beatOf, credentialOf, refusedFor;
  std::map<std::string, Gauge*> byReason;
  std::map<std::pair<std::string, policy::Effect>, Gauge*> byPolicy;
  std::map<std::string, std::pair<Gauge*, Gauge*>> byPool;
  std::map<api::Key, Gauge*> byDeployment;
};

Metrics::Metrics(const std::string& version, const std::string& region)
    : impl_(std::make_unique<Impl>()) {
  impl_->region = region;
  BuildGauge()
      .Name("bailiwick_build_info")
      .Help("Version and region")
      .Register(impl_->registry)
      .Add({{"version", version}, {"region", region}})
      .Set(1);
  // A rate needs a zero to start from.
  for (const auto* report : {"known", "unknown"}) impl_->drains.Add({{"report", report}});
  for (const auto* end : {"completed", "cut"}) impl_->drainedRequests.Add({{"end", end}});
}

Metrics::~Metrics() = default;

void Metrics::reconciled(const kube::Outcome& outcome, std::chrono::nanoseconds took) {
  impl_->reconciles.Add({{"outcome", nameOf(outcome)}}).Increment();
  impl_->reconcileTime.Observe(inSeconds(took));
}

void Metrics::drained(const plan::Drained& drained) {
  impl_->drains.Add({{"report", drained.count ? "known" : "unknown"}}).Increment();
  if (!drained.count) return;
  impl_->drainedRequests.Add({{"end", "completed"}}).Increment(drained.count->completed);
  impl_->drainedRequests.Add({{"end", "cut"}}).Increment(drained.count->cut);
}

// A policy that is gone leaves no series behind.
void Metrics::countViolations(const plan::Plan& plan) {
  static constexpr const char* effects[] = {"Warn", "NoNew", "Deny"};
  std::map<std::pair<std::string, policy::Effect>, int> found;
  for (const auto& [key, deployment] : plan.deployments) {
    for (const auto& v : deployment.variants) {
      for (const auto& objection : v.law.objections) {
        ++found[{objection.policy->meta.key.name, objection.effect}];
      }
    }
  }
  std::erase_if(impl_->byPolicy, [&](const auto& entry) {
    if (found.contains(entry.first)) return false;
    impl_->violations.Remove(entry.second);
    return true;
  });
  for (const auto& [id, count] : found) {
    auto& gauge = impl_->byPolicy[id];
    if (!gauge) {
      gauge = &impl_->violations.Add(
          {{"policy", id.first}, {"effect", effects[static_cast<int>(id.second)]}});
    }
    gauge->Set(count);
  }
}

void Metrics::tellExitReadiness(const plan::Plan& plan, api::Time now) {
  std::map<std::pair<plan::DependencyKind, plan::Verdict>, int> found;
  std::set<api::Key> known;
  for (const auto& [key, deployment] : plan.deployments) {
    for (const auto& answer : deployment.dependencies) {
      ++found[{answer.dependency.kind, answer.verdict}];
    }
    const auto ready = plan::exitReadyOf(deployment, now);
    if (ready.status == "Unknown") continue;
    known.insert(key);
    auto& gauge = impl_->byDeployment[key];
    if (!gauge) {
      gauge = &impl_->exitReady.Add({{"namespace", key.ns}, {"deployment", key.name}});
    }
    gauge->Set(ready.status == "True" ? 1 : 0);
  }
  std::erase_if(impl_->byDeployment, [&](const auto& entry) {
    if (known.contains(entry.first)) return false;
    impl_->exitReady.Remove(entry.second);
    return true;
  });
  for (std::size_t kind = 0; kind < plan::dependencyKindNames.size(); ++kind) {
    for (std::size_t verdict = 0; verdict < plan::verdictNames.size(); ++verdict) {
      const std::pair id{static_cast<plan::DependencyKind>(kind),
                         static_cast<plan::Verdict>(verdict)};
      impl_->dependencies
          .Add({{"kind", std::string(nameOf(id.first))},
                {"verdict", std::string(nameOf(id.second))}})
          .Set(found[id]);
    }
  }
}

void Metrics::planned(const reconcile::Planned& planned, std::chrono::nanoseconds took) {
  impl_->planTime.Observe(inSeconds(took));
  std::int64_t wanted = 0, assigned = 0;
  int unlawful = 0;
  std::map<std::string, int> refused;
  for (const auto& [key, plan] : planned.plan.deployments) {
    wanted += plan.wanted;
    assigned += plan.assigned;
    for (const auto& v : plan.variants) {
      if (v.refusal) ++refused[v.refusal->reason];
    }
    for (const auto& replica : plan.replicas) unlawful += replica.unlawful ? 1 : 0;
  }
  impl_->units.Add({{"kind", "wanted"}}).Set(static_cast<double>(wanted) / 1000);
  impl_->units.Add({{"kind", "assigned"}}).Set(static_cast<double>(assigned) / 1000);
  impl_->unlawful.Set(unlawful);
  countViolations(planned.plan);
  tellExitReadiness(planned.plan, planned.at);
  for (auto& [reason, gauge] : impl_->byReason) gauge->Set(0);
  for (const auto& [reason, count] : refused) {
    auto& gauge = impl_->byReason[reason];
    if (!gauge) gauge = &impl_->refused.Add({{"reason", reason}});
    gauge->Set(count);
  }
  for (auto& [name, gauges] : impl_->byPool) {
    gauges.first->Set(0);
    gauges.second->Set(0);
  }
  for (const auto& pool : planned.plan.pools.rows()) {
    auto& [all, free] = impl_->byPool[pool.name];
    if (!all) all = &impl_->devices.Add({{"pool", pool.name}, {"kind", "all"}});
    if (!free) free = &impl_->devices.Add({{"pool", pool.name}, {"kind", "free"}});
    all->Set(pool.devices);
    free->Set(pool.devicesFree);
  }
}

void Metrics::seen(const std::vector<std::shared_ptr<const api::Region>>& regions) {
  impl_->rewritten.Set(static_cast<double>(
      std::count_if(regions.begin(), regions.end(), [](const auto& region) {
        const auto* intact = api::findCondition(region->status.conditions, "EvidenceIntact");
        return intact && intact->status == "False";
      })));
  std::map<prometheus::Labels, double> healths, refused;
  for (const auto& region : regions) {
    const auto& name = region->meta.key.name;
    if (name == impl_->region) {
      for (const auto& import : region->status.imports) ++refused[{{"reason", import.reason}}];
    } else if (region->access) {
      const auto now = fleet::healthNamed(region->status.health).value_or(fleet::Health::Unknown);
      for (int one = 0; one <= static_cast<int>(fleet::Health::Cordoned); ++one) {
        const auto health = static_cast<fleet::Health>(one);
        healths[{{"peer", name}, {"health", std::string(nameOf(health))}}] = health == now ? 1 : 0;
      }
    }
  }
  tell(impl_->peerHealth, impl_->healthOf, healths);
  tell(impl_->refusedImports, impl_->refusedFor, refused);
}

void Metrics::sighted(const std::vector<peers::PeerSight>& peers) {
  std::map<prometheus::Labels, double> beats, ends;
  for (const auto& peer : peers) {
    const prometheus::Labels of = {{"peer", peer.region}};
    if (peer.lastHeartbeat) beats[of] = unixTime(*peer.lastHeartbeat);
    if (peer.credentialEnds) ends[of] = unixTime(*peer.credentialEnds);
  }
  tell(impl_->peerBeat, impl_->beatOf, beats);
  tell(impl_->peerCredential, impl_->credentialOf, ends);
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

std::string Metrics::scrape(const reconcile::Operator& operator_) {
  impl_->leading.Set(operator_.leading() ? 1 : 0);
  std::map<std::string, int> phases;
  for (const auto phase : api::exitPhaseNames) phases[std::string(phase)] = 0;
  api::ExitTotals totals;
  for (const auto& order : operator_.caches().exitOrders.store().snapshot()) {
    if (order->spec.drill || !order->status.phase) continue;
    ++phases[std::string(api::nameOf(*order->status.phase))];
    totals.affected += order->status.totals.affected;
    totals.shifted += order->status.totals.shifted;
    totals.blocked += order->status.totals.blocked;
  }
  for (const auto& [phase, count] : phases) impl_->exits.Add({{"phase", phase}}).Set(count);
  impl_->exitShares.Add({{"kind", "affected"}}).Set(totals.affected);
  impl_->exitShares.Add({{"kind", "shifted"}}).Set(totals.shifted);
  impl_->exitShares.Add({{"kind", "blocked"}}).Set(totals.blocked);
  for (const auto* cache : operator_.caches().all()) {
    const prometheus::Labels of = {{"resource", cache->resource().str()}};
    impl_->cached.Add(of).Set(cache->synced() ? 1 : 0);
    impl_->failures.Add(of).Set(static_cast<double>(cache->stats().failures));
    impl_->unreadable.Add(of).Set(static_cast<double>(cache->decodeErrors()));
  }
  seen(operator_.caches().regions.store().snapshot());
  sighted(operator_.peerSights());
  return text();
}

}  // namespace bailiwick::serve
