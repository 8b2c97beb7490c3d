#pragma once
// The watch state machine, driven by hand and without I/O.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kube/support/samples.hpp"
#include "kube/watch.hpp"

namespace bailiwick::kube::test {

using namespace std::chrono_literals;

inline const ResponseHead ok{200, "application/json", std::nullopt};

// Writes down what it is told, in words.
struct Told final : WatchSink {
  std::vector<std::string> log;
  void setBegun() override { log.push_back("begin"); }
  void setComplete(std::string_view version) override { log.push_back("set@" + str(version)); }
  void setDiscarded() override { log.push_back("discard"); }
  void upserted(const ObjectRef& ref) override { log.push_back("+" + word(ref)); }
  void deleted(const ObjectRef& ref) override { log.push_back("-" + word(ref)); }
  void progressed(std::string_view version) override { log.push_back("@" + str(version)); }
  static std::string str(std::string_view text) { return std::string(text); }
  static std::string word(const ObjectRef& ref) {
    return str(ref.name) + "@" + str(ref.resourceVersion);
  }
  std::vector<std::string> take() { return std::exchange(log, {}); }
};

// Drives a machine by hand; `random` is always a half.
struct Machine {
  explicit Machine(WatchConfig config = {})
      : fsm((config.resource = resources::pods, config), told, [] { return 0.5; }) {
    action = fsm.start(now);
  }

  std::string target() const {
    if (const auto* page = std::get_if<WatchFsm::SendPage>(&action)) return page->request.target();
    if (const auto* open = std::get_if<WatchFsm::OpenStream>(&action)) {
      return open->request.target();
    }
    return "";
  }
  bool streams() const { return std::holds_alternative<WatchFsm::OpenStream>(action); }
  bool lists() const { return std::holds_alternative<WatchFsm::SendPage>(action); }
  std::chrono::milliseconds wait() const {
    const auto* waiting = std::get_if<WatchFsm::Wait>(&action);
    return waiting ? waiting->duration : -1ms;
  }

  bool lines(const std::vector<std::string>& all) {
    std::string bytes;
    for (const auto& line : all) bytes += line + "\n";
    return fsm.streamChunk(bytes);
  }
  void end(std::optional<TransportError> error = std::nullopt,
           std::chrono::milliseconds after = 60s) {
    now += after;
    action = fsm.streamEnded(error, now);
  }
  void fire() { action = fsm.timerFired(now += 1s); }
  void page(int status, const std::string& body, const std::string& type = "application/json") {
    Response response{{status, type, std::nullopt}, body};
    response.body.reserve(body.size() + 64);
    action = fsm.pageReceived(response, now);
  }
  void answer(int status, const std::string& body,
              std::optional<std::chrono::seconds> retryAfter = std::nullopt,
              const std::string& type = "application/json") {
    fsm.streamHead({status, type, retryAfter}, now);
    fsm.streamChunk(body);
    end(std::nullopt, 0s);
  }
  // Synced with a@5 and b@7 at version 10.
  void sync() {
    fsm.streamHead(ok, now);
    lines({added("a", 5), added("b", 7), bookmark(10, true)});
    told.take();
  }

  SteadyTime now = SteadyTime() + 1000s;
  Told told;
  WatchFsm fsm;
  WatchFsm::Action action;
};

inline TransportError broken() {
  return {TransportError::Kind::Broken, "cut"};
}
inline TransportError silence() {
  return {TransportError::Kind::Timeout, "silent"};
}

}  // namespace bailiwick::kube::test
