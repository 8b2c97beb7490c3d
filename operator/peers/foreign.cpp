#include "peers/foreign.hpp"

#include <simdjson.h>

#include <algorithm>

#include "api/decode.hpp"
#include "manifest/bounds.hpp"

namespace bailiwick::peers {
namespace {

using simdjson::dom::element;

template <class T>
Result<T> decodeWithin(std::string_view kind, element object, Result<T> (*decode)(element)) {
  const auto within = manifest::builtinBounds(kind).check(object);
  if (!within) return tl::unexpected(within.error());
  return decode(object);
}

}  // namespace

Result<api::ModelDeployment> decodeForeignDeployment(element object) {
  return decodeWithin("ModelDeployment", object, api::decodeModelDeployment);
}

Result<api::Region> decodeForeignRegion(element object) {
  return decodeWithin("Region", object, api::decodeRegion);
}

Result<api::ExitOrder> decodeForeignOrder(element object) {
  return decodeWithin("ExitOrder", object, api::decodeExitOrder);
}

Result<api::ModelDeployment> decodeOriginal(element object) {
  auto deployment = decodeForeignDeployment(object);
  if (!deployment) return deployment;
  auto& pod = deployment->spec.pod;
  const auto leave = [](std::vector<api::EnvVar>& env) {
    std::erase_if(env, [](const api::EnvVar& variable) { return variable.fromSecret.has_value(); });
  };
  pod.serviceAccountName.clear();
  pod.imagePullSecrets.clear();
  leave(pod.env);
  for (auto& variant : deployment->spec.variants) leave(variant.engine.env);
  return deployment;
}

}  // namespace bailiwick::peers
