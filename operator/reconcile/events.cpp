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
constexpr std::size_t maxWaiting = 1000;  // as client-go's broadcaster
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
    : transport_(transport),
      instance_(std::move(instance)),
      now_(std::move(now)),
      writer_([this](std::stop_token stop) { write(stop); }) {}

bool EventRecorder::allowed(const api::ObjectMeta& object) {
  const auto [entry, isNew] =
      budgets_.try_emplace(object.uid, perSecondPerObject, burstPerObject);
  return entry->second.tryTake(std::chrono::steady_clock::now());
}

void EventRecorder::forgetOld(api::Time now) {
  std::erase_if(series_, [&](const auto& e) { return now - e.second.last > seriesWindow; });
  if (budgets_.size() > 4096) budgets_.clear();
}

EventRecorder::Waiting EventRecorder::counted(const Event& event, const std::string& id,
                                              api::Time now) {
  const auto& events = kube::resources::events;
  const auto& object = event.regarding.key;
  auto [entry, isNew] = series_.try_emplace(id);
  auto& series = entry->second;
  series.last = now;
  if (isNew) {
    const auto hash = api::sha256Hex(id + api::formatMicroTime(now)).substr(0, 16);
    series.name = {object.ns.empty() ? "default" : object.ns, object.name + "." + hash};
    return {id, object.str(),
            kube::create(events, series.name.ns,
                         bodyOf(event, series.name, instance_, now).dump())};
  }
  ++series.count;
  const nlohmann::json body = {
      {"series",
       {{"count", series.count}, {"lastObservedTime", api::formatMicroTime(now)}}}};
  return {id, object.str(), kube::mergePatch(events, series.name, body.dump())};
}

void EventRecorder::record(const Event& event) {
  const auto now = now_();
  const auto id = fmt::format("{}\n{}\n{}", event.regarding.uid, event.reason, event.note);
  const std::lock_guard lock(mutex_);
  forgetOld(now);
  if (!allowed(event.regarding)) return;
  auto next = counted(event, id, now);
  if (waiting_.size() >= maxWaiting) {
    lost(next, "too many wait to be written");
    return;
  }
  waiting_.push_back(std::move(next));
  arrived_.notify_one();
}

// What was never stored has no series to go on.
void EventRecorder::lost(const Waiting& event, const std::string& why) {
  series_.erase(event.series);
  log::debug("event not written", {{"object", event.object}, {"error", why}});
}

// Empty, or what went wrong. As with Workers, nothing that is thrown ends the thread.
std::string EventRecorder::send(const kube::Request& request, std::stop_token stop) {
  try {
    const auto written = kube::write(transport_, request, std::move(stop));
    return written ? "" : written.error().message;
  } catch (const std::exception& error) {
    return fmt::format("unexpected: {}", error.what());
  }
}

void EventRecorder::write(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (arrived_.wait(lock, stop, [this] { return !waiting_.empty(); }) &&
         !stop.stop_requested()) {
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    const auto problem = send(next.request, stop);
    lock.lock();
    if (!problem.empty()) lost(next, problem);
  }
}

}  // namespace bailiwick::reconcile
