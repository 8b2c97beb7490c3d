#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bailiwick::kube {

// RFC 4648 with padding; line ends are skipped. Nullopt for anything else.
std::optional<std::string> decodeBase64(std::string_view text);
// On one line.
std::string encodeBase64(std::string_view bytes);

}  // namespace bailiwick::kube
