#pragma once
// A request of the sidecar's own, whose answer is read to its end or handed on piece by piece.

#include <functional>
#include <string>
#include <string_view>

#include "proxy/connect.hpp"
#include "proxy/core.hpp"

namespace bailiwick::sidecar {

struct Fetched {
  int status = 0;           // 0: no answer
  std::uint64_t bytes = 0;  // of the body
  bool refused = false;     // nothing listens
  bool whole = false;       // the body came to its end
  std::string fault;
};

// Returns whether to go on.
using OnBody = std::function<bool(int status, std::string_view bytes)>;

// `request` is the whole message. With `idle`, the time limit starts anew with each piece.
Task<Fetched> fetch(Core& core, const Endpoint& endpoint, std::string request,
                    std::chrono::milliseconds timeout, bool idle, OnBody onBody);

}  // namespace bailiwick::sidecar
