#pragma once
// The route table (api.md): where requests for one served model may go.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/result.hpp"
#include "api/time.hpp"
#include "config/address.hpp"

namespace bailiwick::sidecar {

inline constexpr std::size_t maxBackends = 256;

enum class Mode { Priority, Weighted };
enum class BackendKind { Engine, Peer, External };

struct Backend {
  std::string name;  // unique in its table
  BackendKind kind = BackendKind::Engine;
  std::optional<Url> url;            // none: one's own engine
  std::string caFile;                // that the server is checked against; empty: the system's
  std::string serverName;            // that its certificate must show; empty: the host of its URL
  std::string keyFile;               // of an External: the provider's API key
  std::string region, jurisdiction;  // of an Engine: empty, they are the sidecar's own
  std::string variant;
  std::string model;  // what it calls the model; empty: the name is passed on as it came
  int priority = 0;   // lower is first
  int weight = 0;

  friend bool operator==(const Backend&, const Backend&) = default;
};

struct Residency {
  std::vector<std::string> jurisdictions;  // countries, blocs expanded
  std::vector<std::string> classes;
};

// What is shown to peers; in a gateway's tables only.
struct ClientTls {
  std::string certFile, keyFile;
};

struct ShadowRule {
  std::string backend;  // a name of the table
  int percent = 0;
};

// Of one request.
struct RequestLimits {
  api::Duration requestTimeout{600'000};
  std::int64_t maxBodySize = 32 << 20;  // bytes
};

struct RouteTable {
  std::string servedName;
  std::int64_t generation = 0;
  Mode mode = Mode::Priority;
  Residency residency;
  std::vector<Backend> backends;
  std::optional<ClientTls> tls;
  std::optional<ShadowRule> shadow;
  // In the tables of a gateway, whose configuration is of no deployment: what is served beside the
  // OpenAI-compatible paths, and what goes before its own limits.
  std::vector<std::string> paths;
  std::optional<RequestLimits> limits;
};

// `file` is its name in errors: all of them, one per line, "FILE:LINE: PATH: what is wrong".
Result<RouteTable> parseRouteTable(const std::string& file, std::string_view text);

// A gateway's folder holds one table per deployment, in NAMESPACE.NAME.yaml: "namespace/name", or
// nothing where the file has another name and is no table.
std::optional<std::string> deploymentOfFile(std::string_view fileName);

}  // namespace bailiwick::sidecar
