#pragma once
// Requests to the API server as values. Builders never send; a Transport does.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/meta.hpp"
#include "api/result.hpp"
#include "kube/resource.hpp"

namespace bailiwick::kube {

enum class Method { Get, Post, Patch, Delete };

// How long a whole exchange may take. A stream has no such bound but an idle timeout.
namespace deadline {
inline constexpr std::chrono::milliseconds quick{5'000};  // Leases
inline constexpr std::chrono::milliseconds normal{30'000};
inline constexpr std::chrono::milliseconds list{60'000};
}  // namespace deadline

struct Request {
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  Method method = Method::Get;
  std::string path;  // percent-encoded, starts with "/"
  Pairs query;       // not yet encoded
  Pairs headers;     // beyond what the transport sets itself
  std::string body;
  std::string contentType;
  std::chrono::milliseconds deadline = deadline::normal;
  // Not sent, and given up where it is under way, from then on.
  std::optional<std::chrono::steady_clock::time_point> notAfter;

  // Path and query, percent-encoded.
  std::string target() const;
  bool mutating() const { return method != Method::Get; }
  friend bool operator==(const Request&, const Request&) = default;
};

std::string_view methodName(Method method);
// Everything but the unreserved characters of RFC 3986 is encoded.
std::string percentEncode(std::string_view text);

struct ListOptions {
  int limit = 500;
  std::string continueToken;
  std::string labelSelector;
  std::string fieldSelector;
  std::string resourceVersion;
  std::string resourceVersionMatch;  // "", "Exact" or "NotOlderThan"
};
// `ns` empty: all namespaces, or a cluster-scoped resource.
Request list(const Resource& resource, std::string_view ns, const ListOptions& options = {});

struct WatchOptions {
  std::string labelSelector;
  std::string fieldSelector;
  std::string resourceVersion;
  // WatchList: the present state comes first as ADDED events, closed by an annotated bookmark.
  bool sendInitialEvents = false;
  std::chrono::seconds timeout{300};  // the server ends the stream after this
};
Request watch(const Resource& resource, std::string_view ns, const WatchOptions& options);

Request get(const Resource& resource, const api::Key& key);
// POST of a JSON body; fieldValidation=Strict.
Request create(const Resource& resource, std::string_view ns, std::string body);

// Whether fields that another manager owns are taken from it. Only for fields that are ours by
// contract.
enum class Force { No, Yes };
// Server-side apply of a JSON body with our field manager; fieldValidation=Strict.
Request apply(const Resource& resource, const api::Key& key, std::string body, Force force,
              std::string_view subresource = "");

// Merge patches; fieldValidation=Strict. A metadata.resourceVersion in the body makes the patch
// fail with 409 when the object has changed since.
Request mergePatch(const Resource& resource, const api::Key& key, std::string body,
                   std::string_view subresource = "");
Request statusPatch(const Resource& resource, const api::Key& key, std::string body);

// A deletion names exactly the object that was seen: uid and resourceVersion both.
class Preconditions {
 public:
  // Fails where either is empty.
  static Result<Preconditions> of(std::string uid, std::string resourceVersion);
  static Result<Preconditions> of(const api::ObjectMeta& meta);

  const std::string& uid() const { return uid_; }
  const std::string& resourceVersion() const { return resourceVersion_; }

 private:
  Preconditions(std::string uid, std::string resourceVersion);
  std::string uid_;
  std::string resourceVersion_;
};

enum class Propagation { Background, Foreground, Orphan };
struct DeleteOptions {
  Propagation propagation = Propagation::Background;
  std::optional<std::chrono::seconds> gracePeriod;
};
Request deleteObject(const Resource& resource, const api::Key& key,
                     const Preconditions& preconditions, const DeleteOptions& options = {});

}  // namespace bailiwick::kube
