#pragma once
// Pod templates. They depend on spec, passport, Region, catalogue and the RuntimeClasses that
// exist, never on nodes: node changes roll nothing (protocols 1).

#include "render/engine.hpp"

namespace bailiwick::render {

nlohmann::json podTemplate(const api::ModelDeployment& deployment, const VariantShare& share,
                           Member member, const Environment& environment);

// requiredDuringSchedulingIgnoredDuringExecution. A selector that matches nothing becomes one that
// matches nothing: Kubernetes refuses an empty list, and no affinity at all would match everything.
nlohmann::json nodeSelector(const plan::NodeSelector& selector);

// fsGroup lets a user who is not root read the projected token and write the cache; a claim that is
// mounted read-only is left as it is.
nlohmann::json podSecurityContext();
// Seconds that a pod which drains may take to end.
std::int64_t gracePeriod(const api::ModelDeployment& deployment);

}  // namespace bailiwick::render
