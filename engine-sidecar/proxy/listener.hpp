#pragma once
// Sockets that take connections: one per thread at the same address, so that the kernel shares
// connections out and no thread hands one to another.

#include <functional>
#include <string>

#include "api/result.hpp"
#include "config/address.hpp"
#include "proxy/core.hpp"
#include "proxy/stream.hpp"

namespace bailiwick::sidecar {

// A listening, non-blocking descriptor. `shared`: others may listen at the same address.
Result<int> listenAt(const Address& address, bool shared);
std::uint16_t portOf(int descriptor);

// Takes the descriptor. Called with each connection, and its other end's address without port.
using OnAccept = std::function<void(Stream, std::string)>;
Task<void> acceptAll(Core& core, int descriptor, OnAccept onAccept);

}  // namespace bailiwick::sidecar
