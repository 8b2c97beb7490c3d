#include "fleet/allocate.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <queue>
#include <tuple>

#include "fleet/sites.hpp"

namespace bailiwick::fleet {
namespace {

int ceilDiv(api::Units units, api::Units capacity) {
  return static_cast<int>((units + capacity - 1) / capacity);
}

// What a unit of a variant costs in a region, in thousandths of a currency per hour and thousand units;
// what has no price, or one in another currency than most, comes last.
class Prices {
 public:
  explicit Prices(const AllocationInput& input) : input_(input) {
    std::map<std::string_view, int> currencies;
    for (const auto& region : input.regions) {
      if (!region.prices) continue;
      for (const auto& price : *region.prices) ++currencies[price.currency];
    }
    int most = 0;
    for (const auto& [currency, count] : currencies) {
      if (count <= most) continue;
      most = count;
      currency_ = currency;
    }
  }

  std::int64_t of(int r, int v) const {
    const auto& variant = input_.spec.variants[v];
    const auto& wanted = variant.accelerator;
    if (!input_.regions[r].prices) return none;
    for (const auto& price : *input_.regions[r].prices) {
      const auto& products = wanted.products;
      const bool meant = price.vendor == wanted.vendor && price.currency == currency_ &&
                         (products.empty() || std::find(products.begin(), products.end(),
                                                        price.product) != products.end());
      if (!meant) continue;
      return price.perDeviceHour * wanted.perReplica * wanted.nodes * 1000 / variant.capacity;
    }
    return none;
  }

 private:
  static constexpr auto none = std::numeric_limits<std::int64_t>::max();
  const AllocationInput& input_;
  std::string_view currency_;
};

class Allocator {
 public:
  explicit Allocator(const AllocationInput& input) : input_(input), sites_(input) {}

  Allocation run() {
    if (sites_.missing() < 0) shrink(-sites_.missing());
    if (sites_.missing() > 0) grow();
    occupy();
    keepLeaving();
    Allocation result;
    auto missing = sites_.missing();
    for (int r = 0; r < sites_.size(); ++r) {
      Counts counts(static_cast<std::size_t>(sites_.variants()));
      for (int v = 0; v < sites_.variants(); ++v) counts[v] = sites_.share(r, v);
      result.shares.push_back(std::move(counts));
      if (sites_.role(r) == Role::Out) missing -= sites_.units(r);
    }
    result.unmet = std::max<api::Units>(0, missing);
    return result;
  }

 private:
  // A region by how much it has; who has equally much is told apart by rank.
  using Level = std::tuple<api::Units, std::uint64_t, int>;

  bool active(int r) const { return sites_.role(r) == Role::Active; }

  // The first variant in order of preference that the region could take one more of.
  int roomiest(int r) const {
    for (int v = 0; v < sites_.variants(); ++v) {
      if (sites_.room(r, v) > 0) return v;
    }
    return -1;
  }

  int needed(int v) const {
    return sites_.missing() <= 0 ? 0 : ceilDiv(sites_.missing(), sites_.capacity(v));
  }

  void fill(int r, int v) { sites_.add(r, v, std::min(needed(v), sites_.room(r, v))); }

  // placement.minRegions: those that have nothing yet get a replica of those that have most.
  void occupy() {
    int missing = input_.spec.placement.minRegions;
    std::vector<Level> empty;
    for (int r = 0; r < sites_.size(); ++r) {
      const auto role = sites_.role(r);
      if (role == Role::Out || role == Role::Gone) continue;
      if (sites_.units(r) > 0) {
        --missing;
      } else if (active(r) && roomiest(r) >= 0) {
        empty.emplace_back(0, ~sites_.rank(r), r);
      }
    }
    if (missing <= 0) return;
    std::sort(empty.begin(), empty.end());
    for (const auto& [level, rank, r] : empty) {
      if (missing-- <= 0) return;
      const int v = roomiest(r);
      if (sites_.missing() <= 0 && !takeOne(sites_.capacity(v))) return;
      sites_.add(r, v, 1);
    }
  }

  // From the region that has most and keeps something, a replica of at most so many units.
  bool takeOne(api::Units units) {
    Level best{0, 0, -1};
    for (int r = 0; r < sites_.size(); ++r) {
      const Level level{sites_.units(r), ~sites_.rank(r), r};
      if (active(r) && replicas(r) > 1 && level > best && smallest(r, units) >= 0) best = level;
    }
    const int r = std::get<2>(best);
    if (r < 0) return false;
    sites_.add(r, smallest(r, units), -1);
    return true;
  }

  int replicas(int r) const {
    int count = 0;
    for (int v = 0; v < sites_.variants(); ++v) count += sites_.share(r, v);
    return count;
  }

  // The least preferred variant of which the region has a replica of at most so many units.
  int smallest(int r, api::Units units) const {
    for (int v = sites_.variants() - 1; v >= 0; --v) {
      if (sites_.share(r, v) > 0 && sites_.capacity(v) <= units) return v;
    }
    return -1;
  }

  void grow() {
    switch (input_.spec.placement.strategy) {
      case api::Strategy::Spread:
        return level();
      case api::Strategy::Pack:
        return pack();
      case api::Strategy::Cheapest:
        return buy();
    }
  }

  // Whoever has least gets the next. In portions of half of an even share, which nobody's final level
  // can be below: so it comes out as one by one.
  void level() {
    std::priority_queue<Level, std::vector<Level>, std::greater<>> lowest;
    for (int r = 0; r < sites_.size(); ++r) {
      if (active(r)) lowest.emplace(sites_.units(r), ~sites_.rank(r), r);
    }
    while (sites_.missing() > 0 && !lowest.empty()) {
      const auto [units, rank, r] = lowest.top();
      const auto portion = sites_.missing() / (2 * static_cast<api::Units>(lowest.size()));
      lowest.pop();
      const int v = roomiest(r);
      if (v < 0) continue;
      const auto replicas = std::max<api::Units>(1, portion / sites_.capacity(v));
      sites_.add(r, v, static_cast<int>(std::min<api::Units>(replicas, sites_.room(r, v))));
      lowest.emplace(sites_.units(r), rank, r);
    }
  }

  // As few regions as possible: first those that have something, then those that could take most.
  void pack() {
    std::vector<std::tuple<api::Units, api::Units, std::uint64_t, int>> order;
    for (int r = 0; r < sites_.size(); ++r) {
      if (!active(r)) continue;
      api::Units could = 0;
      for (int v = 0; v < sites_.variants(); ++v) could += sites_.room(r, v) * sites_.capacity(v);
      order.emplace_back(sites_.units(r), std::min(could, sites_.missing()), sites_.rank(r), r);
    }
    std::sort(order.rbegin(), order.rend());
    for (const auto& [units, could, rank, r] : order) {
      for (int v = 0; v < sites_.variants(); ++v) fill(r, v);
    }
  }

  using Priced = std::tuple<std::int64_t, int, std::uint64_t, int>;  // price, variant, rank, region
  std::vector<Priced> byPrice(bool onlyHeld) const {
    const Prices prices(input_);
    std::vector<Priced> order;
    for (int r = 0; r < sites_.size(); ++r) {
      if (!active(r)) continue;
      for (int v = 0; v < sites_.variants(); ++v) {
        if (onlyHeld ? sites_.share(r, v) == 0 : sites_.room(r, v) == 0) continue;
        order.emplace_back(prices.of(r, v), v, ~sites_.rank(r), r);
      }
    }
    std::sort(order.begin(), order.end());
    return order;
  }

  void buy() {
    for (const auto& [price, v, rank, r] : byPrice(false)) fill(r, v);
  }

  void shrink(api::Units surplus) {
    switch (input_.spec.placement.strategy) {
      case api::Strategy::Spread:
        return lower(surplus);
      case api::Strategy::Pack:
        return unpack(surplus);
      case api::Strategy::Cheapest:
        return sell(surplus);
    }
  }

  int occupied() const {
    int count = 0;
    for (int r = 0; r < sites_.size(); ++r) {
      const auto role = sites_.role(r);
      if (role != Role::Out && role != Role::Gone && sites_.units(r) > 0) ++count;
    }
    return count;
  }

  // Takes up to so many replicas, no more units than the surplus, and not the last of a region that
  // minRegions needs. Returns how many.
  int give(int r, int v, int replicas, api::Units& surplus, int& occupiedNow) {
    auto count = std::min<api::Units>({replicas, sites_.share(r, v), surplus / sites_.capacity(v)});
    const bool last = count > 0 && count * sites_.capacity(v) == sites_.units(r);
    if (last && occupiedNow <= input_.spec.placement.minRegions) --count;
    if (count <= 0) return 0;
    if (last && count * sites_.capacity(v) == sites_.units(r)) --occupiedNow;
    sites_.add(r, v, static_cast<int>(-count));
    surplus -= count * sites_.capacity(v);
    return static_cast<int>(count);
  }

  // The reverse of level(): whoever has most gives the next, the lower rank first.
  void lower(api::Units surplus) {
    int occupiedNow = occupied();
    std::priority_queue<Level> highest;
    for (int r = 0; r < sites_.size(); ++r) {
      if (active(r) && sites_.units(r) > 0) highest.emplace(sites_.units(r), ~sites_.rank(r), r);
    }
    while (surplus > 0 && !highest.empty()) {
      const auto [units, rank, r] = highest.top();
      const auto portion = surplus / (2 * static_cast<api::Units>(highest.size()));
      highest.pop();
      const int v = smallest(r, surplus);
      if (v < 0) continue;
      const auto replicas = std::max<api::Units>(1, portion / sites_.capacity(v));
      const int given = give(r, v, static_cast<int>(replicas), surplus, occupiedNow);
      if (given > 0) highest.emplace(sites_.units(r), rank, r);
    }
  }

  // Those that have least are emptied first.
  void unpack(api::Units surplus) {
    int occupiedNow = occupied();
    std::vector<Level> order;
    for (int r = 0; r < sites_.size(); ++r) {
      if (active(r) && sites_.units(r) > 0) order.emplace_back(sites_.units(r), sites_.rank(r), r);
    }
    std::sort(order.begin(), order.end());
    for (const auto& [units, rank, r] : order) {
      for (int v = sites_.variants() - 1; v >= 0; --v) {
        give(r, v, sites_.share(r, v), surplus, occupiedNow);
      }
    }
  }

  void sell(api::Units surplus) {
    int occupiedNow = occupied();
    auto order = byPrice(true);
    std::reverse(order.begin(), order.end());
    for (const auto& [price, v, rank, r] : order) {
      give(r, v, sites_.share(r, v), surplus, occupiedNow);
    }
  }

  // What nobody else can take stays where it is.
  void keepLeaving() {
    if (sites_.missing() <= 0) return;
    std::vector<std::pair<std::uint64_t, int>> order;
    for (int r = 0; r < sites_.size(); ++r) order.emplace_back(sites_.rank(r), r);
    std::sort(order.rbegin(), order.rend());
    for (const auto& [rank, r] : order) {
      for (int v = 0; v < sites_.variants() && sites_.missing() > 0; ++v) {
        sites_.keep(r, v, std::min(needed(v), sites_.leaving(r, v)));
      }
    }
  }

  const AllocationInput& input_;
  Sites sites_;
};

Allocation allocateFirst(const AllocationInput& input) { return Allocator(input).run(); }

// By version of the rules, the oldest first.
constexpr std::array<Allocation (*)(const AllocationInput&), allocatorVersion> versions = {
    allocateFirst};

}  // namespace

int agreedVersion(std::span<const RegionInput> regions) {
  int lowest = allocatorVersion;
  for (const auto& region : regions) {
    if (region.role == Role::Active || region.role == Role::Draining) {
      lowest = std::min(lowest, region.allocator);
    }
  }
  return std::max(1, lowest);
}

Allocation allocate(const AllocationInput& input) {
  return versions[static_cast<std::size_t>(agreedVersion(input.regions) - 1)](input);
}

}  // namespace bailiwick::fleet
