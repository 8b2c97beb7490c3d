#include "sim/strike.hpp"

#include <array>
#include <span>

namespace bailiwick::sim {
namespace {

struct Strike {
  FleetSim& sim;
  Random& random;
  Storyteller& story;
  const Options& options;
  int r = 0, p = 0;  // the region that is struck, and another
};

using Fault = void (*)(Strike&);

int other(Random& random, int regions, int than) {
  const int p = random.below(regions - 1);
  return p < than ? p : p + 1;
}

void kill(Strike& s) {
  s.story.tell("r{} is killed, its nodes too", s.r);
  s.sim.kill(s.r, true);
}

void killControlPlane(Strike& s) {
  s.story.tell("the control plane of r{} is killed", s.r);
  s.sim.kill(s.r, false);
}

void revive(Strike& s) {
  s.story.tell("r{} comes up", s.r);
  s.sim.revive(s.r);
}

void cutBothWays(Strike& s) {
  s.story.tell("r{} and r{} do not see one another", s.r, s.p);
  s.sim.cut(s.r, s.p);
  s.sim.cut(s.p, s.r);
}

void cutOneWay(Strike& s) {
  s.story.tell("r{} does not see r{}", s.r, s.p);
  s.sim.cut(s.r, s.p);
}

void isolate(Strike& s) {
  s.story.tell("r{} is cut off", s.r);
  s.sim.isolate(s.r);
}

void mend(Strike& s) {
  s.story.tell("all cuts of r{} are mended", s.r);
  s.sim.isolate(s.r, false);
}

void stop(Strike& s) {
  s.story.tell("the operator of r{} is stopped", s.r);
  s.sim.stopOperator(s.r, true);
}

void goOn(Strike& s) {
  s.story.tell("the operator of r{} continues", s.r);
  s.sim.stopOperator(s.r, false);
}

void restart(Strike& s) {
  s.story.tell("the operator of r{} is killed and starts again", s.r);
  s.sim.killOperator(s.r);
  s.sim.startOperator(s.r);
}

void loseQuorum(Strike& s) {
  const bool lost = s.random.chance(60);
  s.story.tell("etcd of r{} has {} leader", s.r, lost ? "no" : "a");
  s.sim.loseQuorum(s.r, lost);
}

void freeze(Strike& s) {
  const bool frozen = s.random.chance(60);
  s.story.tell("r{} answers from {} view", s.r, frozen ? "an old" : "the true");
  s.sim.freezeView(s.r, frozen);
}

void restore(Strike& s) {
  const Millis ago = 1000 + s.random.below(8000);
  s.story.tell("r{} is restored to {} ms ago", s.r, ago);
  s.sim.restoreBackup(s.r, ago);
}

void loseNodes(Strike& s) {
  const int left = s.random.below(s.options.slots + 1);
  s.story.tell("r{} has room for {}", s.r, left);
  s.sim.loseNodes(s.r, left);
}

void cordon(Strike& s) {
  const bool cordoned = s.random.chance(60);
  s.story.tell("r{} is {}", s.r, cordoned ? "cordoned" : "not cordoned");
  s.sim.cordon(s.r, cordoned);
}

void refuse(Strike& s) {
  const bool refused = s.random.chance(60);
  s.story.tell("r{} is {} by r{}", s.r, refused ? "refused" : "let in", s.p);
  s.sim.refuse(s.r, s.p, refused);
}

void shiftClock(Strike& s) {
  const int rate = s.random.chance(50) ? 200 : 60;
  const Millis offset = (s.random.below(3) - 1) * 3'600'000;
  s.story.tell("the clock of r{} goes at {}% and is {} ms off", s.r, rate, offset);
  s.sim.setClock(s.r, rate, offset);
}

void changeIntent(Strike& s) {
  const int units = 1 + s.random.below(s.options.units + 2);
  if (s.random.chance(30)) {
    s.story.tell("r{} is given a spec of {} units", s.r, units);
    return s.sim.setUnits(s.r, units);
  }
  if (s.random.chance(30)) {
    const bool forbidden = s.random.chance(60);
    s.story.tell("the law {} r{}", forbidden ? "forbids" : "allows", s.r);
    return s.sim.forbid(s.r, forbidden);
  }
  s.story.tell("{} units are wanted", units);
  s.sim.setUnits(units);
}

void slow(Strike& s) {
  const Millis lag = s.random.chance(70) ? 100 + s.random.below(2900) : 0;
  s.story.tell("r{} sees what r{} was {} ms ago", s.r, s.p, lag);
  s.sim.slow(s.r, s.p, lag);
}

void fillDisk(Strike& s) {
  const bool full = s.random.chance(60);
  s.story.tell("the disk of r{} {}", s.r, full ? "is full" : "has room");
  s.sim.fillDisk(s.r, full);
}

void upgrade(Strike& s) {
  s.story.tell("the operator of r{} is upgraded", s.r);
  s.sim.upgradeOperator(s.r);
}

void loseGateway(Strike& s) {
  const bool lost = s.random.chance(60);
  s.story.tell("the gateway of r{} {}", s.r, lost ? "is gone" : "answers");
  s.sim.loseGateway(s.r, lost);
}

constexpr std::array<Fault, 18> faults = {
    kill, killControlPlane, revive,     cutBothWays, cutOneWay, isolate, mend,       stop,        goOn,
    restart, loseQuorum,    freeze,     restore,     loseNodes, cordon,  refuse,     shiftClock,
    changeIntent};

constexpr std::array<Fault, 4> laterFaults = {slow, fillDisk, upgrade, loseGateway};

}  // namespace

void strike(FleetSim& sim, Random& random, Random& extra, Storyteller& story,
            const Options& options) {
  const bool later = extra.chance(12);
  auto& source = later ? extra : random;
  Strike one{sim, source, story, options};
  one.r = source.below(options.regions);
  one.p = other(source, sim.regions(), one.r);
  const auto& kinds = later ? std::span<const Fault>(laterFaults) : std::span<const Fault>(faults);
  kinds[static_cast<std::size_t>(source.below(static_cast<int>(kinds.size())))](one);
}

}  // namespace bailiwick::sim
