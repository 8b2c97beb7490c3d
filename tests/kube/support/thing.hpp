#pragma once
// The smallest object an informer can hold.

#include <simdjson.h>

#include "api/meta.hpp"
#include "api/result.hpp"

namespace bailiwick::kube::test {

struct Thing {
  api::ObjectMeta meta;
};

inline Result<Thing> decodeThing(simdjson::dom::element element) {
  const auto text = [&](const char* field) {
    std::string_view value;
    return element["metadata"][field].get(value) == simdjson::SUCCESS ? std::string(value) : "";
  };
  if (element["bad"].error() == simdjson::SUCCESS) return fail("spec.bad: must not be");
  Thing thing;
  thing.meta.key = {text("namespace"), text("name")};
  thing.meta.uid = text("uid");
  thing.meta.resourceVersion = text("resourceVersion");
  if (!text("deletionTimestamp").empty()) thing.meta.deleted = api::Time{};
  return thing;
}

}  // namespace bailiwick::kube::test
