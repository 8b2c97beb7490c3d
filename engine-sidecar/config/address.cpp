#include "config/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t maxUrl = 2048;

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

bool isIp(int family, const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(family, host.c_str(), bytes) == 1;
}

std::optional<std::uint16_t> parsePort(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return port;
}

// "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT", taken apart and not yet judged.
struct Authority {
  std::string host;
  bool bracketed = false;
  std::optional<std::string_view> port;
};

std::optional<Authority> splitAuthority(std::string_view text) {
  Authority result;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    result.bracketed = true;
    result.host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    if (text.empty()) return result;
    if (text.front() != ':') return std::nullopt;
    result.port = text.substr(1);
    return result;
  }
  const std::size_t colon = text.find(':');
  result.host = text.substr(0, colon);
  if (colon != std::string_view::npos) result.port = text.substr(colon + 1);
  return result;
}

// A DNS name. What ends in a number would be an IPv4 address to some and not to others ("127.1").
bool isHostName(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  std::string_view label;
  while (true) {
    const std::size_t dot = std::min(host.find('.'), host.size());
    label = host.substr(0, dot);
    const bool allowed = std::all_of(label.begin(), label.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || isDigit(c) || c == '-' || c == '_';
    });
    if (!allowed || label.empty() || label.size() > 63) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    if (dot == host.size()) break;
    host.remove_prefix(dot + 1);
  }
  return !isDigit(label.front());
}

bool isPathCharacter(char c) {
  constexpr std::string_view marks = "-._~!$&'()*+,;=:@/";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) ||
         marks.find(c) != std::string_view::npos;
}

bool isPath(std::string_view path) {
  return std::all_of(path.begin(), path.end(), isPathCharacter) && hasPlainSegments(path);
}

}  // namespace

bool hasPlainSegments(std::string_view path) {
  while (!path.empty()) {
    if (path.front() != '/') return false;
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment.empty() || segment == "." || segment == "..") return false;
    path.remove_prefix(segment.size());
  }
  return true;
}

Result<Address> parseAddress(std::string_view text) {
  const auto wrong = [] {
    return fail("must be [HOST]:PORT with an IP address for HOST, such as 0.0.0.0:8080");
  };
  const auto parts = splitAuthority(text);
  if (!parts || !parts->port) return wrong();
  const auto port = parsePort(*parts->port);
  if (!port) return wrong();
  if (parts->host.empty() && !parts->bracketed) return Address{"::", *port};
  if (!isIp(parts->bracketed ? AF_INET6 : AF_INET, parts->host)) return wrong();
  return Address{parts->host, *port};
}

bool Url::loopback() const {
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && isIp(AF_INET, host));
}

std::string Url::authority() const {
  std::string result = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? 443 : 80)) result += ":" + std::to_string(port);
  return result;
}

std::string Url::str() const {
  return (tls ? "https://" : "http://") + authority() + path;
}

Result<Url> parseUrl(std::string_view text) {
  const auto wrong = [] {
    return fail("must be http(s)://HOST[:PORT][/PATH], without user, query or fragment");
  };
  if (text.size() > maxUrl) return fail("is longer than 2048 characters");
  Url url;
  if (text.starts_with("https://")) {
    url.tls = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return wrong();
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto parts = splitAuthority(text.substr(0, slash));
  url.path = text.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  if (!parts || !isPath(url.path)) return wrong();
  url.host = parts->host;
  std::transform(url.host.begin(), url.host.end(), url.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const bool hostFits =
      parts->bracketed ? isIp(AF_INET6, url.host) : isIp(AF_INET, url.host) || isHostName(url.host);
  if (!hostFits) return wrong();
  url.port = url.tls ? 443 : 80;
  if (!parts->port) return url;
  const auto port = parsePort(*parts->port);
  if (!port || *port == 0) return wrong();
  url.port = *port;
  return url;
}

}  // namespace bailiwick::sidecar
