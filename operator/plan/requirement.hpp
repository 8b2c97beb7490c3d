#pragma once
// What one variant asks of a node in this region. It depends on spec, passport, Region and catalogue
// only, never on which nodes exist: node changes roll nothing.

#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/quantity.hpp"
#include "api/region.hpp"
#include "catalog/catalog.hpp"
#include "plan/selector.hpp"
#include "policy/refusal.hpp"

namespace bailiwick::plan {

struct Requirement {
  // Owned by the catalogue, which outlives every plan.
  const catalog::Vendor* vendor = nullptr;
  const catalog::ResourceFamily* family = nullptr;
  const catalog::Engine* engine = nullptr;
  const catalog::EngineImage* image = nullptr;

  std::string resource;     // what the engine container requests
  int devicesPerNode = 0;   // whole devices on each node of a replica
  int nodes = 1;            // nodes of a replica
  // What a replica takes of `resource` on one node, in thousandths, everything in the pod counted.
  std::int64_t milliPerNode = 0;

  // The two halves of the required node affinity: where a replica may be, and on what it fits. The
  // template carries both(law, hardware).
  NodeSelector law;
  NodeSelector hardware;
};

// The least strict Pod Security Standard that the engine's pods satisfy: "restricted", "baseline" or
// "privileged". Everything else in them is restricted.
std::string podSecurityOf(const Requirement& requirement);

// CPU that the sidecar requests: for vendor "cpu" it comes out of the same resource as the devices.
inline constexpr std::int64_t sidecarMilliCpu = 100;

// Nodes whose location is known, uncontradicted and in the Region's jurisdiction, and that carry
// every residency class.
NodeSelector lawfulNodes(const std::vector<std::string>& dataResidency, const api::Region& region,
                         const catalog::Catalog& catalog);

// The products that the requirement's nodes may have, by the catalogue's names, where the variant
// names none.
std::vector<std::string> productNames(const Requirement& requirement);
// Nodes whose labels name this product, on their own or among others.
NodeSelector nodesWith(const catalog::Vendor& vendor, const catalog::Product& product);

// EngineUnsupported, NoMatchingPool or InvalidSpec where no node could ever do. The variant is not
// external.
tl::expected<Requirement, policy::Refusal> require(const api::Variant& variant,
                                                   const api::PlacementSpec& placement,
                                                   const api::Region& region,
                                                   const catalog::Catalog& catalog);

}  // namespace bailiwick::plan
