#pragma once
// Regions for tests of the fleet: Fleet(spec).region("fra", 4, 2) offers four replicas of the first
// variant and has two of them.

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "fleet/allocate.hpp"
#include "support/builders.hpp"

namespace bailiwick::testing {

// Replicas by variant name.
using Named = std::map<std::string, int>;

struct Said {
  std::vector<api::VariantOffer> offer;
  std::vector<api::VariantCount> share;
  std::vector<api::Price> prices;
  std::vector<api::PoolStatus> pools;
};

class Fleet {
 public:
  explicit Fleet(api::ModelDeploymentSpec of) : spec(std::move(of)) {}

  Said& region(const std::string& name, const Named& offer, const Named& share = {},
               fleet::Role role = fleet::Role::Active) {
    auto& said = said_.emplace_back();
    for (const auto& [variant, replicas] : offer) {
      said.offer.push_back({variant, replicas, {"pool-" + variant}, "", ""});
    }
    for (const auto& [variant, replicas] : share) said.share.push_back({variant, replicas});
    fleet::RegionInput input{name, role};
    names_.push_back(name);
    inputs_.push_back(input);
    return said;
  }
  Said& region(const std::string& name, int offer, int share = 0,
               fleet::Role role = fleet::Role::Active) {
    const auto& first = spec.variants.front().name;
    return region(name, Named{{first, offer}}, Named{{first, share}}, role);
  }
  fleet::RegionInput& input(std::size_t index) { return inputs_[index]; }

  fleet::Allocation allocation() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      inputs_[i].name = names_[i];
      inputs_[i].offer = &said_[i].offer;
      inputs_[i].share = &said_[i].share;
      inputs_[i].prices = &said_[i].prices;
      inputs_[i].pools = &said_[i].pools;
    }
    return fleet::allocate({spec, "team/assistant", inputs_});
  }

  // Replicas of the first variant by region, those with none left out.
  Named shares() {
    Named result;
    const auto allocation = this->allocation();
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (allocation.shares[i][0] > 0) result[names_[i]] = allocation.shares[i][0];
    }
    return result;
  }
  // "fra/h200" -> replicas.
  Named allShares() {
    Named result;
    const auto allocation = this->allocation();
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      for (std::size_t v = 0; v < spec.variants.size(); ++v) {
        const int count = allocation.shares[i][v];
        if (count > 0) result[names_[i] + "/" + spec.variants[v].name] = count;
      }
    }
    return result;
  }

  api::ModelDeploymentSpec spec;

 private:
  std::deque<Said> said_;
  std::deque<std::string> names_;
  std::vector<fleet::RegionInput> inputs_;
};

// One variant "h200" of one unit, strategy Spread.
inline api::ModelDeploymentSpec wanting(int units) {
  return makeDeployment("assistant", "team")
      .replicas(units)
      .variant(makeVariant("h200").on("nvidia", {"NVIDIA-H200"}, 8))
      .obj()
      .spec;
}

}  // namespace bailiwick::testing
