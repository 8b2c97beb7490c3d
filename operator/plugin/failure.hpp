#pragma once
// How a command ends.

#include <string>
#include <tl/expected.hpp>

#include "api/result.hpp"

namespace bailiwick::plugin {

enum class Exit : int {
  Fine = 0,
  Finding = 1,
  Usage = 2,
  Unreachable = 3,  // the cluster did not answer, or not with what was asked for
};

struct Failure {
  Exit code = Exit::Usage;
  std::string message;
};

template <class T>
using Outcome = tl::expected<T, Failure>;

inline tl::unexpected<Failure> usage(std::string message) {
  return tl::unexpected<Failure>(Failure{Exit::Usage, std::move(message)});
}
inline tl::unexpected<Failure> finding(std::string message) {
  return tl::unexpected<Failure>(Failure{Exit::Finding, std::move(message)});
}
inline tl::unexpected<Failure> unreachable(std::string message) {
  return tl::unexpected<Failure>(Failure{Exit::Unreachable, std::move(message)});
}

}  // namespace bailiwick::plugin
