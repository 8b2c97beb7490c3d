#pragma once
// From JSON, as the API server sends it, to structs. Nothing that arrives can crash a decoder: a
// wrong type, a missing field or a null where none may be is an error that names the object and the
// path.
//
// For Bailiwick's own kinds the error is split, because an object whose spec is bad must neither be
// lost nor stop the others: with readable metadata the object comes back with `decodeError` set and
// an empty spec. A status that cannot be read comes back empty: it is ours to write again.
//
// Annotations are dropped but for those of bailiwick.dev (and the deletion cost of our own pods).

#include <functional>
#include <string_view>

#include "api/exit_order.hpp"
#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"
#include "api/result.hpp"
#include "api/sovereignty_policy.hpp"
#include "api/workload.hpp"

namespace simdjson::dom {
class element;
}

namespace bailiwick::api {

Result<ModelDeployment> decodeModelDeployment(simdjson::dom::element json);
Result<ModelPassport> decodeModelPassport(simdjson::dom::element json);
Result<Region> decodeRegion(simdjson::dom::element json);
// Rules and targets that this version does not know are errors: they might forbid something.
Result<SovereigntyPolicy> decodeSovereigntyPolicy(simdjson::dom::element json);
Result<ExitOrder> decodeExitOrder(simdjson::dom::element json);

// Tells by its key whether a node's label is worth its memory.
using LabelFilter = std::function<bool(std::string_view)>;
Result<Node> decodeNode(simdjson::dom::element json, const LabelFilter& keepLabel);

// Of pods that are not ours only name, node, phase and requests are kept.
Result<Pod> decodePod(simdjson::dom::element json);

// A Deployment of apps/v1 or a LeaderWorkerSet.
Result<Workload> decodeWorkload(simdjson::dom::element json);
Result<EndpointSlice> decodeEndpointSlice(simdjson::dom::element json);
Result<GenericObject> decodeGenericObject(simdjson::dom::element json);

}  // namespace bailiwick::api
