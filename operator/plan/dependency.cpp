#include "plan/dependency.hpp"

#include <algorithm>

namespace bailiwick::plan {
namespace {

class Collected {
 public:
  void add(DependencyKind kind, const std::string& value) {
    if (!value.empty()) found_.push_back({kind, value});
  }
  std::vector<Dependency> take() {
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  std::vector<Dependency> found_;
};

}  // namespace

std::string toString(const Dependency& dependency) {
  std::string text(nameOf(dependency.kind));
  text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text + " " + dependency.value;
}

std::vector<Dependency> dependenciesOf(const policy::Facts& facts) {
  Collected found;
  for (const auto& kin : facts.lineage) {
    found.add(DependencyKind::Origin, kin.origin);
    found.add(DependencyKind::Publisher, kin.publisher);
    found.add(DependencyKind::Licence, kin.licence);
  }
  found.add(DependencyKind::Vendor, facts.vendor);
  found.add(DependencyKind::Engine, facts.engine);
  found.add(DependencyKind::Provider, facts.externalProvider);
  if (facts.region) found.add(DependencyKind::Region, facts.region->meta.key.name);
  for (const auto& place : facts.places) {
    found.add(DependencyKind::Provider, place.provider);
    found.add(DependencyKind::Jurisdiction, place.jurisdiction);
  }
  return found.take();
}

}  // namespace bailiwick::plan
