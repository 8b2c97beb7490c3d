#pragma once
// Several regions in one thread and in virtual time, each driven by exactly the pure code of
// operator/fleet. Everything random comes from one seed. Between any two steps of one region any
// other may take one: a write, the reading of one peer and a removal are steps of their own.
//
// Deployments share the regions, their operators and every fault, and have pools of their own: who may
// take what of a common pool is operator/plan's subject.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "fleet/decision.hpp"
#include "sim/bugs.hpp"
#include "sim/random.hpp"

namespace bailiwick::sim {

using Millis = std::int64_t;

struct Options {
  int regions = 3;
  int deployments = 1;
  int units = 4;             // of each deployment
  int slots = 4;             // replicas of a deployment that fit in each region
  bool outsider = false;     // one more region, outside the domain
  bool twoVariants = false;  // the second one is half as large
  api::Strategy strategy = api::Strategy::Spread;
  api::FailoverSpec failover{api::Duration(1000), api::Duration(2000), api::Duration(3000), "Hold",
                             "Hold"};
  Bug bug = Bug::None;
  int pace = 1;      // operators take so many times as long for everything but their heartbeat
  int reads = 1;     // of peers in one step of a handover
  int history = 32;  // states of a deployment that an old view or a backup may show
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
  void slow(int from, int to, Millis lag);         // what `from` sees of `to` is so old; 0: heals
  void refuse(int from, int to, bool refused = true);
  void kill(int region, bool withPods);            // control plane and operator
  void revive(int region);
  void killOperator(int region);
  void startOperator(int region);
  void stopOperator(int region, bool stopped);     // SIGSTOP, SIGCONT
  void upgradeOperator(int region);                // another process, which knows newer rules
  void loseQuorum(int region, bool lost);          // its API server answers 5xx
  void fillDisk(int region, bool full);            // its API server reads and writes nothing
  void loseGateway(int region, bool lost);         // what is Ready there answers nobody elsewhere
  void freezeView(int region, bool frozen);        // lists and watches show an old state
  void restoreBackup(int region, Millis ago);
  void loseNodes(int region, int slotsLeft);
  void cordon(int region, bool cordoned);
  void forbid(int region, bool forbidden);         // the law
  void setClock(int region, int ratePercent, Millis wallOffset);
  void setUnits(int units);                        // everywhere
  void setUnits(int region, int units);            // specs differ
  void heal();                                     // everything

  // What there is.
  int regions() const { return static_cast<int>(regions_.size()); }
  int deployments() const { return options_.deployments; }
  int readyIn(int region, int deployment = 0) const;  // thousandths
  int podsIn(int region, int deployment = 0) const;
  int shareOf(int region, int deployment = 0) const;  // published, in thousandths
  std::int64_t ready(int deployment = 0) const;  // of all, whether they see one another or not
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
  struct Held;
  // fleet_sim.cpp
  std::unique_ptr<Region> makeRegion(int r, int count);
  void beginOperator(Region& region);
  void recall(Held& held);
  void turn(int r);
  bool work(int r);
  api::Time wall(const Region& region) const;
  fleet::Mono mono(const Region& region) const;
  api::Units capacity(int variant) const;
  // sight.cpp
  void beat(Region& region);
  bool reaches(int r, int peer) const;
  void look(int r);
  fleet::Look lookAt(int r, int peer);
  void receive(int r, int peer);
  // steps.cpp
  void judge(int r);
  void plan(int r, Held& held);
  fleet::Here hereOf(const Region& region, const Held& held) const;
  std::vector<api::VariantOffer> offersOf(const Region& region, const Held& held, bool admitted) const;
  fleet::Course misremembered(const Region& region, fleet::Course course) const;
  void addBug(const Region& region, fleet::Decision& decision) const;
  void act(int r, Held& held);
  bool ask(int r, Held& held);
  bool arrives();
  void readPeer(int r, Held& held, const std::string& name);
  void scale(int r, Held& held);
  bool remove(int r, Held& held, int variant);
  fleet::Counts count(const Held& held, bool onlyReady) const;
  // publish.cpp
  bool publish(int r, Held& held);
  api::RegionEntry entryOf(const Region& region, const Held& held) const;
  // faults.cpp
  void lostByFault(Held& held, api::Units units);
  void applySpec(Region& region, int units);
  // checks.cpp
  void checkRemoval(int r, Held& held, api::Units units);
  Millis newsTravels() const;
  api::Units wantedLately(const Held& held, Millis since) const;
  bool cameBackLately(const Region& region, const Held& held, int peer) const;
  api::Units unreachable(int r, int deployment, Millis since) const;
  void checkJudgements(int r, Held& held);
  void checkIsolation(int r, Held& held);
  void checkSettled(int deployment);
  void violate(std::string what);

  Options options_;
  Random random_;
  Millis now_ = 0, lastWrite_ = 0, lastChange_ = 0;
  int writes_ = 0;
  api::ModelDeploymentSpec spec_;
  // The least that was wanted lately: a decision may be of just before.
  std::deque<std::pair<Millis, api::Units>> wanted_;
  // Region objects, as far as a peer's says anything.
  std::shared_ptr<const api::Region> plain_, cordoned_;
  std::vector<std::unique_ptr<Region>> regions_;
  std::vector<std::string> violations_;
};

}  // namespace bailiwick::sim
