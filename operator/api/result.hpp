#pragma once
// Errors are values. A Result either holds a value or says in one sentence what is wrong, naming the
// object, the path and the remedy.

#include <string>
#include <tl/expected.hpp>

namespace bailiwick {

struct Error {
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string message) {
  return tl::unexpected<Error>(Error{std::move(message)});
}

}  // namespace bailiwick
