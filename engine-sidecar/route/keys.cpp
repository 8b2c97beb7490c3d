#include "route/keys.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <optional>
#include <set>

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t maxKeys = 4096, maxName = 253, digestHex = 64;

int hexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool isName(std::string_view name) {
  return !name.empty() && name.size() <= maxName &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

template <class Digest>
bool parseDigest(std::string_view hex, Digest& out) {
  if (hex.size() != digestHex) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hexValue(hex[2 * i]), low = hexValue(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace

Result<Keys> Keys::parse(const std::string& file, std::string_view text) {
  Keys keys;
  std::string errors;
  std::set<Digest> seen;
  int line = 0;
  const auto problem = [&](const std::string& message) {
    errors += (errors.empty() ? "" : "\n") + file + ":" + std::to_string(line) + ": " + message;
  };
  while (!text.empty()) {
    ++line;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (row.empty() || row.front() == '#') continue;
    Digest digest;
    const bool fits = row.size() > digestHex && row[digestHex] == ' ' &&
                      parseDigest(row.substr(0, digestHex), digest) &&
                      isName(row.substr(digestHex + 1));
    if (!fits) {
      problem("must be the key's SHA-256 as 64 hexadecimal digits, one space and a name");
    } else if (!seen.insert(digest).second) {
      problem("lists a key that is there already");
    } else if (keys.size() == maxKeys) {
      problem("lists more than " + std::to_string(maxKeys) + " keys");
      break;
    } else {
      keys.digests_.push_back(digest);
      keys.names_.emplace_back(row.substr(digestHex + 1));
    }
  }
  if (!errors.empty()) return fail(errors);
  return keys;
}

const std::string* Keys::find(std::string_view key) const {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  const std::string* found = nullptr;
  for (std::size_t i = 0; i < digests_.size(); ++i)
    if (CRYPTO_memcmp(digest.data(), digests_[i].data(), digest.size()) == 0) found = &names_[i];
  return found;
}

std::string_view bearerKey(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size()) return {};
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != scheme[i]) return {};
  }
  const std::string_view key = authorization.substr(scheme.size());
  const bool visible =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return visible ? key : std::string_view{};
}

}  // namespace bailiwick::sidecar
