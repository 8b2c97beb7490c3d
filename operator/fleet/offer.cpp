#include "fleet/offer.hpp"

#include <algorithm>

namespace bailiwick::fleet {
namespace {

constexpr std::chrono::seconds debounce{1}, betweenCounts{10};

std::int64_t millisOf(api::Time time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

int offered(int held, int free, const api::Variant& variant,
            const api::ModelDeploymentSpec& spec) {
  return std::clamp(held + free, 0, capOf(variant, spec));
}

Counts promise(const Counts& publish, const std::vector<api::VariantOffer>& offer,
               const api::ModelDeploymentSpec& spec) {
  return least(publish, countsOf(offer, spec));
}

std::optional<api::Time> heldBackUntil(const api::RegionEntry& told, const api::RegionEntry& next,
                                       api::Time now) {
  auto alike = next;
  alike.offer = told.offer;
  alike.sequence = told.sequence;
  alike.healthSince = told.healthSince;
  if (!(alike == told) || next.offer == told.offer) return std::nullopt;
  const api::Time due = api::Time(std::chrono::milliseconds(told.sequence)) + debounce;
  // A number beyond the clock says nothing of when it was told.
  if (now >= due || due > now + debounce) return std::nullopt;
  return due;
}

std::optional<api::Time> heldBackUntil(const api::RegionStatus& told, const api::RegionStatus& next,
                                       api::Time toldAt, api::Time now) {
  if (told.pools == next.pools || told.pools.size() != next.pools.size()) return std::nullopt;
  auto alike = next;
  for (std::size_t i = 0; i < told.pools.size(); ++i) {
    alike.pools[i].devicesFree = told.pools[i].devicesFree;
    alike.pools[i].largestFreeOnOneNode = told.pools[i].largestFreeOnOneNode;
  }
  if (!(alike == told) || now < toldAt || now >= toldAt + betweenCounts) return std::nullopt;
  return toldAt + betweenCounts;
}

std::int64_t nextSequence(std::int64_t last, api::Time now) {
  return std::max(last + 1, millisOf(now));
}

}  // namespace bailiwick::fleet
