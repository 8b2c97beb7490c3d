#pragma once
// Asks one's own engine whether it is well, again and again.

#include "proxy/core.hpp"

namespace bailiwick::sidecar {

// On the core's thread, for ever.
Task<void> checkEngine(Core& core);

}  // namespace bailiwick::sidecar
