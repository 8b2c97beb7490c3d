#pragma once
// How a peer's objects are read. Its API server may have judged nothing: what our own CRDs would
// refuse is an error before anything is made of it, and so never becomes part of an object of ours.

#include "api/exit_order.hpp"
#include "api/model_deployment.hpp"
#include "api/region.hpp"
#include "api/result.hpp"

namespace simdjson::dom {
class element;
}

namespace bailiwick::peers {

Result<api::ModelDeployment> decodeForeignDeployment(simdjson::dom::element object);
Result<api::Region> decodeForeignRegion(simdjson::dom::element object);
Result<api::ExitOrder> decodeForeignOrder(simdjson::dom::element object);

// Without what only its own cluster may use (Secrets, ServiceAccount): a copy never has it.
Result<api::ModelDeployment> decodeOriginal(simdjson::dom::element object);

}  // namespace bailiwick::peers
