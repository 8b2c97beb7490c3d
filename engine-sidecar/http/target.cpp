#include "http/target.hpp"

#include "http/chars.hpp"

namespace bailiwick::sidecar::http {
namespace {

bool encodingIsPlain(std::string_view text, bool inPath) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (text.size() - at < 3) return false;
    const int high = hexValue(text[at + 1]);
    const int low = hexValue(text[at + 2]);
    if (high < 0 || low < 0) return false;
    const int value = high * 16 + low;
    if (value < 0x20 || value == 0x7f) return false;
    if (inPath && (value == '.' || value == '/' || value == '\\' || value == '%')) return false;
  }
  return true;
}

bool hasDotSegment(std::string_view path) {
  while (true) {
    path.remove_prefix(1);  // the slash
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    // "..;" is a dot segment to some servers (matrix parameters).
    const auto name = segment.substr(0, segment.find(';'));
    if (name == "." || name == "..") return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash);
  }
}

}  // namespace

bool isAuthority(std::string_view text) {
  if (text.empty() || !all(text, hostChar)) return false;
  auto host = text;
  std::string_view port;
  if (text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    for (const char c : host)
      if (!is(c, hexChar) && c != ':' && c != '.') return false;
    if (!port.empty() && port.front() != ':') return false;
  } else {
    const auto colon = text.find(':');
    host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
    if (host.empty() || host.find_first_of("[]") != std::string_view::npos) return false;
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  return !port.empty() && port.size() <= 5 && all(port, digitChar);
}

Fault parseTarget(std::string_view text, Target& target) {
  if (startsNoCase(text, "http://")) {
    text.remove_prefix(7);
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return Fault::Target;
    target.authority = text.substr(0, slash);
    if (!isAuthority(target.authority)) return Fault::Target;
    text.remove_prefix(slash);
  }
  if (text.empty() || text.front() != '/' || !all(text, targetChar)) return Fault::Target;
  const auto question = text.find('?');
  target.path = text.substr(0, question);
  if (question != std::string_view::npos) target.query = text.substr(question + 1);
  if (!encodingIsPlain(target.path, true) || hasDotSegment(target.path)) return Fault::Path;
  return encodingIsPlain(target.query, false) ? Fault::None : Fault::Target;
}

}  // namespace bailiwick::sidecar::http
