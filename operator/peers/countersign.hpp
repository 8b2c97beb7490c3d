#pragma once
// Regions as witnesses of one another's evidence (protocols 8): what a peer once published of a chain
// is recorded here, and only what is shown to go on from it is countersigned. Pure.

#include <string>
#include <vector>

#include "api/region.hpp"
#include "evidence/countersignature.hpp"
#include "peers/agreement.hpp"

namespace bailiwick::peers {

// Two heads of one order: of its name alone where one of them was told by an earlier version.
bool ofOneChain(const api::EvidenceHead& a, const api::EvidenceHead& b);

struct Recorded {
  std::vector<api::EvidenceHead> heads;  // countersigned by `self`
  // Orders whose chain was shortened or rewritten: what was recorded before stands.
  std::vector<std::string> rewritten;
  // Orders of which more is shown than was recorded, and not that it goes on from there.
  std::vector<std::string> unproven;
};

// `known`: as recorded here; `shown`: as the peer's own Region object says now. What has a root and no
// signature is to be signed.
Recorded record(const std::vector<api::EvidenceHead>& known,
                const std::vector<api::EvidenceHead>& shown, const std::string& self);

// Our own heads, each with the peers that have recorded exactly this one, and signed so where it has a
// root; and with a proof for each number of records that a peer has seen, without a path where there was
// none yet. What proofs there were stay while one of them has not seen all, or cannot be read.
std::vector<api::EvidenceHead> withWitnesses(std::vector<api::EvidenceHead> own,
                                             const std::string& self,
                                             const std::vector<Witness>& witnesses);

// What `witness` signs of a head of `region`; without key and signature.
evidence::Countersignature unsignedOf(const api::EvidenceHead& head, const std::string& region,
                                      const std::string& witness);

}  // namespace bailiwick::peers
