#include "fleet/memory.hpp"

#include <algorithm>

#include "api/hash.hpp"

namespace bailiwick::fleet {
namespace {

api::Duration since(const api::RegionEntry& entry, api::Time wall) {
  if (!entry.healthSince) return {};
  return std::chrono::floor<api::Duration>(wall - *entry.healthSince);
}

// As our own status has it from before.
PeerCourse remember(const Peer& peer, const api::ModelDeployment& deployment, Mono now,
                    api::Time wall) {
  PeerCourse course;
  for (const auto& entry : deployment.status.regions) {
    if (entry.self || entry.name != peer.name) continue;
    const auto health = healthNamed(entry.health).value_or(Health::Unknown);
    course.standing = Standing::remembered(health, since(entry, wall), now);
    course.claim = std::make_shared<const api::RegionEntry>(entry);
  }
  return course;
}

PeerDeployments::const_iterator find(const PeerDeployments& all, const api::Key& key,
                                     PeerDeployments::const_iterator& cursor) {
  const bool next = cursor != all.end() && cursor->first == key;
  const auto found = next ? cursor : all.find(key);
  if (found != all.end()) cursor = std::next(found);
  return found;
}

void takeClaim(PeerCourse& course, const Peer& peer, PeerDeployments::const_iterator& cursor,
               const api::Key& key, Mono now, Mono patience) {
  if (!peer.deployments) return;
  course.read = true;
  const auto found = find(*peer.deployments, key, cursor);
  if (found == peer.deployments->end()) {
    if (peer.manyUnreadable || peer.unreadable.contains(key)) return;
    course.claim.reset();
    course.object.reset();
    return;
  }
  const auto& object = found->second;
  if (object == course.object) {
    course.refusedSince.reset();
    return;
  }
  const auto* entry = selfEntry(*object, peer.name);
  const bool same = course.object && course.object->meta.uid == object->meta.uid;
  if (same && course.claim && entry && !mayReplace(*course.claim, *entry)) {
    if (!course.refusedSince) course.refusedSince = now;
    if (now < *course.refusedSince + patience) return;
  }
  course.refusedSince.reset();
  course.object = object;
  course.claim = entry ? std::shared_ptr<const api::RegionEntry>(object, entry) : nullptr;
}

// A process that begins has asked nobody yet, which is over before this time is.
constexpr Mono briefly{1000};

void hold(Course& course, const FleetView& view, const api::FailoverSpec& failover) {
  const auto thresholds = thresholdsOf(failover);
  const bool may = failover.onIsolation == "Hold";
  const bool alone = may && isolated(view, thresholds);
  if (alone) {
    course.isolatedSince = course.isolatedSince.value_or(view.now);
  } else if (course.isolatedSince) {
    if (view.now - *course.isolatedSince >= briefly) {
      course.holdsUntil = view.now + thresholds.lostAfter;
    }
    course.isolatedSince.reset();
  }
  if (!may) course.holdsUntil.reset();
  course.holding = alone || (course.holdsUntil && view.now < *course.holdsUntil);
}

}  // namespace

bool isolated(const FleetView& view, const Thresholds& thresholds) {
  int asked = 0;
  for (const auto& peer : view.peers) {
    if (peer.sightings.answers(thresholds, view.now)) return false;
    if (peer.sightings.askable()) ++asked;
  }
  return asked >= 2;
}

bool mayReplace(const api::RegionEntry& before, const api::RegionEntry& next) {
  return next.sequence > before.sequence || next == before;
}

void Memory::update(const FleetView& view,
                    const std::vector<const api::ModelDeployment*>& deployments, api::Time wall) {
  ++updates_;
  Cursors cursors;
  for (const auto& peer : view.peers) {
    cursors.push_back(peer.deployments ? peer.deployments->begin()
                                       : PeerDeployments::const_iterator());
  }
  for (const auto* deployment : deployments) {
    auto& course = courses_[deployment->meta.uid];
    course.seenAt = updates_;
    updateCourse(course, view, cursors, *deployment, wall);
  }
  std::erase_if(courses_, [&](const auto& entry) { return entry.second.seenAt != updates_; });
}

void Memory::updateCourse(Course& course, const FleetView& view, Cursors& cursors,
                          const api::ModelDeployment& deployment, api::Time wall) {
  if (course.generation != deployment.meta.generation) {
    course.generation = deployment.meta.generation;
    course.region = region_;
    auto hash = api::specHash(deployment.spec);
    if (hash != course.specHash) course.specSince = view.now;
    course.specHash = std::move(hash);
  }
  const auto thresholds = thresholdsOf(deployment.spec.failover);
  hold(course, view, deployment.spec.failover);
  // Both are in order of name.
  auto known = course.peers.begin();
  for (std::size_t p = 0; p < view.peers.size(); ++p) {
    const auto& peer = view.peers[p];
    while (known != course.peers.end() && known->first < peer.name) known = course.peers.erase(known);
    if (known == course.peers.end() || known->first != peer.name) {
      known = course.peers.emplace_hint(known, peer.name,
                                        remember(peer, deployment, view.now, wall));
    }
    takeClaim(known->second, peer, cursors[p], deployment.meta.key, view.now, thresholds.lostAfter);
    const bool cordoned = (peer.own && peer.own->cordoned) || (peer.region && peer.region->cordoned);
    known->second.standing.update(peer.sightings, thresholds, cordoned, view.now,
                                  course.holding);
    ++known;
  }
  course.peers.erase(known, course.peers.end());
}

const Course* Memory::course(const std::string& uid) const {
  const auto found = courses_.find(uid);
  return found == courses_.end() ? nullptr : &found->second;
}

void Memory::keep(const std::string& uid, const Handover& handover) {
  const auto found = courses_.find(uid);
  if (found != courses_.end()) found->second.handover = handover;
}

void Memory::forgetHandovers() {
  for (auto& [uid, course] : courses_) course.handover = {};
}

void Memory::answered(const std::string& uid, const Findings& findings, Mono now) {
  const auto found = courses_.find(uid);
  if (found != courses_.end()) found->second.handover.answered(findings, now);
}

}  // namespace bailiwick::fleet
