#include "reconcile/events.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/hash.hpp"
#include "api/labels.hpp"
#include "kube/resource.hpp"
#include "log/log.hpp"
#include "plan/conditions.hpp"

namespace bailiwick::reconcile {
namespace {

// As client-go's broadcaster: the same event within this time is one series.
constexpr auto seriesWindow = std::chrono::minutes(6);
constexpr std::size_t maxNote = 1024;
constexpr double burstPerObject = 25;
constexpr double perSecondPerObject = 1.0 / 300;

nlohmann::json bodyOf(const Event& event, const api::Key& key, const std::string& instance,
                      api::Time now) {
  return {{"apiVersion", "events.k8s.io/v1"},
          {"kind", "Event"},
          {"metadata", {{"name", key.name}, {"namespace", key.ns}}},
          {"eventTime", api::formatMicroTime(now)},
          {"reportingController", "bailiwick.dev/operator"},
          {"reportingInstance", instance},
          {"type", event.warning ? "Warning" : "Normal"},
          {"reason", event.reason},
          {"action", event.action},
          {"note", plan::shortened(event.note, maxNote)},
          {"regarding",
           {{"apiVersion", api::names::apiVersion},
            {"kind", event.kind},
            {"namespace", event.regarding.key.ns},
            {"name", event.regarding.key.name},
            {"uid", event.regarding.uid}}}};
}

}  // namespace

EventRecorder::EventRecorder(kube::Transport& transport, std::string instance,
                             std::function<api::Time()> now)
    : transport_(transport), instance_(std::move(instance)), now_(std::move(now)) {}

bool EventRecorder::allowed(const api::ObjectMeta& object) {
  const auto [entry, isNew] =
      budgets_.try_emplace(object.uid, perSecondPerObject, burstPerObject);
  return entry->second.tryTake(std::chrono::steady_clock::now());
}

void EventRecorder::forgetOld(api::Time now) {
  std::erase_if(series_, [&](const auto& e) { return now - e.second.last > seriesWindow; });
  if (budgets_.size() > 4096) budgets_.clear();
}

void EventRecorder::record(const Event& event, std::stop_token stop) {
  const auto now = now_();
  const auto id = fmt::format("{}\n{}\n{}", event.regarding.uid, event.reason, event.note);
  Series series;
  bool repeated = false;
  {
    const std::lock_guard lock(mutex_);
    forgetOld(now);
    const auto known = series_.find(id);
    repeated = known != series_.end();
    if (!allowed(event.regarding)) return;
    if (!repeated) {
      const auto hash = api::sha256Hex(id + api::formatMicroTime(now)).substr(0, 16);
      const auto ns = event.regarding.key.ns.empty() ? "default" : event.regarding.key.ns;
      series_[id] = {{ns, event.regarding.key.name + "." + hash}, 1, now};
    } else {
      ++known->second.count;
      known->second.last = now;
    }
    series = series_[id];
  }
  const auto& events = kube::resources::events;
  auto request =
      repeated ? kube::mergePatch(events, series.name,
                                  nlohmann::json{{"series",
                                                  {{"count", series.count},
                                                   {"lastObservedTime",
                                                    api::formatMicroTime(now)}}}}
                                      .dump())
               : kube::create(events, series.name.ns,
                              bodyOf(event, series.name, instance_, now).dump());
  const auto written = kube::write(transport_, request, stop);
  if (!written) {
    const std::lock_guard lock(mutex_);
    series_.erase(id);  // what was never stored has no series to go on
    log::debug("event not written", {{"object", event.regarding.key.str()},
                                     {"reason", event.reason},
                                     {"error", written.error().message}});
  }
}

}  // namespace bailiwick::reconcile
