#include "sim/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bailiwick::sim {
namespace {

constexpr Millis placing = 9000, faults = 12000, settling = 30000;

class Storyteller {
 public:
  Storyteller(FleetSim& sim, std::string* story) : sim_(sim), story_(story) {}
  template <class... Args>
  void tell(fmt::format_string<Args...> text, Args&&... args) {
    if (!story_) return;
    *story_ += fmt::format("{:6} ms  ", sim_.now()) +
               fmt::format(text, std::forward<Args>(args)...) + "\n";
  }

 private:
  FleetSim& sim_;
  std::string* story_;
};

int other(Random& random, int regions, int than) {
  const int p = random.below(regions - 1);
  return p < than ? p : p + 1;
}

// One of everything that can go wrong.
void strike(FleetSim& sim, Random& random, Storyteller& story, const Options& options) {
  const int regions = options.regions, r = random.below(regions);
  const int p = other(random, sim.regions(), r);
  switch (random.below(18)) {
    case 0:
      story.tell("r{} is killed, its nodes too", r);
      return sim.kill(r, true);
    case 1:
      story.tell("the control plane of r{} is killed", r);
      return sim.kill(r, false);
    case 2:
      story.tell("r{} comes up", r);
      return sim.revive(r);
    case 3:
      story.tell("r{} and r{} do not see one another", r, p);
      sim.cut(r, p);
      return sim.cut(p, r);
    case 4:
      story.tell("r{} does not see r{}", r, p);
      return sim.cut(r, p);
    case 5:
      story.tell("r{} is cut off", r);
      return sim.isolate(r);
    case 6:
      story.tell("all cuts of r{} are mended", r);
      return sim.isolate(r, false);
    case 7:
      story.tell("the operator of r{} is stopped", r);
      return sim.stopOperator(r, true);
    case 8:
      story.tell("the operator of r{} continues", r);
      return sim.stopOperator(r, false);
    case 9:
      story.tell("the operator of r{} is killed and starts again", r);
      sim.killOperator(r);
      return sim.startOperator(r);
    case 10: {
      const bool lost = random.chance(60);
      story.tell("etcd of r{} {} a leader", r, lost ? "has no" : "has");
      return sim.loseQuorum(r, lost);
    }
    case 11: {
      const bool frozen = random.chance(60);
      story.tell("r{} answers from {} view", r, frozen ? "an old" : "the true");
      return sim.freezeView(r, frozen);
    }
    case 12: {
      const Millis ago = 1000 + random.below(8000);
      story.tell("r{} is restored to {} ms ago", r, ago);
      return sim.restoreBackup(r, ago);
    }
    case 13: {
      const int left = random.below(options.slots + 1);
      story.tell("r{} has room for {}", r, left);
      return sim.loseNodes(r, left);
    }
    case 14: {
      const bool cordoned = random.chance(60);
      story.tell("r{} is {}", r, cordoned ? "cordoned" : "not cordoned");
      return sim.cordon(r, cordoned);
    }
    case 15: {
      const bool refused = random.chance(60);
      story.tell("r{} is {} by r{}", r, refused ? "refused" : "let in", p);
      return sim.refuse(r, p, refused);
    }
    case 16: {
      const int rate = random.chance(50) ? 200 : 60;
      const Millis offset = (random.below(3) - 1) * 3'600'000;
      story.tell("the clock of r{} goes at {}% and is {} ms off", r, rate, offset);
      return sim.setClock(r, rate, offset);
    }
    default: {
      const int units = 1 + random.below(options.units + 2);
      if (random.chance(30)) {
        story.tell("r{} is given a spec of {} units", r, units);
        return sim.setUnits(r, units);
      }
      if (random.chance(30)) {
        const bool forbidden = random.chance(60);
        story.tell("the law {} r{}", forbidden ? "forbids" : "allows", r);
        return sim.forbid(r, forbidden);
      }
      story.tell("{} units are wanted", units);
      return sim.setUnits(units);
    }
  }
}

Options optionsOf(Random& random, Bug bug) {
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
  return options;
}

void checkPlaced(const FleetSim& sim, const Options& options, std::vector<std::string>& violations) {
  std::int64_t shares = 0;
  int least = 1 << 30, most = 0;
  for (int r = 0; r < options.regions; ++r) {
    const int share = sim.shareOf(r);
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

}  // namespace

Outcome runSchedule(std::uint64_t seed, Bug bug, bool tell) {
  Random random(seed * 2 + 1);
  const auto options = optionsOf(random, bug);
  FleetSim sim(options, random.next());
  Outcome outcome;
  Storyteller story(sim, tell ? &outcome.story : nullptr);
  story.tell("{} regions{}, {} units, strategy {}", options.regions,
             options.outsider ? " and an outsider" : "", options.units,
             static_cast<int>(options.strategy));
  sim.run(placing);
  checkPlaced(sim, options, outcome.violations);
  const int count = 1 + random.below(6);
  for (int n = 0; n < count; ++n) {
    sim.run(sim.now() + 50 + random.below(faults / count));
    strike(sim, random, story, options);
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

}  // namespace bailiwick::sim
