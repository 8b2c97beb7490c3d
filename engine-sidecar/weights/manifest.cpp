#include "weights/manifest.hpp"

#include <openssl/sha.h>

#include <algorithm>

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t digestHex = 64, maxName = 4096, maxProblems = 20;

int hexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

class Problems {
 public:
  void add(std::size_t line, const std::string& message) {
    if (++count_ > maxProblems) return;
    text_ += (count_ == 1 ? "" : "\n") + std::string(manifestName) + ":" + std::to_string(line) +
             ": " + message;
  }
  bool empty() const { return count_ == 0; }
  std::string text() const {
    if (count_ <= maxProblems) return text_;
    return text_ + "\nand " + std::to_string(count_ - maxProblems) + " more";
  }

 private:
  std::size_t count_ = 0;
  std::string text_;
};

// "DIGEST  NAME" as text or "DIGEST *NAME" as binary, which is the same on every system that runs
// this. sha256sum escapes odd names with a leading backslash; no artifact has a reason for them.
void parseLine(std::string_view row, std::size_t line, std::vector<ManifestEntry>& out,
               Problems& problems) {
  if (row.ends_with('\r'))
    return problems.add(line, "ends with a carriage return: write Unix line ends");
  if (row.starts_with('\\'))
    return problems.add(line, "names with backslashes or line ends are not accepted");
  const auto digest = parseHex(row.substr(0, digestHex));
  const bool marked = row.size() > digestHex + 2 && row[digestHex] == ' ' &&
                      (row[digestHex + 1] == ' ' || row[digestHex + 1] == '*');
  if (!digest || !marked)
    return problems.add(line, "must be 64 lower case hexadecimal digits, two spaces and a name");
  std::string_view name = row.substr(digestHex + 2);
  if (name.starts_with("./")) name.remove_prefix(2);
  if (!isPlainName(name))
    return problems.add(line, "names no path below the root: " + std::string(name));
  if (name == manifestName) return problems.add(line, "lists the manifest itself");
  if (!out.empty() && name == out.back().name)
    return problems.add(line, std::string(name) + " is listed twice");
  if (!out.empty() && name < out.back().name)
    return problems.add(line, std::string(name) + " comes after " + out.back().name +
                                  ": sort by name in byte order (LC_ALL=C sort -k2)");
  out.push_back({std::string(name), *digest});
}

}  // namespace

std::string hex(const Sha256& digest) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::optional<Sha256> parseHex(std::string_view text) {
  if (text.size() != digestHex) return std::nullopt;
  Sha256 digest;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = hexValue(text[2 * i]), low = hexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return digest;
}

std::optional<Sha256> parseDigest(std::string_view text) {
  constexpr std::string_view algorithm = "sha256:";
  if (!text.starts_with(algorithm)) return std::nullopt;
  return parseHex(text.substr(algorithm.size()));
}

Sha256 sha256(std::string_view bytes) {
  Sha256 digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

bool isPlainName(std::string_view name) {
  if (name.empty() || name.size() > maxName || name.back() == '/') return false;
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '\\';
  });
  while (plain && !name.empty()) {
    const std::size_t slash = std::min(name.find('/'), name.size());
    const std::string_view segment = name.substr(0, slash);
    if (segment.empty() || segment == "." || segment == "..") return false;
    name.remove_prefix(std::min(slash + 1, name.size()));
  }
  return plain;
}

Result<std::vector<ManifestEntry>> parseManifest(std::string_view text) {
  std::vector<ManifestEntry> entries;
  Problems problems;
  std::size_t line = 0;
  while (!text.empty()) {
    ++line;
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      problems.add(line, "has no line end: the file is cut off");
      break;
    }
    parseLine(text.substr(0, end), line, entries, problems);
    text.remove_prefix(end + 1);
  }
  if (line == 0) problems.add(1, "lists no file");
  if (!problems.empty()) return fail(problems.text());
  return entries;
}

}  // namespace bailiwick::sidecar
