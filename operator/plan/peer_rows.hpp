#pragma once
// What a deployment's status says of the peers that serve it too.

#include <optional>
#include <string>
#include <vector>

#include "plan/status.hpp"

namespace bailiwick::plan {

// status.regions beside one's own. What a peer said before stands until its health, share or Ready
// count is another: a relayed entry is for people, never anybody's input.
std::vector<api::RegionEntry> peerEntries(const StatusInput& input);

// Adds what peers hold to the rows by variant.
void addPeers(std::vector<api::VariantStatus>& rows, const StatusInput& input);

// In thousandths per hour of what peers hold, at their own prices; nothing where a share has none.
std::optional<std::int64_t> costOfPeers(const StatusInput& input, std::string& currency, bool& any);

// Of one region's replicas of a variant.
std::optional<std::int64_t> priceOf(const api::Variant& variant, int replicas,
                                    const std::vector<api::Price>& prices, std::string& currency,
                                    bool& any);

struct Agreement {
  std::string status, reason, message;
};
// Whether all live regions have the same spec, and if not, where and in what it differs.
Agreement agreementOf(const StatusInput& input);

}  // namespace bailiwick::plan
