#pragma once
// How every one of our own kinds is decoded: what cannot be read is said in the object, and of its
// spec nothing is kept, so that no half of a law or of a wish is ever acted on.

#include <utility>

#include "api/decode_meta.hpp"

namespace bailiwick::api {

// Reads `parts.spec` with `readSpec(cursor, out)`; where that refuses, only metadata and the reason
// stay.
template <class Kind, class ReadSpec>
void readOwnSpec(const Envelope& parts, Kind& out, ReadSpec&& readSpec) {
  Decoding decoding;
  if (parts.spec) {
    readSpec(Cursor(*parts.spec, "spec", decoding), out);
  } else {
    decoding.problem = "spec: is required";
  }
  if (!decoding.failed()) return;
  Kind unreadable;
  unreadable.meta = std::move(out.meta);
  unreadable.decodeError = decoding.problem;
  out = std::move(unreadable);
}

// A status that cannot be read is empty: it is ours to write again.
template <class Status, class ReadStatus>
Status readOwnStatus(simdjson::dom::element status, ReadStatus&& readStatus) {
  Decoding decoding;
  Status out;
  readStatus(Cursor(status, "status", decoding), out);
  return decoding.failed() ? Status{} : out;
}

}  // namespace bailiwick::api
