#pragma once
// What the decoders share: metadata, conditions, and the split between metadata and the rest.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/decode.hpp"
#include "api/json_cursor.hpp"

namespace bailiwick::api {

struct MetaFields {
  const LabelFilter* keepLabel = nullptr;  // nullptr: every label
  bool labels = true;
  bool annotations = true;  // those of bailiwick.dev
  bool identity = true;     // uid, creation, owners, finalizers
};

void readMeta(const Cursor& metadata, ObjectMeta& out, const MetaFields& wanted = {});
void readCondition(const Cursor& condition, Condition& out);

// The top level of an object, its parts unread.
struct Envelope {
  std::optional<simdjson::dom::element> metadata, spec, status;
};

// Fails when it is no object or has no metadata with a name. `kind` begins the error.
Result<Envelope> readEnvelope(simdjson::dom::element json, std::string_view kind, Nulls nulls,
                              ObjectMeta& meta, const MetaFields& wanted = {});

// "Pod apps/web-1: spec.containers[0]: must be an object, is null"
tl::unexpected<Error> decodeFailure(std::string_view kind, const ObjectMeta& meta,
                                    const std::string& problem);

}  // namespace bailiwick::api
