#include "peers/countersign.hpp"

#include <algorithm>
#include <utility>

#include "evidence/growth.hpp"

namespace bailiwick::peers {
namespace {

using api::EvidenceHead;
using api::EvidenceProof;

constexpr std::size_t maxHeads = 256, maxName = 253, maxUid = 64, maxProofs = 8, maxWitnesses = 128;

bool isHash(std::string_view text) {
  return text.size() == 64 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool sound(const EvidenceProof& proof) {
  return proof.from > 0 && proof.path.size() <= evidence::maxProof &&
         std::all_of(proof.path.begin(), proof.path.end(), isHash);
}

bool sound(const EvidenceHead& head) {
  return !head.order.empty() && head.order.size() <= maxName && head.uid.size() <= maxUid &&
         head.records > 0 && head.head.starts_with("sha256:") && isHash(std::string_view(head.head).substr(7)) &&
         (head.root.empty() || isHash(head.root)) && head.proofs.size() <= maxProofs &&
         std::all_of(head.proofs.begin(), head.proofs.end(),
                     [](const EvidenceProof& proof) { return sound(proof); });
}

template <class Heads>
auto find(Heads& heads, const EvidenceHead& head) {
  return std::find_if(heads.begin(), heads.end(),
                      [&](const EvidenceHead& one) { return ofOneChain(one, head); });
}

// What is shown no more makes room for what is, the oldest first.
void makeRoom(std::vector<EvidenceHead>& heads, const std::vector<EvidenceHead>& shown) {
  if (heads.size() < maxHeads) return;
  const auto gone = std::find_if(heads.begin(), heads.end(), [&](const EvidenceHead& head) {
    return find(shown, head) == shown.end();
  });
  if (gone != heads.end()) heads.erase(gone);
}

const EvidenceProof* proofFrom(const EvidenceHead& head, int records) {
  const auto found = std::find_if(head.proofs.begin(), head.proofs.end(),
                                  [&](const EvidenceProof& proof) { return proof.from == records; });
  return found == head.proofs.end() ? nullptr : &*found;
}

// A proof from there, with the path that it had.
void want(EvidenceHead& head, int records, const std::vector<EvidenceProof>& before) {
  if (proofFrom(head, records)) return;
  const auto had = std::find_if(before.begin(), before.end(),
                                [&](const EvidenceProof& proof) { return proof.from == records; });
  head.proofs.push_back(had == before.end() ? EvidenceProof{records, {}} : *had);
}

enum class Growth { None, Proven, Unproven, Broken };

// What was recorded without a root or a uid, of an operator of an earlier version, cannot be held against
// it.
Growth growth(const EvidenceHead& known, const EvidenceHead& shown) {
  if (shown.records < known.records) return Growth::Broken;
  if (shown.records == known.records) {
    if (shown.head != known.head) return Growth::Broken;
    if (shown.root.empty()) return Growth::None;
    if (!known.root.empty() && shown.root != known.root) return Growth::Broken;
    const bool saysMore = known.root.empty() || (known.uid.empty() && !shown.uid.empty());
    return saysMore ? Growth::Proven : Growth::None;
  }
  if (known.root.empty()) return Growth::Proven;
  const auto* proof = proofFrom(shown, known.records);
  if (!proof || shown.root.empty()) return Growth::Unproven;
  const auto count = [](int records) { return static_cast<std::size_t>(records); };
  return evidence::grewFrom(count(known.records), known.root, count(shown.records), shown.root,
                            proof->path)
             ? Growth::Proven
             : Growth::Broken;
}

EvidenceHead recorded(const EvidenceHead& shown, const std::string& self) {
  return {shown.order, shown.head, shown.records, {self}, shown.root, {}, {}, shown.uid};
}

const api::EvidenceSignature* signatureOf(const EvidenceHead& head, const std::string& region) {
  const auto found = std::find_if(
      head.signatures.begin(), head.signatures.end(),
      [&](const api::EvidenceSignature& signature) { return signature.region == region; });
  return found == head.signatures.end() ? nullptr : &*found;
}

// Whether that peer has said that it has seen this very head.
bool witnessed(const EvidenceHead& head, const EvidenceHead& theirs, const std::string& self,
               const std::string& peer) {
  if (theirs.head != head.head || theirs.records != head.records) return false;
  if (head.root.empty()) return true;
  const auto* signature = signatureOf(theirs, peer);
  if (!signature) return false;
  auto one = unsignedOf(head, self, peer);
  one.key = signature->key;
  one.signature = signature->signature;
  return evidence::isSigned(one);
}

void add(EvidenceHead& head, const EvidenceHead& theirs, const std::string& peer) {
  if (head.countersigned.size() >= maxWitnesses) return;
  head.countersigned.push_back(peer);
  if (!head.root.empty()) head.signatures.push_back(*signatureOf(theirs, peer));
}

}  // namespace

bool ofOneChain(const EvidenceHead& a, const EvidenceHead& b) {
  return a.order == b.order && (a.uid == b.uid || a.uid.empty() || b.uid.empty());
}

Recorded record(const std::vector<EvidenceHead>& known, const std::vector<EvidenceHead>& shown,
                const std::string& self) {
  Recorded out{known, {}, {}};
  for (const auto& head : shown) {
    if (!sound(head)) continue;
    const auto before = find(out.heads, head);
    if (before == out.heads.end()) {
      makeRoom(out.heads, shown);
      if (out.heads.size() < maxHeads) out.heads.push_back(recorded(head, self));
      continue;
    }
    switch (growth(*before, head)) {
      case Growth::None: break;
      case Growth::Proven: *before = recorded(head, self); break;
      case Growth::Unproven: out.unproven.push_back(head.order); break;
      case Growth::Broken: out.rewritten.push_back(head.order); break;
    }
  }
  return out;
}

std::vector<EvidenceHead> withWitnesses(std::vector<EvidenceHead> own, const std::string& self,
                                        const std::vector<Witness>& witnesses) {
  for (auto& head : own) {
    bool behind = false;
    // Who has witnessed this head once stays its witness while he cannot be read.
    const auto proofs = std::exchange(head.proofs, {});
    for (const auto& witness : witnesses) {
      if (!witness.region) {
        behind = true;  // for all that is known
        continue;
      }
      const auto& theirs = witness.region->status.evidenceHeads;
      const auto seen = find(theirs, head);
      if (seen == theirs.end()) continue;
      const auto& names = head.countersigned;
      if (witnessed(head, *seen, self, witness.peer)) {
        if (std::find(names.begin(), names.end(), witness.peer) == names.end()) {
          add(head, *seen, witness.peer);
        }
      } else if (seen->records > 0 && seen->records < head.records && !head.root.empty()) {
        behind = true;
        want(head, seen->records, proofs);
      }
    }
    for (const auto& proof : proofs) {
      if (behind) want(head, proof.from, proofs);
    }
    if (head.proofs.size() > maxProofs) head.proofs.resize(maxProofs);
    std::sort(head.proofs.begin(), head.proofs.end(),
              [](const EvidenceProof& a, const EvidenceProof& b) { return a.from < b.from; });
    std::sort(head.countersigned.begin(), head.countersigned.end());
    std::sort(head.signatures.begin(), head.signatures.end(),
              [](const auto& a, const auto& b) { return a.region < b.region; });
  }
  return own;
}

evidence::Countersignature unsignedOf(const EvidenceHead& head, const std::string& region,
                                      const std::string& witness) {
  return {region, head.order, static_cast<std::uint64_t>(head.records), head.head, head.root, witness,
          {}, {}};
}

}  // namespace bailiwick::peers
