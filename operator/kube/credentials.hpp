#pragma once
// How to reach one API server and prove who we are. Files are read again when they change.

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/result.hpp"
#include "kube/secret.hpp"
#include "kube/server_url.hpp"

namespace bailiwick::kube {

// Text that stands in a file or is given at once.
struct Source {
  std::string file;
  Secret inlineText;
  bool empty() const { return file.empty() && inlineText.empty(); }
  friend bool operator==(const Source&, const Source&) = default;
};

struct ClusterConfig {
  ServerUrl server;
  std::string tlsServerName;  // empty: the server's host
  Source ca;                  // PEM; no other authority is trusted
  Source token;
  Source clientCertificate;  // PEM
  Source clientKey;          // PEM
  std::string ns = "default";
};

// What a ClusterConfig's sources hold at one moment. Equal `tls` numbers mean equal TLS material.
struct Credentials {
  std::string caPem;
  Secret token;
  std::string certificatePem;
  Secret keyPem;
  std::uint64_t tls = 0;
};

// Safe to use from many threads. Looks at the files at most once a second, and reads the token at
// least once a minute even where nothing seems to have changed.
class CredentialStore {
 public:
  explicit CredentialStore(ClusterConfig config);
  ~CredentialStore();

  const ClusterConfig& config() const { return config_; }
  // The last readable state; an error only where there never was one.
  Result<std::shared_ptr<const Credentials>> current();
  // Reads everything again at the next call: a request was answered 401.
  void invalidate();

 private:
  struct Files;
  Result<Credentials> read(const std::shared_ptr<const Credentials>& before) const;

  ClusterConfig config_;
  std::mutex mutex_;
  std::unique_ptr<Files> files_;
  std::shared_ptr<const Credentials> current_;
  std::chrono::steady_clock::time_point looked_{};
  std::chrono::steady_clock::time_point read_{};
};

}  // namespace bailiwick::kube
