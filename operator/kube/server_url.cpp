#include "kube/server_url.hpp"

#include <arpa/inet.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

namespace bailiwick::kube {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  return out;
}

// IPv4 as an IPv4-mapped IPv6 address.
std::optional<Bytes> addressOf(const std::string& host) {
  Bytes bytes{};
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return bytes;
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, host.c_str(), four.data()) != 1) return std::nullopt;
  bytes[10] = bytes[11] = 0xff;
  std::copy(four.begin(), four.end(), bytes.begin() + 12);
  return bytes;
}

bool isMapped(const Bytes& bytes) {
  return std::all_of(bytes.begin(), bytes.begin() + 10, [](auto b) { return b == 0; }) &&
         bytes[10] == 0xff && bytes[11] == 0xff;
}

// Where clouds hand out a machine's own credentials, beside the link-local ranges.
bool isMetadata(const std::string& host) {
  static const std::array addresses = {addressOf("100.100.100.200"), addressOf("192.0.0.192"),
                                       addressOf("168.63.129.16"), addressOf("fd00:ec2::254"),
                                       addressOf("fd00:ec2::23"), addressOf("fd00:42::42"),
                                       addressOf("fd20:ce::254")};
  static constexpr std::array<std::string_view, 4> names = {
      "metadata", "metadata.google.internal", "metadata.tencentyun.com", "instance-data"};
  const auto address = addressOf(host);
  if (address) return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
  return std::find(names.begin(), names.end(), host) != names.end();
}

// Nullptr when nothing speaks against the address.
const char* objectionTo(const Bytes& a) {
  const bool four = isMapped(a);
  if (four ? a[12] == 0 : a == Bytes{}) return "an unspecified address";
  if (four ? a[12] == 169 && a[13] == 254 : a[0] == 0xfe && (a[1] & 0xc0) == 0x80) {
    return "a link-local address, where clouds serve a machine's own credentials";
  }
  if (four ? a[12] >= 224 : a[0] == 0xff) return "a multicast or reserved address";
  return nullptr;
}

// A name that is a number to the C library's resolver: 2852039166, 0xa9fea9fe, 169.254.43518.
bool looksNumeric(const std::string& host) {
  const auto lastLabel = host.substr(host.find_last_of('.') + 1);
  if (lastLabel.substr(0, 2) == "0x") return true;
  return std::all_of(lastLabel.begin(), lastLabel.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

bool isDnsName(const std::string& host) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.front() != '-' &&
         host.find("..") == std::string::npos && std::all_of(host.begin(), host.end(), plain);
}

Result<void> checkHost(const std::string& host, bool bracketed) {
  const auto address = addressOf(host);
  if (bracketed != (address && host.find(':') != std::string::npos)) {
    return fail("has no valid host");
  }
  if (isMetadata(host)) return fail("names a metadata service; give the API server's own address");
  if (address) {
    const char* objection = objectionTo(*address);
    if (objection) return fail(std::string("names ") + objection);
    return {};
  }
  if (!isDnsName(host)) return fail("has no valid host");
  if (looksNumeric(host)) return fail("has an address in an unusual spelling; write it as a.b.c.d");
  return {};
}

Result<void> checkPath(std::string_view path) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::strchr("-._~/", c) != nullptr;
  };
  const std::string padded = std::string(path) + "/";
  const bool ok =
      std::all_of(path.begin(), path.end(), plain) && padded.find("//") == std::string::npos &&
      padded.find("/../") == std::string::npos && padded.find("/./") == std::string::npos;
  if (!ok) return fail("has a path that is no plain prefix");
  return {};
}

}  // namespace

std::string ServerUrl::str() const {
  const bool six = host.find(':') != std::string::npos;
  return "https://" + (six ? "[" + host + "]" : host) + ":" + std::to_string(port) + pathPrefix;
}

Result<void> checkAddress(const std::string& address) {
  const auto done = checkHost(address, address.find(':') != std::string::npos);
  if (!done) return fail("address " + quoted(address) + " " + done.error().message);
  return {};
}

Result<ServerUrl> parseServerUrl(std::string_view text) {
  const auto refuse = [&](const std::string& why) {
    return fail("server " + quoted(text) + " " + why);
  };
  if (text.find('@') != std::string_view::npos) {
    return fail(
        "server carries a user or password in its URL; use a token or a client certificate");
  }
  if (text.substr(0, 7) == "http://") return refuse("is not encrypted; use https://");
  if (text.substr(0, 8) != "https://") return refuse("must begin with https://");
  if (text.find_first_of("?#") != std::string_view::npos) {
    return refuse("has a query or a fragment; leave it out");
  }
  std::string_view rest = text.substr(8);
  const auto slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  std::string_view path = rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);

  ServerUrl url;
  const bool bracketed = authority.starts_with('[');
  const auto hostEnd =
      bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (hostEnd == std::string_view::npos) return refuse("has no valid host");
  url.host = lower(bracketed ? authority.substr(1, hostEnd - 1) : authority.substr(0, hostEnd));
  std::string_view port = authority.substr(hostEnd + (bracketed ? 1 : 0));
  if (!port.empty()) {
    int number = 0;
    const auto parsed = std::from_chars(port.data() + 1, port.data() + port.size(), number);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == port.data() + port.size();
    if (port[0] != ':' || !whole || number < 1 || number > 65535)
      return refuse("has no valid port");
    url.port = static_cast<std::uint16_t>(number);
  }
  if (const auto ok = checkHost(url.host, bracketed); !ok) return refuse(ok.error().message);
  if (const auto ok = checkPath(path); !ok) return refuse(ok.error().message);
  url.pathPrefix = path;
  return url;
}

}  // namespace bailiwick::kube
