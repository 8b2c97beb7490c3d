#include "policy/origin.hpp"

#include <algorithm>
#include <cctype>

namespace bailiwick::policy {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Nothing that a client might read differently than we do.
bool isPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string_view("-._~:/@+=[],").find(static_cast<char>(c)) !=
                                  std::string_view::npos;
  });
}

struct HostPort {
  std::string host, port;
};

HostPort split(std::string_view authority) {
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  if (colon == std::string_view::npos ||
      (bracket != std::string_view::npos && bracket > colon)) {
    return {std::string(authority), ""};
  }
  return {std::string(authority.substr(0, colon)), std::string(authority.substr(colon + 1))};
}

// Lower case, without a closing dot, without the port that the scheme has anyway; Docker Hub by one
// name.
std::string canonicalHost(std::string_view authority, std::string_view scheme) {
  auto [host, port] = split(lower(authority));
  if (host.ends_with('.')) host.pop_back();
  if (host == "index.docker.io" || host == "registry-1.docker.io") host = "docker.io";
  if (host == "www.modelscope.cn") host = "modelscope.cn";
  port.erase(0, std::min(port.find_first_not_of('0'), port.size()));
  const bool usual = port.empty() || port == (scheme == "http" ? "80" : "443");
  return usual ? host : host + ":" + port;
}

std::optional<std::vector<std::string>> segmentsOf(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    path = slash == std::string_view::npos ? "" : path.substr(slash + 1);
    if (segment.empty() && path.empty()) break;  // one slash at the end
    if (segment.empty() || segment == "." || segment == "..") return std::nullopt;
    out.emplace_back(segment);
  }
  return out;
}

std::optional<Address> addressOf(std::string_view scheme, std::string_view rest) {
  if (!isPlain(rest) || rest.substr(0, rest.find('/')).find('@') != std::string_view::npos) {
    return std::nullopt;
  }
  auto segments = segmentsOf(rest);
  if (!segments || segments->empty()) return std::nullopt;
  segments->front() = canonicalHost(segments->front(), scheme);
  if (segments->front().empty()) return std::nullopt;
  return Address{lower(scheme), std::move(*segments)};
}

std::string_view withoutScheme(std::string_view uri) {
  const auto at = uri.find("://");
  return at == std::string_view::npos ? uri : uri.substr(at + 3);
}

std::string_view schemeOf(std::string_view uri) {
  const auto at = uri.find("://");
  return at == std::string_view::npos ? "" : uri.substr(0, at);
}

// Neither tag nor digest.
std::string_view repositoryOf(std::string_view reference) {
  reference = reference.substr(0, reference.find('@'));
  const auto slash = reference.rfind('/');
  const auto colon = reference.rfind(':');
  const bool tagged = colon != std::string_view::npos &&
                      slash != std::string_view::npos && colon > slash;
  return tagged ? reference.substr(0, colon) : reference;
}

std::string withRegistry(std::string_view reference) {
  const auto slash = reference.find('/');
  if (slash == std::string_view::npos) {
    return "docker.io/library/" + std::string(reference.substr(0, reference.find_first_of(":@")));
  }
  const auto first = reference.substr(0, slash);
  const bool host = first.find_first_of(".:") != std::string_view::npos || first == "localhost";
  return (host ? "" : "docker.io/") + std::string(repositoryOf(reference));
}

Origin origin(std::string_view written, std::initializer_list<std::optional<Address>> addresses) {
  Origin out{std::string(written), {}};
  for (const auto& address : addresses) {
    if (!address) return {std::string(written), {}};
    out.addresses.push_back(*address);
  }
  return out;
}

// A hub whose models have a name and a page: both name the same thing.
Origin hubOrigin(std::string_view uri, std::string_view scheme, std::string_view host) {
  auto name = withoutScheme(uri);
  const std::string page = std::string(host) + "/";
  if (schemeOf(uri) == "https" && name.starts_with(page)) name.remove_prefix(page.size());
  name = name.substr(0, name.find('@'));
  return origin(uri, {addressOf("https", page + std::string(name)), addressOf(scheme, name)});
}

bool isPrefix(const std::vector<std::string>& prefix, const std::vector<std::string>& whole) {
  return prefix.size() <= whole.size() && std::equal(prefix.begin(), prefix.end(), whole.begin());
}

// Registries speak for themselves; what is no host, such as a claim, only by its scheme.
bool isHostBased(const Address& address) {
  return address.scheme.empty() || address.scheme == "oci" || address.scheme == "image" ||
         address.scheme == "https";
}

std::optional<Address> parsePrefix(std::string_view prefix) {
  return addressOf(schemeOf(prefix), withoutScheme(prefix));
}

bool allowsAddress(const Address& prefix, const Address& address) {
  const bool scheme = prefix.scheme.empty() ? isHostBased(address)
                                            : prefix.scheme == address.scheme;
  return scheme && isPrefix(prefix.segments, address.segments);
}

bool deniesAddress(const Address& prefix, const Address& address) {
  if (!prefix.scheme.empty() && prefix.scheme != address.scheme) return false;
  if (prefix.scheme.empty() && !isHostBased(address) && address.scheme != "http") return false;
  auto wanted = prefix.segments, have = address.segments;
  if (split(wanted.front()).port.empty()) have.front() = split(have.front()).host;
  for (auto* segments : {&wanted, &have}) {
    for (auto& segment : *segments) segment = lower(segment);
  }
  return isPrefix(wanted, have);
}

}  // namespace

Origin imageOrigin(std::string_view reference) {
  return origin(reference, {addressOf("", withRegistry(reference))});
}

Origin sourceOrigin(api::SourceType type, std::string_view uri) {
  switch (type) {
    case api::SourceType::HuggingFace:
      return hubOrigin(uri, "hf", "huggingface.co");
    case api::SourceType::ModelScope:
      return hubOrigin(uri, "modelscope", "modelscope.cn");
    case api::SourceType::OCI:
      return origin(uri, {addressOf("oci", repositoryOf(withoutScheme(uri)))});
    case api::SourceType::Image:
      return origin(uri, {addressOf("image", withRegistry(withoutScheme(uri)))});
    case api::SourceType::HTTP:
      return origin(uri, {addressOf(lower(schemeOf(uri)),
                                    withoutScheme(uri.substr(0, uri.find_first_of("?#"))))});
    case api::SourceType::PVC:
      return origin(uri, {addressOf("pvc", withoutScheme(uri))});
  }
  return origin(uri, {std::nullopt});
}

bool allows(std::string_view prefix, const Origin& origin) {
  const auto wanted = parsePrefix(prefix);
  return wanted && std::any_of(origin.addresses.begin(), origin.addresses.end(),
                               [&](const Address& a) { return allowsAddress(*wanted, a); });
}

bool denies(std::string_view prefix, const Origin& origin) {
  const auto wanted = parsePrefix(prefix);
  if (!wanted || origin.addresses.empty()) return true;
  return std::any_of(origin.addresses.begin(), origin.addresses.end(),
                     [&](const Address& a) { return deniesAddress(*wanted, a); });
}

}  // namespace bailiwick::policy
