#include "reconcile/exit_controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "api/encode.hpp"
#include "api/labels.hpp"
#include "evidence/growth.hpp"
#include "log/log.hpp"
#include "reconcile/drain_controller.hpp"

namespace bailiwick::reconcile {
namespace {

using kube::ApiError;
using kube::ApiResult;
using nlohmann::json;
namespace resources = kube::resources;

constexpr char finalizer[] = "bailiwick.dev/exit-evidence";
// After records were written there is more to decide; while something is being deleted nobody tells.
constexpr std::chrono::milliseconds soon{100}, purging{2000};
// The clocks are compared, and a deadline is looked at by wall time, at least so often.
constexpr std::chrono::milliseconds longest{30'000};
// A deleted order waits so long until the peers are told how its evidence ends.
constexpr std::chrono::seconds farewell{10};

bool held(const api::ExitOrder& order) {
  const auto& all = order.meta.finalizers;
  return std::find(all.begin(), all.end(), finalizer) != all.end();
}

bool isComplete(const api::ExitOrder& order) {
  const auto* complete = api::findCondition(order.status.conditions, "Complete");
  return complete && complete->status == "True";
}

std::shared_ptr<const api::ExitOrder> seenBy(const Planned& planned, const api::ExitOrder& order) {
  for (const auto& seen : planned.snapshot.exitOrders) {
    if (seen->meta.uid == order.meta.uid && seen->meta.generation == order.meta.generation &&
        seen->meta.deleted == order.meta.deleted) {
      return seen;
    }
  }
  return nullptr;
}

}  // namespace

struct ExitController::Work {
  std::shared_ptr<const api::ExitOrder> order;
  std::shared_ptr<const Planned> planned;
  std::shared_ptr<Known> known;
  std::optional<plan::ExitInput> input;
  plan::ExitDecision decision;
  std::vector<plan::ClaimSeen> claims;
  std::optional<plan::PurgeView> purge;
  std::optional<api::Duration> skew;
  bool changed = false;  // something was written, or the gate says something new
  bool lingers = false;
  std::stop_token stop;
};

ExitController::ExitController(Config config)
    : config_(std::move(config)),
      store_(*config_.transport, config_.ns),
      purge_(*config_.transport, *config_.caches) {}

void ExitController::watch(const std::function<void(const api::Key&)>& changed) {
  using Order = std::shared_ptr<const api::ExitOrder>;
  const auto name = [changed](const Order& order) { changed(order->meta.key); };
  config_.caches->exitOrders.addHandler(
      {name,
       [changed](const Order& before, const Order& after) {
         const bool same = before->meta.generation == after->meta.generation &&
                           before->meta.deleted == after->meta.deleted &&
                           before->meta.finalizers == after->meta.finalizers &&
                           before->meta.uid == after->meta.uid;
         if (!same || !(before->status == after->status)) changed(after->meta.key);
       },
       name});
  using Pod = std::shared_ptr<const api::Pod>;
  const auto look = [this, changed](const Pod& pod) {
    if (plan::holdsReport(*pod)) planned(changed);
  };
  config_.caches->pods.addHandler({look, [look](const Pod&, const Pod& pod) { look(pod); }, look});
}

void ExitController::planned(const std::function<void(const api::Key&)>& changed) const {
  for (const auto& order : config_.caches->exitOrders.store().snapshot()) {
    if (!isComplete(*order) || order->meta.deleted) changed(order->meta.key);
  }
}

void ExitController::keep(const std::string& name, std::shared_ptr<const Known> known) {
  const std::lock_guard lock(mutex_);
  if (known) {
    known_[name] = std::move(known);
  } else {
    known_.erase(name);
  }
}

std::shared_ptr<const ExitController::Known> ExitController::known(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(name);
  return found == known_.end() ? nullptr : found->second;
}

bool ExitController::records(const api::Pod& pod) const {
  const auto planned = config_.planner->current();
  for (const auto& order : config_.caches->exitOrders.store().snapshot()) {
    if (order->spec.drill || !order->decodeError.empty()) continue;
    const auto known = this->known(order->meta.key.name);
    const bool loaded = known && known->uid == order->meta.uid;
    if (loaded ? known->journal.closed : hasEnded(order->status)) continue;
    if (!loaded || known->journal.knows(pod.meta.uid)) return true;
    const auto [key, variant] = ownerOf(pod.meta);
    if (!planned || !seenBy(*planned, *order)) return true;
    const auto deployment = planned->plan.deployments.find(key);
    if (deployment == planned->plan.deployments.end()) continue;
    const auto* v = deployment->second.variant(variant);
    const auto* former = plan::formerOf(pod, deployment->second.formers);
    for (const auto* exits : {v ? &v->exits : nullptr, former ? &former->exits : nullptr}) {
      if (exits && plan::targetingIn(*exits, *order)) return true;
    }
  }
  return false;
}

std::vector<api::EvidenceHead> ExitController::heads() const {
  std::vector<api::EvidenceHead> heads;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, known] : known_) {
    if (known->chain.tail.records == 0) continue;
    heads.push_back({name, known->chain.tail.head, static_cast<int>(known->chain.tail.records), {},
                     known->chain.root, {}, {}, known->uid});
  }
  return heads;
}

std::vector<std::string> ExitController::growthProof(const api::EvidenceHead& head,
                                                     int records) const {
  const auto known = this->known(head.order);
  if (!known || known->uid != head.uid || records <= 0) return {};
  const std::span<const std::string> digests = known->chain.digests;
  const auto told = static_cast<std::size_t>(head.records);
  if (told > digests.size()) return {};
  return evidence::growthProof(digests.first(told), static_cast<std::size_t>(records));
}

kube::Outcome ExitController::reconcile(const api::Key& key, std::stop_token stop) {
  Work work;
  work.stop = stop;
  work.order = config_.caches->exitOrders.store().get(key);
  if (!work.order) {
    if (const auto before = known(key.name)) config_.gate->forget(before->uid);
    keep(key.name, nullptr);
    return kube::Done{};
  }
  if (!work.order->decodeError.empty()) {
    return kube::Terminal{Error{"exit order " + key.name + ": " + work.order->decodeError}};
  }
  work.planned = config_.planner->current();
  if (!work.planned) return kube::RequeueAfter{soon};
  if (!work.planned->snapshot.region) return kube::RequeueAfter{longest};
  if (!seenBy(*work.planned, *work.order)) {
    config_.planner->poke();
    return kube::RequeueAfter{soon};
  }
  if (!held(*work.order) && !work.order->meta.deleted) {
    const auto added = setFinalizer(*work.order, true, stop);
    return added ? kube::Outcome(kube::RequeueAfter{soon}) : kube::outcomeOf(added.error());
  }
  if (const auto done = load(work); !done) return failed(work, done.error(), true);
  if (const auto done = gather(work); !done) return failed(work, done.error(), false);
  if (const auto done = decide(work); !done) return failed(work, done.error(), true);
  if (const auto done = carryOut(work); !done) return failed(work, done.error(), false);
  return again(work);
}

ApiResult<void> ExitController::load(Work& work) {
  const auto& order = *work.order;
  if (const auto before = known(order.meta.key.name); before && before->uid == order.meta.uid) {
    work.known = std::make_shared<Known>(*before);
    return {};
  }
  auto loaded = std::make_shared<Known>();
  loaded->uid = order.meta.uid;
  evidence::Known published;
  if (const auto& ref = order.status.evidence) {
    published.head = ref->head;
    published.records = static_cast<std::uint64_t>(ref->records);
  }
  auto chain = store_.load(order.meta.key.name, order.meta.uid, published,
                           [&](const evidence::Record& record) {
                             loaded->journal.apply(record.type, record.at, record.body);
                           },
                           work.stop);
  if (!chain) return tl::unexpected(chain.error());
  loaded->chain = *std::move(chain);
  keep(order.meta.key.name, loaded);
  work.known = std::make_shared<Known>(*loaded);
  return {};
}

ApiResult<void> ExitController::gather(Work& work) {
  const auto& order = *work.order;
  const auto& journal = work.known->journal;
  if (!journal.closed && !order.meta.deleted && !order.spec.drill) {
    if (order.spec.purgeWeights) {
      auto claims = purge_.claims(work.stop);
      if (!claims) return tl::unexpected(claims.error());
      work.claims = *std::move(claims);
    }
    auto view = purge_.look(order, journal, work.claims, work.stop);
    if (!view) return tl::unexpected(view.error());
    work.purge = *std::move(view);
    if (order.spec.onDeadline == api::OnDeadline::Stop) {
      const auto asked = kube::perform(
          *config_.transport, kube::get(resources::exitOrders, order.meta.key), work.stop);
      if (!asked) return tl::unexpected(asked.error());
      if (asked->head.date) {
        work.skew = std::chrono::floor<api::Duration>(config_.now() - *asked->head.date);
      }
    }
  }
  work.input.emplace(plan::ExitInput{order, work.known->journal, work.planned->world,
                                     work.planned->plan, config_.clusterUid, work.skew, work.claims,
                                     work.purge, config_.now(),
                                     config_.peers ? config_.peers(order.meta.key.name)
                                                   : std::vector<plan::PeerOrder>{}});
  return {};
}

ApiResult<void> ExitController::decide(Work& work) {
  work.decision = plan::nextExit(*work.input);
  if (work.decision.records.empty()) return {};
  const auto& meta = work.order->meta;
  const auto added = store_.append(work.known->chain, meta.key.name, meta.uid,
                                   work.decision.records, work.stop);
  if (!added) return added;
  work.changed = true;
  return {};
}

ApiResult<void> ExitController::carryOut(Work& work) {
  const auto& order = *work.order;
  const auto journal = work.decision.after;
  if (work.changed) {
    auto kept = std::make_shared<Known>(*work.known);
    kept->journal = journal;
    keep(order.meta.key.name, std::move(kept));
    tell(work);
    config_.headsChanged();
  }
  if (order.meta.deleted) {
    // What it does no more is not recorded either.
    if (config_.gate->set(order.meta.uid, work.decision.force)) config_.planner->poke();
    work.lingers = held(order) && lingers(work);
    if (!held(order) || work.lingers) return {};
    return setFinalizer(order, false, work.stop);
  }
  // The status first: after a crash it says how far the order had come.
  if (auto told = writeStatus(order, statusOf(work), work.stop); !told) return told;
  if (config_.gate->set(order.meta.uid, work.decision.force)) {
    work.changed = true;
    config_.planner->poke();
  }
  for (const auto* pod : work.decision.release) {
    if (auto gone = letGo(*config_.transport, *pod, work.stop); !gone) return gone;
    if (const auto drained = plan::drainedOf(*pod)) config_.drained(*drained);
  }
  return purge_.carryOut(work.decision.purge, work.stop);
}

// Whether the end of its evidence is still to be published for the peers to countersign: who is asked
// for heads() once the order is gone knows nothing of it.
bool ExitController::lingers(const Work& work) {
  const auto& tail = work.known->chain.tail;
  if (tail.records == 0 || work.input->peers.empty()) return false;
  const auto& own = work.planned->snapshot.region->meta.key;
  const auto region = config_.caches->regions.store().get(own);
  const auto& heads = region ? region->status.evidenceHeads : std::vector<api::EvidenceHead>{};
  if (std::any_of(heads.begin(), heads.end(),
                  [&](const api::EvidenceHead& head) { return head.head == tail.head; })) {
    return false;
  }
  const auto now = config_.now();
  auto waiting = std::make_shared<Known>(*work.known);
  waiting->journal = work.decision.after;
  if (!waiting->lingersSince) waiting->lingersSince = now;
  const auto waited = now - *waiting->lingersSince;
  keep(work.order->meta.key.name, std::move(waiting));
  return waited >= api::Time::duration{0} && waited < farewell;
}

kube::Outcome ExitController::again(const Work& work) const {
  if (work.lingers) return kube::RequeueAfter{soon};
  if (work.order->meta.deleted || work.decision.after.closed) return kube::Done{};
  if (work.changed) return kube::RequeueAfter{soon};
  if (work.decision.after.phase == api::ExitPhase::Purging || !work.decision.purge.empty()) {
    return kube::RequeueAfter{purging};
  }
  auto wait = longest;
  if (work.decision.wakeAt) {
    const auto due = *work.decision.wakeAt - config_.now();
    wait = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(due), soon, longest);
  }
  return kube::RequeueAfter{wait};
}

// What is not recorded is not done: the order freezes what it moves until it can be. Nothing can be
// recorded any more where the evidence is not what was written: who deletes that order is let go.
kube::Outcome ExitController::failed(Work& work, const ApiError& error, bool ofEvidence) {
  const auto& order = *work.order;
  if (ofEvidence) keep(order.meta.key.name, nullptr);  // what is stored is not known any more
  if (work.stop.stop_requested()) return kube::outcomeOf(error);
  const bool conflict =
      error.kind == ApiError::Kind::Conflict || error.kind == ApiError::Kind::AlreadyExists;
  if (conflict) return kube::RequeueAfter{soon};
  if (!ofEvidence) return kube::outcomeOf(error);
  if (order.meta.deleted && isRefused(error)) return letGoUnrecorded(order, error, work.stop);
  if (config_.gate->set(order.meta.uid, unheard(order.status))) config_.planner->poke();
  const auto problem =
      "its evidence cannot be read or written, so nothing is moved: " + error.message;
  const auto told =
      writeStatus(order, plan::withoutEvidence(order, problem, config_.now()), work.stop);
  if (!told) log::warn("exit order's status not written", {{"error", told.error().message}});
  return kube::outcomeOf(error);
}

kube::Outcome ExitController::letGoUnrecorded(const api::ExitOrder& order, const ApiError& error,
                                              std::stop_token stop) {
  if (!held(order)) return kube::Done{};
  log::warn("exit order deleted, its end is not recorded",
            {{"order", order.meta.key.name}, {"reason", error.message}});
  config_.events->record({"ExitOrder", order.meta, true, "EndNotRecorded", "Exiting",
                          "the order is deleted and its end is not recorded: " + error.message});
  const auto gone = setFinalizer(order, false, stop);
  return gone ? kube::Outcome(kube::Done{}) : kube::outcomeOf(gone.error());
}

api::ExitOrderStatus ExitController::statusOf(const Work& work) const {
  const auto& chain = work.known->chain;
  plan::EvidenceState evidence{std::nullopt, chain.tail.fingerprint};
  if (chain.chunk > 0) {
    evidence.ref = api::EvidenceRef{chain.base, chain.tail.head,
                                    static_cast<int>(chain.tail.records)};
  }
  return plan::exitStatusOf(*work.input, work.decision.after, evidence);
}

ApiResult<void> ExitController::writeStatus(const api::ExitOrder& order,
                                            const api::ExitOrderStatus& status,
                                            std::stop_token stop) {
  if (status == order.status) return {};
  const json body = {{"metadata", {{"uid", order.meta.uid}}}, {"status", api::toJson(status)}};
  const auto written = kube::write(
      *config_.transport, kube::statusPatch(resources::exitOrders, order.meta.key, body.dump()),
      stop);
  if (!written) return tl::unexpected(written.error());
  return {};
}

ApiResult<void> ExitController::setFinalizer(const api::ExitOrder& order, bool wanted,
                                             std::stop_token stop) {
  auto finalizers = order.meta.finalizers;
  if (wanted) {
    finalizers.push_back(finalizer);
  } else {
    std::erase(finalizers, finalizer);
  }
  const json body = {{"metadata",
                      {{"uid", order.meta.uid},
                       {"resourceVersion", order.meta.resourceVersion},
                       {"finalizers", finalizers}}}};
  const auto written = kube::write(
      *config_.transport, kube::mergePatch(resources::exitOrders, order.meta.key, body.dump()), stop);
  if (written || written.error().kind == ApiError::Kind::NotFound) return {};
  return tl::unexpected(written.error());
}

void ExitController::tell(const Work& work) {
  for (const auto& entry : work.decision.records) {
    if (entry.type != plan::record::phase) continue;
    const auto phase = entry.body.at("to").get<std::string>();
    const auto reason = entry.body.value("reason", "");
    log::info("exit order", {{"order", work.order->meta.key.name}, {"phase", phase},
                             {"reason", reason}});
    config_.events->record({"ExitOrder", work.order->meta, phase == "Blocked" || phase == "Held",
                            phase, "Exiting",
                            reason.empty() ? "the order is " + phase : phase + ": " + reason});
  }
}

}  // namespace bailiwick::reconcile
