#pragma once
// A server's certificate that vouches for itself: whoever trusts it is given it.

#include <string>
#include <vector>

#include "api/result.hpp"
#include "api/time.hpp"
#include "kube/secret.hpp"

namespace bailiwick::kube {

struct ServerIdentity {
  std::string certificate;  // PEM
  Secret key;               // PEM
  friend bool operator==(const ServerIdentity&, const ServerIdentity&) = default;
};

// For these DNS names; valid from an hour before `now`, because clocks differ.
Result<ServerIdentity> selfSigned(const std::vector<std::string>& dnsNames, api::Time now,
                                  std::chrono::seconds validity);
// notAfter of the first certificate of a PEM text.
Result<api::Time> expiryOf(const std::string& certificate);

}  // namespace bailiwick::kube
