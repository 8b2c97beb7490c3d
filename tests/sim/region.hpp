#pragma once
// What there is in a region, and what its operator remembers. Internal to FleetSim.

#include <array>
#include <optional>

#include "sim/fleet_sim.hpp"

namespace bailiwick::sim {

inline constexpr Millis heartbeat = 500, lookEvery = 250, lease = 3000;
// A read before a share is given up takes no longer: the limit of peers::PeerTransport.
inline constexpr Millis longestRead = 2000;

using Object = std::shared_ptr<const api::ModelDeployment>;

struct Pod {
  int variant = 0;
  Millis readyAt = 0;
};

// A peer as it is watched.
struct Watched {
  fleet::Look last = fleet::Look::Stale;
  std::uint64_t beat = 0;
  std::shared_ptr<fleet::PeerDeployments> list;  // null: never read
  std::uint64_t revision = ~std::uint64_t{0};    // of all that was received
  Millis silentSince = -1, deafSince = -1, refusedSince = -1;  // as it was looked at; -1: not
};

// A peer as one deployment judges it.
struct Judged {
  fleet::Health health = fleet::Health::Unknown;
  Millis returnedAt = -1'000'000;
};

// One deployment in one region.
struct FleetSim::Held {
  int deployment = 0;
  // The API server.
  Object object, oldObject;
  std::vector<std::pair<Millis, Object>> history;
  std::vector<Pod> pods;
  // The operator.
  std::optional<fleet::Decision> decision;
  std::uint64_t asking = 0, asked = 0;
  std::size_t askedPeers = 0;
  std::vector<std::pair<std::string, api::ModelDeployment>> answers;
  bool dirty = true;
  bool told = false;  // the latest plan is in the status
  Millis plannedAt = 0;
  std::vector<Object> seen;  // of each peer
  // The checks.
  std::vector<Judged> judged;
  std::optional<api::Units> isolatedRun;
  Millis aloneSince = 0, aloneUntil = 0;
  std::vector<std::pair<Millis, api::Units>> lost;  // by faults, lately
  // What was Ready in those that were read last, but for who had come back lately, and when.
  api::Units countedOn = 0;
  Millis countedAt = -1'000'000;

  const std::string& uid() const { return object->meta.uid; }
};

struct FleetSim::Region {
  std::string name;
  std::size_t self = 0;
  bool outsider = false;
  bool up = true, running = true, stopped = false, quorum = true, full = false, frozen = false;
  bool forbidden = false, cordoned = false;
  std::vector<char> cutTo, refusedBy;
  std::vector<Millis> lagOf;
  int allocator = fleet::allocatorVersion;
  int rate = 100, fastest = 100;  // of its clock
  Millis wallOffset = 0, monoBase = 0, monoSince = 0;
  int slots = 0;
  Millis stoppedAt = -8000, sleptUntil = -8000;
  std::optional<Millis> noGatewaySince;
  std::uint64_t beats = 0;
  std::array<Millis, 16> beatAt{};  // of the latest beats
  std::uint64_t revision = 0;       // of its deployments, as anybody is shown them
  std::unique_ptr<fleet::Memory> memory;
  fleet::FleetView view;
  std::vector<Watched> watched;
  std::vector<Held> held;
  Millis nextTurn = 0, nextBeat = 0, nextLook = 0;

  // Where a peer is in the view, which has all but oneself.
  fleet::Peer& peer(int p) {
    const auto index = static_cast<std::size_t>(p);
    return view.peers[index < self ? index : index - 1];
  }
  int regionAt(std::size_t viewIndex) const {
    return static_cast<int>(viewIndex < self ? viewIndex : viewIndex + 1);
  }
  bool writable() const { return quorum && !full; }
  void soil() {
    for (auto& one : held) one.dirty = true;
  }
  // Beats until then.
  std::uint64_t beatsAt(Millis time) const {
    std::uint64_t later = 0;
    while (later < std::min<std::uint64_t>(beats, beatAt.size()) &&
           beatAt[(beats - 1 - later) % beatAt.size()] > time) {
      ++later;
    }
    return beats - later;
  }
};

}  // namespace bailiwick::sim
