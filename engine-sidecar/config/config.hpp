#pragma once
// SidecarConfig (api.md, "The sidecar's files"): what one engine-sidecar or gateway starts from.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/result.hpp"
#include "api/time.hpp"
#include "config/address.hpp"

namespace bailiwick::sidecar {

using api::Duration;  // whole milliseconds

// PEM files, followed when they change.
struct ServerTls {
  std::string certFile, keyFile;
  std::string clientCaFile;  // without it, and without a folder, clients show no certificate
  // Of peers: REGION.crt has the authorities of the clients that name themselves that region, and of
  // no others.
  std::string clientCaFolder;
};

struct Listener {
  Address listen;
  std::optional<ServerTls> tls;  // none: plain HTTP
};

struct Identity {
  std::string region;        // name of the Region object
  std::string jurisdiction;  // ISO 3166-1 alpha-2
  std::string deployment;    // "namespace/name"; empty in a gateway
  std::string variant;       // empty in a gateway
};

struct EngineHealth {
  std::string path = "/health";
  Duration interval{1000};
  Duration timeout{500};
};

// One's own engine.
struct Engine {
  Url url;
  std::string model;  // what the engine itself calls it
  EngineHealth health;
};

struct ConfigMapName {
  std::string ns, name;
};

// Exactly one of file and folder; a folder makes a gateway of many deployments.
struct RouteSource {
  std::string file;
  std::string folder;
  std::optional<ConfigMapName> configMap;  // beside a file only
  Duration maxAge{24 * 3'600'000};         // past it only the own engine serves
};

struct Limits {
  int maxInFlight = 512;
  int maxQueued = 256;
  Duration queueTimeout{5000};  // 0: nothing waits
  Duration requestTimeout{600'000};
  std::int64_t maxBodySize = 32 << 20;    // bytes
  std::int64_t maxHeaderSize = 64 << 10;  // bytes of a request's head, its first line included
  int maxHeaders = 100;
  int maxInFlightPerKey = 64;  // in flight and queued
  Duration idleTimeout{75'000};
  Duration headerTimeout{10'000};
};

struct Outliers {
  int consecutiveErrors = 5;
  Duration ejectFor{30'000};
  Duration slowStart{10'000};  // 0: the full share at once
};

struct DrainSettings {
  Duration timeout{600'000};
  Duration lameDuck{5000};  // 0: none
  std::string terminationMessage = "/dev/termination-log";
};

struct RetrySettings {
  std::int64_t maxCopy = 1 << 20;         // bytes of one request; 0: no body is kept
  std::int64_t maxCopyTotal = 256 << 20;  // bytes of all of them
};

struct Config {
  Listener data;
  Address admin{"127.0.0.1", 9090};
  Address observe{"0.0.0.0", 9091};
  std::optional<Listener> peers;  // of a gateway: mTLS, for other regions' gateways
  Identity identity;
  std::optional<Engine> engine;
  RouteSource routes;
  std::string keysFile;  // empty: no keys are asked for
  Limits limits;
  Outliers outliers;
  DrainSettings drain;
  std::string accessLog = "-";     // "-": standard output
  std::vector<std::string> paths;  // served beside the OpenAI-compatible ones
  RetrySettings retry;
};

// `file` is its name in errors: all of them, one per line, "FILE:LINE: PATH: what is wrong".
Result<Config> parseConfig(const std::string& file, std::string_view text);

}  // namespace bailiwick::sidecar
