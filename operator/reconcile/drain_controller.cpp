#include "reconcile/drain_controller.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "api/labels.hpp"
#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

// How soon an order's controller is asked again whether it has recorded the pod.
constexpr std::chrono::seconds patience{2};

void tell(const api::Pod& pod, const plan::Drained& drained) {
  if (drained.count) {
    log::info("replica drained", {{"pod", pod.meta.key.str()},
                                  {"inFlightAtDrain", drained.count->inFlightAtDrain},
                                  {"completed", drained.count->completed},
                                  {"cut", drained.count->cut}});
  } else {
    log::info("replica gone, its requests are unknown",
              {{"pod", pod.meta.key.str()}, {"why", drained.why}});
  }
}

}  // namespace

kube::ApiResult<void> letGo(kube::Transport& transport, const api::Pod& pod, std::stop_token stop) {
  auto finalizers = pod.meta.finalizers;
  std::erase(finalizers, api::names::drainReportFinalizer);
  const nlohmann::json body = {{"metadata",
                                {{"uid", pod.meta.uid},
                                 {"resourceVersion", pod.meta.resourceVersion},
                                 {"finalizers", finalizers}}}};
  const auto written = kube::write(
      transport, kube::mergePatch(kube::resources::pods, pod.meta.key, body.dump()), stop);
  if (written || written.error().kind == kube::ApiError::Kind::NotFound) return {};
  return tl::unexpected(written.error());
}

void DrainController::watch(const std::function<void(const api::Key&)>& changed) {
  using Pod = std::shared_ptr<const api::Pod>;
  const auto look = [changed](const Pod& pod) {
    if (plan::holdsReport(*pod)) changed(pod->meta.key);
  };
  config_.caches->pods.addHandler(
      {look, [look](const Pod&, const Pod& after) { look(after); }, {}});
}

kube::Outcome DrainController::reconcile(const api::Key& key, std::stop_token stop) {
  const auto pod = config_.caches->pods.store().get(key);
  if (!pod || !plan::holdsReport(*pod)) return kube::Done{};
  const auto drained = plan::drainedOf(*pod);
  if (!drained) return kube::Done{};  // its next change tells
  if (config_.recordedElsewhere(*pod)) return kube::RequeueAfter{patience};
  const auto gone = letGo(*config_.transport, *pod, stop);
  if (!gone) return kube::outcomeOf(gone.error());
  tell(*pod, *drained);
  config_.drained(*drained);
  return kube::Done{};
}

}  // namespace bailiwick::reconcile
