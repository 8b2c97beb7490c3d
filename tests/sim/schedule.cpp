#include "sim/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "sim/strike.hpp"

namespace bailiwick::sim {
namespace {

constexpr Millis placing = 9000, faulty = 12000, settling = 30000;

Options optionsOf(Random& random, Random& extra, Bug bug) {
  Options options;
  options.bug = bug;
  options.regions = 2 + random.below(3);
  options.outsider = random.chance(20);
  options.twoVariants = random.chance(25);
  options.units = 2 + random.below(5);
  options.slots = options.units + 2;
  const int strategy = random.below(10);
  options.strategy = strategy < 7   ? api::Strategy::Spread
                     : strategy < 9 ? api::Strategy::Pack
                                    : api::Strategy::Cheapest;
  if (extra.chance(10)) options.deployments = 2 + extra.below(2);
  return options;
}

// One that was cut off for long enough comes back, and is about to be counted on again.
void bringToHandover(FleetSim& sim, Random& random, Storyteller& story, const Options& options) {
  const int r = random.below(options.regions);
  story.tell("r{} is cut off", r);
  sim.isolate(r);
  sim.run(sim.now() + 5000);
  story.tell("r{} is back", r);
  sim.isolate(r, false);
  sim.run(sim.now() + 2500 + random.below(1500));
}

}  // namespace

std::vector<std::string> misplaced(const FleetSim& sim, const Options& options) {
  std::vector<std::string> violations;
  for (int d = 0; d < options.deployments; ++d) {
    std::int64_t shares = 0;
    int least = 1 << 30, most = 0;
    for (int r = 0; r < options.regions; ++r) {
      const int share = sim.shareOf(r, d);
      shares += share;
      least = std::min(least, share);
      most = std::max(most, share);
    }
    if (shares != options.units * 1000) {
      violations.push_back(fmt::format("{} of {} units were placed", shares, options.units * 1000));
    }
    if (options.strategy == api::Strategy::Spread && most - least > 1000) {
      violations.push_back(fmt::format("it was not spread: from {} to {} units", least, most));
    }
  }
  return violations;
}

Outcome runSchedule(std::uint64_t seed, Bug bug, bool tell) {
  Random random(seed * 2 + 1), extra(~seed);
  const auto options = optionsOf(random, extra, bug);
  FleetSim sim(options, random.next());
  Outcome outcome;
  Storyteller story(sim, tell ? &outcome.story : nullptr);
  story.tell("{} regions{}, {} deployments of {} units, strategy {}", options.regions,
             options.outsider ? " and an outsider" : "", options.deployments, options.units,
             static_cast<int>(options.strategy));
  sim.run(placing);
  outcome.violations = misplaced(sim, options);
  const bool handover = seed % 4 == 0;
  if (handover) bringToHandover(sim, extra, story, options);
  const int count = 1 + random.below(6);
  for (int n = 0; n < count; ++n) {
    sim.run(sim.now() + 50 + random.below(handover ? 400 : faulty / count));
    strike(sim, random, extra, story, options);
  }
  sim.run(sim.now() + 100 + random.below(8000));
  story.tell("everything is healed");
  sim.heal();
  sim.run(sim.now() + settling);
  sim.checkSettled();
  const auto& found = sim.violations();
  outcome.violations.insert(outcome.violations.end(), found.begin(), found.end());
  return outcome;
}

std::int64_t firstFailure(std::uint64_t from, int schedules, Bug bug) {
  for (int n = 0; n < schedules; ++n) {
    const auto seed = from + static_cast<std::uint64_t>(n);
    if (!runSchedule(seed, bug).violations.empty()) return static_cast<std::int64_t>(seed);
  }
  return -1;
}

std::vector<std::uint64_t> failures(std::uint64_t from, std::uint64_t schedules, std::size_t most,
                                    unsigned threads, Bug bug) {
  constexpr std::uint64_t portion = 64;
  std::vector<std::uint64_t> failed;
  std::mutex mutex;
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> enough{false};
  const auto work = [&] {
    while (!enough) {
      const auto begin = next.fetch_add(portion);
      if (begin >= schedules) return;
      const auto end = std::min(begin + portion, schedules);
      for (auto n = begin; n < end; ++n) {
        if (runSchedule(from + n, bug).violations.empty()) continue;
        const std::lock_guard lock(mutex);
        failed.push_back(from + n);
        enough = failed.size() >= most;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (unsigned n = 0; n < threads; ++n) workers.emplace_back(work);
  }
  std::sort(failed.begin(), failed.end());
  return failed;
}

}  // namespace bailiwick::sim
