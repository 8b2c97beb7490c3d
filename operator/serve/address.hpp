#pragma once
// Where a server listens.

#include <string>

#include "api/result.hpp"

namespace bailiwick::serve {

// Whether it is "[HOST]:PORT" with an IP address for HOST; none means every address, of IPv6 too
// where the machine has it, and port 0 a free one.
Result<void> checkAddress(const std::string& address);

}  // namespace bailiwick::serve
