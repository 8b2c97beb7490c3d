#pragma once
// Several regions in one thread and in virtual time, each driven by exactly the pure code of
// operator/fleet. Everything random comes from one seed. Between any two steps of one region any
// other may take one: a write, the reading of one peer and a removal are steps of their own.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fleet/decision.hpp"

namespace bailiwick::sim {

using Millis = std::int64_t;

// splitmix64
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t x = state_ += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  // 0 .. below-1
  int below(int bound) { return static_cast<int>(next() % static_cast<std::uint64_t>(bound)); }
  bool chance(int percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

// Defects that the simulator can be given, to see that it would find them.
enum class Bug {
  None,
  GivesUpWithoutReading,     // the published share is all that a removal waits for
  ReadsTheCacheInsteadOfAfresh,
  CountsWhatCannotBeRead,    // by its last claim
  RemovesBeforePublishing,
  ForgetsThePromiseOnRestart,
  SleepsAndTakesItForSilence,
  RefusalIsLoss,
  SuspicionIsLoss,
  FailsBackAtOnce,
  ExpandsWhenIsolated,
  TiesBreakDifferently,
  AllocatesWithoutWaiting,
  DrainsWithoutReplacement,
  LeavesTheDomain,
  DropsWhatTheLawForbids,
  WritesWithoutCause,
  CountsOnStrangers,         // whose status may be of before their death
  OneClockForAll,            // heartbeats are judged by the time that they carry
};

struct Pod {
  int variant = 0;
  Millis readyAt = 0;
};

struct Options {
  int regions = 3;
  int units = 4;
  int slots = 4;             // replicas that fit in each region
  bool outsider = false;     // one more region, outside the domain
  bool twoVariants = false;  // the second one is half as large
  api::Strategy strategy = api::Strategy::Spread;
  api::FailoverSpec failover{api::Duration(1000), api::Duration(2000), api::Duration(3000), "Hold",
                             "Hold"};
  Bug bug = Bug::None;
};

class FleetSim {
 public:
  FleetSim(const Options& options, std::uint64_t seed);
  ~FleetSim();

  // Runs until then.
  void run(Millis until);
  Millis now() const { return now_; }

  // Faults. Regions are numbers, the outsider is the last.
  void cut(int from, int to, bool broken = true);  // `from` does not reach `to`
  void isolate(int region, bool broken = true);
  void refuse(int from, int to, bool refused = true);
  void kill(int region, bool withPods);  // control plane and operator
  void revive(int region);
  void killOperator(int region);
  void startOperator(int region);
  void stopOperator(int region, bool stopped);  // SIGSTOP, SIGCONT
  void loseQuorum(int region, bool lost);       // its API server answers 5xx
  void freezeView(int region, bool frozen);     // lists and watches show an old state
  void restoreBackup(int region, Millis ago);
  void loseNodes(int region, int slotsLeft);
  void cordon(int region, bool cordoned);
  void forbid(int region, bool forbidden);      // the law
  void setClock(int region, int ratePercent, Millis wallOffset);
  void setUnits(int units);                     // everywhere
  void setUnits(int region, int units);         // specs differ
  void heal();                                  // everything

  // What there is.
  int regions() const { return static_cast<int>(regions_.size()); }
  int readyIn(int region) const;    // thousandths
  int podsIn(int region) const;
  int shareOf(int region) const;    // published, in thousandths
  std::int64_t ready() const;       // of all, whether they see one another or not
  fleet::Health healthOf(int observer, int peer) const;
  int writes() const { return writes_; }
  Millis lastWrite() const { return lastWrite_; }
  Millis lastChange() const { return lastChange_; }  // of pods

  // What went wrong, in the order in which it did.
  const std::vector<std::string>& violations() const { return violations_; }
  // To be asked when everything is healed and has had time: nothing is missing or too many.
  void checkSettled();

 private:
  struct Region;
  void turn(int r);
  void beat(Region& region);
  bool look(int r);
  fleet::Look lookAt(int r, int peer, bool& newer);
  void plan(int r);
  void judge(int r);
  void act(int r);
  bool publish(int r);
  bool ask(int r);
  void scale(int r);
  bool remove(int r, int variant);
  bool reaches(int r, int peer) const;
  void checkRemoval(int r, api::Units units);
  void checkJudgements(int r);
  void checkIsolation(int r);
  void lostByFault(Region& region, api::Units units);
  void beginOperator(Region& region);
  void applySpec(Region& region, int units);
  api::Time wall(const Region& region) const;
  fleet::Mono mono(const Region& region) const;
  api::Units capacity(int variant) const;
  void violate(std::string what);

  Options options_;
  Random random_;
  Millis now_ = 0, lastWrite_ = 0, lastChange_ = 0;
  int writes_ = 0;
  api::ModelDeploymentSpec spec_;
  // The least that was wanted lately: a decision may be of just before.
  std::deque<std::pair<Millis, api::Units>> wanted_;
  std::vector<std::unique_ptr<Region>> regions_;
  std::vector<std::string> violations_;
};

}  // namespace bailiwick::sim
