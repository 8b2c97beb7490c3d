#pragma once
// One request, one typed answer.

#include <simdjson.h>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <tl/expected.hpp>

#include "api/result.hpp"
#include "kube/error.hpp"
#include "kube/transport.hpp"

namespace bailiwick::kube {

template <class T>
using ApiResult = tl::expected<T, ApiError>;

// What a write answers: the object as stored, or (for a deletion that is complete) nothing of it.
struct Written {
  std::string uid;
  std::string resourceVersion;
  std::int64_t generation = 0;
};

// A 2xx answer, or an ApiError. The body is not looked at.
ApiResult<Response> perform(Transport& transport, const Request& request, std::stop_token stop);

// A create, apply, patch or deletion.
ApiResult<Written> write(Transport& transport, const Request& request, std::stop_token stop);

// A JSON object, shown to `visit` while it is alive.
ApiResult<void> readJson(Transport& transport, const Request& request, std::stop_token stop,
                         const std::function<Result<void>(simdjson::dom::element)>& visit);

// Get and decode one object. An object that cannot be decoded is Malformed.
template <class T>
ApiResult<T> read(Transport& transport, const Request& request, std::stop_token stop,
                  const std::function<Result<T>(simdjson::dom::element)>& decode) {
  T value{};
  auto done = readJson(transport, request, stop, [&](simdjson::dom::element element) {
    return decode(element).map([&](T decoded) { value = std::move(decoded); });
  });
  if (!done) return tl::unexpected(done.error());
  return value;
}

}  // namespace bailiwick::kube
