// Random schedules of faults against the pure code of the fleet. Prints each failing seed with its
// story; exits 1 if there was one.
#include <fmt/core.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string>
#include <thread>

#include "sim/large.hpp"
#include "sim/schedule.hpp"

namespace {

using namespace bailiwick::sim;

double cpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

Bug bug = Bug::None;

bool replay(std::uint64_t seed) {
  const auto outcome = runSchedule(seed, bug, true);
  fmt::print("seed {}: {} violations; again: simulate --replay {}\n{}", seed,
             outcome.violations.size(), seed, outcome.story);
  for (const auto& violation : outcome.violations) fmt::print("  {}\n", violation);
  return outcome.violations.empty();
}

// Each seeded defect, and the first schedule near the one that it is known by that finds it.
bool findBugs(int schedules) {
  bool all = true;
  for (const auto& seeded : seededBugs()) {
    const auto seed = firstFailure(seeded.from, schedules, seeded.bug);
    fmt::print("{:30} {:>8}  {}\n", seeded.name, seed < 0 ? "MISSED" : std::to_string(seed),
               seeded.what);
    all = all && seed >= 0;
  }
  return all;
}

bool runLarge(int regions, int deployments, int units) {
  const auto began = cpuSeconds();
  const auto tell = [&](const char* what, int passed, int of) {
    fmt::print(stderr, "{} regions, {} deployments: {} ({} of {} s, {:.0f} s of CPU)\n", regions,
               deployments, what, passed, of, cpuSeconds() - began);
  };
  const auto large = loseAndRegain(largeFleet(regions, deployments, units), 1, tell);
  fmt::print("{} regions, {} deployments of {} units: one lost with {} units and back, {} writes, "
             "{:.0f} s of CPU, {} violations\n",
             regions, deployments, units, large.taken / 1000, large.writes,
             cpuSeconds() - began,
             large.violations.size());
  for (const auto& violation : large.violations) fmt::print("  {}\n", violation);
  return large.violations.empty();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Random schedules of faults against the pure code of the fleet.", "simulate");
  std::uint64_t seed = 1, schedules = 100'000, one = 0;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool bugs = false, large = false;
  app.add_option("--schedules", schedules, "How many")->capture_default_str();
  app.add_option("--seed", seed, "The first one's")->capture_default_str();
  app.add_option("--threads", threads, "How many work at it")->capture_default_str();
  auto* again = app.add_option("--replay", one, "Only this seed, with its story");
  std::map<std::string, Bug> names;
  for (const auto& seeded : seededBugs()) names[seeded.name] = seeded.bug;
  app.add_option("--bug", bug, "With a seeded defect")->transform(CLI::CheckedTransformer(names));
  app.add_flag("--bugs", bugs, "Only the seeded defects: what finds each of them");
  app.add_flag("--large", large, "Only 1,000 regions, and 10 with 10,000 deployments: minutes");
  CLI11_PARSE(app, argc, argv);
  if (*again) return replay(one) ? 0 : 1;
  if (bugs) return findBugs(1000) ? 0 : 1;
  if (large) return runLarge(1000, 1, 1500) && runLarge(10, 10'000, 10) ? 0 : 1;
  const auto failed = failures(seed, schedules, 5, threads, bug);
  for (const auto bad : failed) replay(bad);
  fmt::print("{} schedules from seed {}, {} failed, {:.0f} s of CPU\n", schedules, seed,
             failed.size(), cpuSeconds());
  return failed.empty() ? 0 : 1;
}
