#pragma once
// API keys by their SHA-256 digests: lines "sha256-hex name" of a mounted Secret.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/result.hpp"

namespace bailiwick::sidecar {

class Keys {
 public:
  Keys() = default;  // knows no key

  // `file` is its name in errors: all of them, one per line, "FILE:LINE: what is wrong", never with
  // a digest. Empty lines and lines that begin with # are nothing. Two keys may have one name, so
  // that a client can change from one to the other.
  static Result<Keys> parse(const std::string& file, std::string_view text);

  // The client's name, or nullptr. Takes the same time whichever key matches, and where none does.
  const std::string* find(std::string_view key) const;
  std::size_t size() const { return digests_.size(); }

 private:
  using Digest = std::array<std::uint8_t, 32>;
  std::vector<Digest> digests_;
  std::vector<std::string> names_;
};

// The key of "Authorization: Bearer KEY"; empty where the value has another form.
std::string_view bearerKey(std::string_view authorization);

}  // namespace bailiwick::sidecar
