#include "peers/region_status.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <set>
#include <sstream>

#include "peers/countersign.hpp"

namespace bailiwick::peers {
namespace {

using fleet::Health;
using fleet::Why;

std::string sentenceOf(const fleet::Judgement& judgement) {
  switch (judgement.why) {
    case Why::HeartbeatSeen: return "its heartbeat comes";
    case Why::NotSeenYet: return "its heartbeat was not seen to change yet";
    case Why::Unreachable: return "its API server does not answer";
    case Why::OperatorDown:
      return "its API server answers and its heartbeat stands still: its replicas may serve";
    case Why::CredentialRefused: return "nothing is known of it: see the condition Reachable";
    case Why::OtherCluster: return "another cluster answers in its place: see Reachable";
    case Why::FailbackPending: return "it is back, and counted on again after failbackAfter";
    case Why::CordonedByHand: return "spec.cordoned is true: it takes no new share";
  }
  return "";
}

Finding ready(const PeerSight& sight, const fleet::Judgement& judgement) {
  const bool unknown = judgement.health == Health::Unknown;
  const bool bad = judgement.health == Health::Lost || judgement.health == Health::Suspect;
  // Of all that keeps us from knowing anything of it.
  const bool refused = judgement.why == Why::CredentialRefused && !sight.contact.reason.empty();
  return {unknown ? "Unknown" : bad ? "False" : "True",
          refused ? sight.contact.reason : std::string(nameOf(judgement.why)), sentenceOf(judgement)};
}

Finding reachable(const PeerSight& sight, const fleet::Judgement& judgement) {
  if (!sight.contact.reason.empty()) {
    const bool silent = sight.contact.reason == "Unreachable";
    return {silent ? "False" : "Unknown", sight.contact.reason, sight.contact.detail};
  }
  if (judgement.why == Why::NotSeenYet && !sight.sightings.lookedAt()) {
    return {"Unknown", "NotSeenYet", "it was not asked yet"};
  }
  if (!sight.warning.empty()) return {"True", "CredentialWarning", sight.warning};
  return {"True", "Answering", "its API server answers"};
}

bool isWord(const std::string& reason) {
  return !reason.empty() && reason.size() <= 64 &&
         std::all_of(reason.begin(), reason.end(),
                     [](unsigned char c) { return std::isalpha(c) != 0; });
}

Finding labels(const api::Region* there) {
  const auto* told =
      there ? api::findCondition(there->status.conditions, "LabelsConsistent") : nullptr;
  if (!told) return {"Unknown", "NotSeenYet", "its own Region object was not read yet"};
  const bool sound = (told->status == "True" || told->status == "False") && isWord(told->reason);
  if (!sound) return {"Unknown", "Unreadable", "what its own Region object says is no condition"};
  return {told->status, told->reason, told->message};
}

// Whether what its Region object shows of evidence is the peer's own word: the very cluster answers, and
// its operator takes itself for that region.
bool isItsWord(const PeerRegion& peer) {
  if (!peer.there || !peer.sight.contact.reason.empty()) return false;
  const auto* told = api::findCondition(peer.there->status.conditions, "Reachable");
  return told && told->status == "True" && told->reason == "Self";
}

// What a peer says is cut, and of plain letters: it is not to fill or to break our objects.
Finding bounded(Finding finding) {
  constexpr std::size_t most = 1024;
  if (finding.message.size() > most) finding.message.resize(most);
  const auto plain = [](char c) { return c >= ' ' && c <= '~'; };
  std::replace_if(finding.message.begin(), finding.message.end(), std::not_fn(plain), '?');
  return finding;
}

enum class Words { Matter, Follow };

void set(api::RegionStatus& status, const api::Region& region, const char* type, Finding finding,
         Words words, api::Time now) {
  finding = bounded(std::move(finding));
  const auto* before = api::findCondition(region.status.conditions, type);
  api::Condition condition{type,
                           finding.status,
                           region.meta.generation,
                           std::chrono::floor<std::chrono::seconds>(now),
                           finding.reason,
                           finding.message};
  if (before && before->status == condition.status) condition.since = before->since;
  const bool same = before && before->status == condition.status &&
                    before->reason == condition.reason &&
                    before->observedGeneration == condition.observedGeneration;
  if (same && words == Words::Follow) condition.message = before->message;
  status.conditions.push_back(std::move(condition));
}

constexpr std::string_view showsOther = "it shows less or other evidence than it did before, of ",
                           stands = ": what was recorded here stands";

// Orders stay named: who rewrites a second one and puts the first one right did it all the same.
std::set<std::string> rewritten(const api::Condition* told, const std::vector<std::string>& now) {
  std::set<std::string> orders(now.begin(), now.end());
  if (!told || told->reason != "Rewritten" || !told->message.starts_with(showsOther)) return orders;
  const auto end = told->message.find(stands);
  std::istringstream names(told->message.substr(showsOther.size(), end - showsOther.size()));
  for (std::string name; names >> name;) {
    if (name.ends_with(',')) name.pop_back();
    orders.insert(std::move(name));
  }
  return orders;
}

}  // namespace

api::RegionStatus statusOf(const PeerRegion& peer, api::Time now) {
  const auto& region = *peer.here;
  api::RegionStatus status = region.status;
  status.health = nameOf(peer.judgement.health);
  if (status.health != region.status.health || !status.healthSince) {
    status.healthSince = std::chrono::floor<std::chrono::seconds>(now);
    if (peer.sight.lastHeartbeat) {
      status.lastHeartbeat = std::chrono::floor<std::chrono::seconds>(*peer.sight.lastHeartbeat);
    }
  }
  if (status.clusterUID.empty()) status.clusterUID = peer.sight.clusterUid;
  const bool said = isItsWord(peer);
  const auto evidence =
      record(status.evidenceHeads,
             said ? peer.there->status.evidenceHeads : std::vector<api::EvidenceHead>{}, peer.self);
  status.evidenceHeads = evidence.heads;
  status.conditions.clear();
  set(status, region, "Ready", ready(peer.sight, peer.judgement), Words::Follow, now);
  set(status, region, "Reachable", reachable(peer.sight, peer.judgement), Words::Follow, now);
  set(status, region, "LabelsConsistent", labels(peer.there.get()), Words::Follow, now);
  set(status, region, "SpecInSync", peer.agreement, Words::Matter, now);
  const auto* told = api::findCondition(region.status.conditions, "EvidenceIntact");
  if (!evidence.rewritten.empty()) {
    set(status, region, "EvidenceIntact",
        {"False", "Rewritten",
         fmt::format("{}{}{}", showsOther, fmt::join(rewritten(told, evidence.rewritten), ", "),
                     stands)},
        Words::Matter, now);
  } else if (told && (told->status == "False" || !said)) {
    status.conditions.push_back(*told);  // it happened, or nothing new was heard
  } else if (!evidence.unproven.empty()) {
    set(status, region, "EvidenceIntact",
        {"Unknown", "NotProven",
         fmt::format("it shows more evidence and not that it goes on from what was recorded here, of "
                     "{}: it is not countersigned", fmt::join(evidence.unproven, ", "))},
        Words::Follow, now);
  } else if (told) {
    set(status, region, "EvidenceIntact",
        {"True", "Proven", "its evidence goes on from what was recorded here"}, Words::Follow, now);
  }
  return status;
}

}  // namespace bailiwick::peers
