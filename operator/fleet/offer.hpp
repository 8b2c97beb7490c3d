#pragma once
// What a region tells of itself (protocols 5, Offers and Quiet).

#include <optional>

#include "api/model_deployment.hpp"
#include "api/region.hpp"
#include "fleet/units.hpp"

namespace bailiwick::fleet {

// Replicas held plus free, no more than the whole deployment could use.
int offered(int held, int free, const api::Variant& variant, const api::ModelDeploymentSpec& spec);

// What is promised, as far as it is offered.
Counts promise(const Counts& publish, const std::vector<api::VariantOffer>& offer,
               const api::ModelDeploymentSpec& spec);

// An entry about to be told differs from the last one told in its offers only: when it may be told.
// Nothing: now. A sequence number is the time of its entry.
std::optional<api::Time> heldBackUntil(const api::RegionEntry& told, const api::RegionEntry& next,
                                       api::Time now);

// A Region's status about to be told differs from the last one in how many devices are free, and pools
// were told at `toldAt`: when it may be told. Nothing: now. Whoever else takes and gives back devices
// changes these counts; no allocation comes of them, since offers tell what is.
std::optional<api::Time> heldBackUntil(const api::RegionStatus& told, const api::RegionStatus& next,
                                       api::Time toldAt, api::Time now);

// The number of the next entry: above the last one, and above all of before a restored backup.
std::int64_t nextSequence(std::int64_t last, api::Time now);

}  // namespace bailiwick::fleet
