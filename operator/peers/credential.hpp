#pragma once
// What proves to a peer who we are: a Secret with `token`, or with `tls.crt` and `tls.key`.

#include <simdjson.h>
#include <optional>
#include <string>

#include "api/meta.hpp"
#include "api/result.hpp"
#include "api/time.hpp"
#include "kube/secret.hpp"
#include "kube/tls.hpp"

namespace bailiwick::peers {

// The Secret as it is stored.
struct CredentialSecret {
  api::ObjectMeta meta;
  kube::Secret token;
  std::string certificatePem;
  kube::Secret keyPem;
};
Result<CredentialSecret> decodeCredentialSecret(simdjson::dom::element object);

struct Credential {
  kube::Secret token;
  std::string certificatePem;
  kube::Secret keyPem;
  // Of a token that is a JWT with `exp`, or of the client certificate.
  std::optional<api::Time> issuedAt, expiresAt;
  // The ServiceAccount that a token is of, in the peer: whom a new one is asked for. Empty names: the
  // credential cannot be renewed from here.
  api::Key account;

  bool renewable() const { return !account.name.empty(); }
  // A token that nobody can tell the end of.
  bool isStatic() const { return !token.empty() && !expiresAt; }
};
// Fails where the Secret holds neither form, or both.
Result<Credential> readCredential(const CredentialSecret& secret);

// At two thirds of its life.
std::optional<api::Time> renewAt(const Credential& credential);
// What a person should know of its end; empty: nothing.
std::string warningOf(const Credential& credential, api::Time now);
// The same of the certificates in access.caBundle.
std::string warningOf(const kube::Lapse& authority, api::Time now);
inline constexpr auto warnBefore = std::chrono::hours(14 * 24);

}  // namespace bailiwick::peers
