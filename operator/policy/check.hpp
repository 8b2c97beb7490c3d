#pragma once
// May this variant run in this region? An ordered chain of pure checks; the first refusal stands.
// The same chain answers in the operator's placement, in admission, in `plan` and in `explain`.

#include <optional>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"
#include "catalog/catalog.hpp"
#include "policy/refusal.hpp"

namespace bailiwick::policy {

// What the platform team allows, from the operator's flags.
struct Settings {
  // Domains (with "/") whose labels and annotations a tenant may set on pods; keys without a domain
  // are always fine.
  std::vector<std::string> podMetadataPrefixes;
};

struct Context {
  const api::ModelDeployment& deployment;
  const api::Variant& variant;
  const api::ModelPassport* passport = nullptr;  // null: no passport of that name
  const api::Region& region;
  const catalog::Catalog& catalog;
  const Settings& settings;
  bool leaderWorkerSets = false;  // the API is installed
};

// What concerns the whole deployment: the spec, its places, this Region.
std::optional<Refusal> checkDeployment(const api::ModelDeployment& deployment,
                                       const api::Region& region, const catalog::Catalog& catalog,
                                       const Settings& settings);

// What concerns one variant, given that the deployment passed.
std::optional<Refusal> checkVariant(const Context& context);

}  // namespace bailiwick::policy
