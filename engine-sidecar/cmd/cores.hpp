#pragma once

namespace bailiwick::sidecar {

// How many cores this process may use, which may be fewer than there are; at least one.
unsigned usableCores();

}  // namespace bailiwick::sidecar
