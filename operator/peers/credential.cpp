#include "peers/credential.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/decode.hpp"
#include "kube/base64.hpp"
#include "kube/tls.hpp"

namespace bailiwick::peers {
namespace {

constexpr std::string_view accountPrefix = "system:serviceaccount:";
constexpr std::size_t maxToken = 16 << 10;

std::optional<std::string> dataOf(simdjson::dom::object data, std::string_view key) {
  std::string_view text;
  if (data[key].get(text) != simdjson::SUCCESS) return "";
  return kube::decodeBase64(text);
}

std::string trimmed(std::string text) {
  constexpr char blank[] = " \t\r\n";
  text.erase(text.find_last_not_of(blank) + 1);
  text.erase(0, text.find_first_not_of(blank));
  return text;
}

// base64url without padding, as in a JWT.
std::optional<std::string> decodeUrl(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return kube::decodeBase64(text);
}

bool isName(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 253 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), plain);
}

api::Key accountOf(std::string_view subject) {
  if (!subject.starts_with(accountPrefix)) return {};
  subject.remove_prefix(accountPrefix.size());
  const auto colon = subject.find(':');
  if (colon == std::string_view::npos) return {};
  const auto ns = subject.substr(0, colon), name = subject.substr(colon + 1);
  if (!isName(ns) || !isName(name)) return {};
  return {std::string(ns), std::string(name)};
}

std::optional<api::Time> timeOf(simdjson::dom::element claims, const char* claim) {
  std::int64_t seconds = 0;
  if (claims[claim].get(seconds) != simdjson::SUCCESS || seconds < 0 || seconds > 253402300799) {
    return std::nullopt;
  }
  return api::Time(std::chrono::seconds(seconds));
}

// A token that is no JWT says nothing of itself, which is no error.
void readClaims(Credential& credential) {
  const auto& token = credential.token.reveal();
  const auto first = token.find('.');
  const auto second = first == std::string::npos ? first : token.find('.', first + 1);
  if (second == std::string::npos) return;
  const auto payload = decodeUrl(token.substr(first + 1, second - first - 1));
  if (!payload) return;
  simdjson::dom::parser parser;
  simdjson::dom::element claims;
  if (parser.parse(*payload).get(claims) != simdjson::SUCCESS || !claims.is_object()) return;
  credential.expiresAt = timeOf(claims, "exp");
  if (!credential.expiresAt) return;
  credential.issuedAt = timeOf(claims, "iat");
  std::string_view subject;
  const bool named = claims["sub"].get(subject) == simdjson::SUCCESS;
  if (named && credential.issuedAt && *credential.issuedAt < *credential.expiresAt) {
    credential.account = accountOf(subject);
  }
}

}  // namespace

Result<CredentialSecret> decodeCredentialSecret(simdjson::dom::element object) {
  auto meta = api::decodeGenericObject(object);
  if (!meta) return tl::unexpected(meta.error());
  CredentialSecret secret;
  secret.meta = std::move(meta->meta);
  simdjson::dom::object data;
  if (object["data"].get(data) != simdjson::SUCCESS) return secret;
  auto token = dataOf(data, "token");
  auto certificate = dataOf(data, "tls.crt");
  auto key = dataOf(data, "tls.key");
  if (!token || !certificate || !key) {
    return fail(fmt::format("Secret {}: its data is not base64", secret.meta.key.str()));
  }
  secret.token = kube::Secret(trimmed(*std::move(token)));
  secret.certificatePem = *std::move(certificate);
  secret.keyPem = kube::Secret(*std::move(key));
  return secret;
}

Result<Credential> readCredential(const CredentialSecret& secret) {
  const auto name = secret.meta.key.str();
  const bool certificate = !secret.certificatePem.empty() || !secret.keyPem.empty();
  if (secret.token.empty() == !certificate) {
    return fail(fmt::format("Secret {} must hold either token, or tls.crt and tls.key", name));
  }
  Credential credential;
  if (!certificate) {
    if (secret.token.reveal().size() > maxToken) {
      return fail(fmt::format("Secret {}: its token is longer than any token", name));
    }
    credential.token = secret.token;
    readClaims(credential);
    return credential;
  }
  if (secret.certificatePem.empty() || secret.keyPem.empty()) {
    return fail(fmt::format("Secret {} holds only one of tls.crt and tls.key", name));
  }
  const auto expiry = kube::firstExpiry(secret.certificatePem);
  if (!expiry) return fail(fmt::format("Secret {}: {}", name, expiry.error().message));
  credential.certificatePem = secret.certificatePem;
  credential.keyPem = secret.keyPem;
  credential.expiresAt = *expiry;
  return credential;
}

std::optional<api::Time> renewAt(const Credential& credential) {
  if (!credential.renewable()) return std::nullopt;
  return *credential.issuedAt + (*credential.expiresAt - *credential.issuedAt) * 2 / 3;
}

std::string warningOf(const Credential& credential, api::Time now) {
  if (credential.isStatic()) {
    return "its token is static: it cannot be renewed from here, and nobody can tell when it ends";
  }
  if (!credential.expiresAt) return "";
  const auto end = api::formatTime(*credential.expiresAt);
  const char* what = credential.token.empty() ? "client certificate" : "token";
  if (*credential.expiresAt <= now) return fmt::format("its {} expired at {}", what, end);
  const auto renewal = renewAt(credential);
  // One that lives for an hour is always near its end: what matters is that it is renewed on time.
  const auto late = renewal ? *credential.expiresAt -
                                  std::min<api::Time::duration>(
                                      warnBefore, (*credential.expiresAt - *credential.issuedAt) / 4)
                            : *credential.expiresAt - warnBefore;
  if (now < late) return "";
  return fmt::format("its {} expires at {}{}", what, end,
                     renewal ? " and could not be renewed" : "; replace it before");
}

std::string warningOf(const kube::Lapse& authority, api::Time now) {
  if (now < authority.at - warnBefore) return "";
  return fmt::format("certificate \"{}\" of access.caBundle {} at {}; add its successor to the bundle",
                     authority.subject, authority.at <= now ? "expired" : "expires",
                     api::formatTime(authority.at));
}

}  // namespace bailiwick::peers
