#pragma once
// What a region remembers of the fleet between plans, for each deployment: how its peers stand, what
// they last claimed, and the course of its own handovers. One writer; plans only read it.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "fleet/handover.hpp"
#include "fleet/health.hpp"
#include "fleet/view.hpp"

namespace bailiwick::fleet {

// A deployment waits this long for peers to say something of a spec that is new here, before it is
// allocated without them.
inline constexpr Mono patience{5000};

struct PeerCourse {
  Standing standing;
  // What it says of itself; none where it does not have the deployment.
  std::shared_ptr<const api::RegionEntry> claim;
  // The object that the claim was last read from, of which it is a part; null: the claim is what our
  // own status remembers, or there is none.
  std::shared_ptr<const api::ModelDeployment> object;
  bool read = false;     // its deployments were read since this process began
  // Its numbers run backwards since then: the last claim stands. What an API server shows from an old
  // view passes; a restored backup does not, and after lostAfter it is believed.
  std::optional<Mono> refusedSince;
};

struct Course {
  std::map<std::string, PeerCourse> peers;
  Handover handover;
  std::string specHash;
  Mono specSince{};
  std::optional<std::int64_t> generation;  // that the hash is of
  // Nobody answers, and onIsolation says Hold: what is held stays, and so for lostAfter from the first
  // answer, because the others may be about to answer too.
  bool holding = false;
  std::optional<Mono> isolatedSince, holdsUntil;
  std::string region;                      // our own name
  std::uint64_t seenAt = 0;                // by the last update with its deployment
};

class Memory {
 public:
  explicit Memory(std::string region) : region_(std::move(region)) {}

  // Takes in what is seen now, of these deployments. `wall` dates what status says from before.
  void update(const FleetView& view, const std::vector<const api::ModelDeployment*>& deployments,
              api::Time wall);

  // By uid; nullptr before the first update with it.
  const Course* course(const std::string& uid) const;
  // Keeps the handover that a plan came to.
  void keep(const std::string& uid, const Handover& handover);
  void answered(const std::string& uid, const Findings& findings, Mono now);
  // Somebody else carries them out.
  void forgetHandovers();

 private:
  // Where each peer's list was found to have the deployment before: in order, the next one follows.
  using Cursors = std::vector<PeerDeployments::const_iterator>;
  void updateCourse(Course& course, const FleetView& view, Cursors& cursors,
                    const api::ModelDeployment& deployment, api::Time wall);

  std::string region_;
  std::uint64_t updates_ = 0;
  std::map<std::string, Course> courses_;
};

// Nobody answers: it may be us. With one peer that cannot be told from its loss; one that could never be
// asked is none yet.
bool isolated(const FleetView& view, const Thresholds& thresholds);

// Whether what a peer says now may take the place of what it said before.
bool mayReplace(const api::RegionEntry& before, const api::RegionEntry& next);

}  // namespace bailiwick::fleet
