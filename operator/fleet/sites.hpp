#pragma once
// The regions of an allocation as numbers: what each keeps, and what it could still take. Internal to
// allocate().

#include <cstdint>
#include <vector>

#include "fleet/allocate.hpp"

namespace bailiwick::fleet {

class Sites {
 public:
  explicit Sites(const AllocationInput& input);

  int size() const { return static_cast<int>(roles_.size()); }
  int variants() const { return variants_; }
  Role role(int r) const { return roles_[r]; }
  std::uint64_t rank(int r) const { return ranks_[r]; }
  api::Units units(int r) const { return units_[r]; }
  api::Units capacity(int v) const { return spec_.variants[v].capacity; }
  int share(int r, int v) const { return share_[at(r, v)]; }
  // What is held and to be given to others where they take it: not part of the share.
  int leaving(int r, int v) const { return leaving_[at(r, v)]; }
  // Wanted, less what is counted: that of Active, Draining and Frozen regions.
  api::Units missing() const { return missing_; }

  // How many more replicas the region could take of the variant.
  int room(int r, int v) const;
  void add(int r, int v, int replicas);
  // Of what is leaving, so many stay.
  void keep(int r, int v, int replicas);

 private:
  std::size_t at(int r, int v) const {
    return static_cast<std::size_t>(r) * static_cast<std::size_t>(variants_) +
           static_cast<std::size_t>(v);
  }
  void read(const RegionInput& region, int r);
  void bound(int r);
  void sharePools(const RegionInput& region, int r);

  const api::ModelDeploymentSpec& spec_;
  int variants_;
  api::Units cap_, missing_;
  std::vector<Role> roles_;
  std::vector<std::uint64_t> ranks_;
  std::vector<api::Units> units_;
  std::vector<int> offer_, share_, leaving_, group_;
  std::vector<std::int64_t> devices_;  // of one replica, by variant
  std::vector<std::int64_t> budgets_;  // devices left, by group
};

}  // namespace bailiwick::fleet
