// kubectl-bailiwick: exit 0 fine, 1 a finding, 2 bad usage, 3 the cluster could not be asked.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <stop_token>
#include <thread>

#include "plugin/app.hpp"

namespace {

using namespace bailiwick;

api::Time now() {
  return std::chrono::time_point_cast<api::Time::duration>(std::chrono::system_clock::now());
}

// Blocked in every thread, so that one place waits for them.
sigset_t blockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

// The first signal asks the command, which outlives the thread, to end in order; a second one ends
// the process.
std::jthread watchSignals(const sigset_t& signals, std::stop_source& end) {
  return std::jthread([signals, &end](std::stop_token stop) {
    const timespec step{0, 50'000'000};
    while (!stop.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &step) <= 0) continue;
      if (end.stop_requested()) std::_Exit(130);
      end.request_stop();
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  const auto signals = blockSignals();
  std::stop_source end;
  const auto watcher = watchSignals(signals, end);
  return plugin::run({argv + 1, argv + argc}, {plugin::standardTerminal(), now, end.get_token()});
}
