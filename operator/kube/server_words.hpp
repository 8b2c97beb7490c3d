#pragma once
// What a server says of an error, before a person or a log is shown it. A proxy before it may repeat
// what it was sent, and so our token; a server that is not trusted may say anything.

#include <string>
#include <string_view>

#include "kube/secret.hpp"

namespace bailiwick::kube {

// At most 1 KiB, without control characters, without what follows "Bearer ", without any JWT.
std::string serverWords(std::string_view text);
// Without this secret, in a text of any kind.
std::string without(const Secret& secret, std::string text);

}  // namespace bailiwick::kube
