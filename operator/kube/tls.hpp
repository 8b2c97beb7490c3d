#pragma once
// TLS towards one API server: exactly one authority, one name, TLS 1.2 or later, and an error that
// says what was wrong. OpenSSL types stay in the .cpp files that include this.

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "api/result.hpp"
#include "api/time.hpp"
#include "kube/credentials.hpp"

using SSL_CTX = struct ssl_ctx_st;

namespace bailiwick::kube {

class TlsPolicy : public std::enable_shared_from_this<TlsPolicy> {
 public:
  TlsPolicy(std::shared_ptr<const Credentials> credentials, std::string serverName)
      : credentials_(std::move(credentials)), serverName_(std::move(serverName)) {}

  // Sets up a client's context. On failure the context trusts nobody: every handshake fails.
  void apply(SSL_CTX* context);
  // Why the last certificate that was shown was refused; empty: it was not, or none was shown.
  std::string refusal();
  void refused(std::string reason);

 private:
  Result<void> tryApply(SSL_CTX* context);

  std::shared_ptr<const Credentials> credentials_;
  std::string serverName_;
  std::mutex mutex_;
  std::string refusal_;
};

bool isIpAddress(const std::string& host);

// That PEM texts hold what they should: certificates; a key that belongs to the first one.
Result<void> checkTlsMaterial(const Credentials& credentials);
// That the client certificate, if any, is valid at `now`.
Result<void> checkValidity(const Credentials& credentials, api::Time now);
// The first of the certificates in a PEM text to expire without another one of the same subject that
// lives longer.
struct Lapse {
  std::string subject;
  api::Time at;
};
Result<Lapse> firstLapse(const std::string& pem);
// When the first of the certificates in a PEM text expires.
Result<api::Time> firstExpiry(const std::string& pem);

}  // namespace bailiwick::kube
