#pragma once
// Regions as witnesses of one another's evidence (protocols 8): what a peer once published of a chain
// is recorded here, and only what goes on from it is countersigned. Pure.

#include <string>
#include <vector>

#include "api/region.hpp"
#include "peers/agreement.hpp"

namespace bailiwick::peers {

struct Recorded {
  std::vector<api::EvidenceHead> heads;  // countersigned by `self`
  // Orders whose chain was shortened or rewritten: what was recorded before stands.
  std::vector<std::string> rewritten;
};

// `known`: as recorded here; `shown`: as the peer's own Region object says now.
Recorded record(const std::vector<api::EvidenceHead>& known,
                const std::vector<api::EvidenceHead>& shown, const std::string& self);

// Our own heads, each with the peers that have recorded exactly this one.
std::vector<api::EvidenceHead> withWitnesses(std::vector<api::EvidenceHead> own,
                                             const std::vector<Witness>& witnesses);

}  // namespace bailiwick::peers
