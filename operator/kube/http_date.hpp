#pragma once
// The Date header of HTTP (RFC 9110, 5.6.7), in the one form that servers send.

#include <chrono>
#include <optional>
#include <string_view>

namespace bailiwick::kube {

// "Sun, 06 Nov 1994 08:49:37 GMT"; nothing for any other form.
std::optional<std::chrono::sys_seconds> parseHttpDate(std::string_view text);

}  // namespace bailiwick::kube
