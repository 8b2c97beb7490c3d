#pragma once
// Whether backends are well, asked again and again: one's own engine by its own word, others by
// whether a connection to them can be made.

#include "proxy/core.hpp"

namespace bailiwick::sidecar {

// Both on the core's thread, for ever.
Task<void> checkEngine(Core& core);
Task<void> checkOthers(Core& core);

}  // namespace bailiwick::sidecar
