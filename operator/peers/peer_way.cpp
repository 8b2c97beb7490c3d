// How a peer is reached: the credential, the address, and the renewal of a token.

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "kube/base64.hpp"
#include "log/log.hpp"
#include "peers/address.hpp"
#include "peers/heartbeat_fsm.hpp"
#include "peers/peer_connection.hpp"

namespace bailiwick::peers {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A name may come to mean another address.
constexpr milliseconds dialAgainAfter{15'000};
// After an address that could not be used.
constexpr milliseconds dialRetry{2'000};
constexpr milliseconds renewalRetry{60'000};

std::string tokenPath(const api::Key& account) {
  return kube::get(kube::resources::serviceAccounts, account).path + "/token";
}

std::string both(std::string one, const std::string& other) {
  if (!one.empty() && !other.empty()) one += "; ";
  return one + other;
}

}  // namespace

void PeerConnection::takeCredential(kube::SteadyTime now) {
  const auto stored = secret_.store().get(config_.access.credentialSecret);
  const auto version = stored ? stored->meta.resourceVersion : std::string();
  const bool stranded = unreachableSince_ && now - *unreachableSince_ > dialAgainAfter &&
                        dialledAt_ && now - *dialledAt_ > dialAgainAfter;
  if (stored && version == connectedWith_ && credential_ && !stranded) return;
  if (!stored) {
    if (!secret_.synced() && now - startedAt_ < std::chrono::seconds(5)) return;
    if (credential_ || config_.access.credentialSecret.ns != heartbeatNamespace) return;
    problem_ = {"CredentialMissing",
                fmt::format("Secret {} with the credential for this peer: {}",
                            config_.access.credentialSecret.str(),
                            secret_.synced() ? "there is none" : secret_.lastError())};
    return;
  }
  auto credential = readCredential(*stored);
  if (!credential) {
    problem_ = {"CredentialInvalid", credential.error().message};
    return;
  }
  if (version == connectedWith_ && dialledAt_ && now - *dialledAt_ < dialRetry) return;
  auto where = site();
  if (!where) return;
  if (stranded) ++attempt_;
  credential_ = *std::move(credential);
  dialledAt_ = now;
  connect(*credential_, *std::move(where));
  connectedWith_ = version;
}

std::optional<Result<kube::ClusterConfig>> PeerConnection::site() {
  auto cluster = clusterOf(config_.access);
  if (!cluster || kube::isIpAddress(cluster->server.host)) return cluster;
  auto found = lookup_.of(cluster->server.host);
  if (!found) return std::nullopt;
  // A name that means nothing now may have died with its region: what it meant is tried on.
  if (!found->empty()) addresses_ = *std::move(found);
  if (addresses_.empty()) return cluster;
  return dialledAt(*std::move(cluster), addresses_, attempt_);
}

void PeerConnection::connect(const Credential& credential, Result<kube::ClusterConfig> cluster) {
  if (!cluster) {
    problem_ = {"AccessInvalid", cluster.error().message};
  } else if (!kube::isIpAddress(cluster->server.host)) {
    problem_ = {"Unreachable",
                fmt::format("access.server: cannot resolve {}", cluster->server.host)};
  } else {
    problem_ = {};
  }
  if (!problem_.reason.empty()) {
    credential_.reset();  // tried again: a name may be resolved later
    transport_->use(nullptr, problem_.detail);
    return;
  }
  cluster->token.inlineText = credential.token;
  cluster->clientCertificate.inlineText = kube::Secret(credential.certificatePem);
  cluster->clientKey.inlineText = credential.keyPem;
  const auto lapse = kube::firstLapse(cluster->ca.inlineText.reveal());
  authority_ = lapse ? std::optional(*lapse) : std::nullopt;
  transport_->use(config_.dial(*std::move(cluster)), {}, credential.token);
  transport_->allowPost(credential.renewable() ? tokenPath(credential.account) : std::string());
  log::info("peer connected", {{"region", config_.region}, {"server", config_.access.server}});
}

// The Secret holds the only copy: the new token is used once it is stored, by the watch on it.
void PeerConnection::renew(const Credential& credential, std::stop_token stop) {
  const auto wall = config_.now();
  {
    const std::lock_guard lock(mutex_);
    warning_ = both(warningOf(credential, wall), authority_ ? warningOf(*authority_, wall) : "");
    credentialEnds_ = credential.expiresAt;
  }
  const auto due = renewAt(credential);
  const auto now = Clock::now();
  if (!due || wall < *due || !config_.leading()) return;
  if (renewedAt_ && now - *renewedAt_ < renewalRetry) return;
  renewedAt_ = now;
  const auto token = requestToken(credential, stop);
  if (!token) {
    log::warn("a peer's token cannot be renewed",
              {{"region", config_.region}, {"error", token.error().message}});
    return;
  }
  // Not over a Secret that was replaced meanwhile: what it holds now is read first.
  const nlohmann::json body = {{"metadata", {{"resourceVersion", connectedWith_}}},
                               {"data", {{"token", kube::encodeBase64(*token)}}}};
  const auto written = kube::write(
      *config_.home,
      kube::mergePatch(kube::resources::secrets, config_.access.credentialSecret, body.dump()),
      stop);
  if (!written) {
    log::warn("a peer's new token cannot be stored",
              {{"region", config_.region}, {"error", written.error().message}});
    return;
  }
  log::info("a peer's token was renewed", {{"region", config_.region}});
}

kube::ApiResult<std::string> PeerConnection::requestToken(const Credential& credential,
                                                          std::stop_token stop) {
  const auto life = std::chrono::duration_cast<std::chrono::seconds>(*credential.expiresAt -
                                                                     *credential.issuedAt);
  const nlohmann::json body = {
      {"apiVersion", "authentication.k8s.io/v1"},
      {"kind", "TokenRequest"},
      {"spec", {{"expirationSeconds", std::max<std::int64_t>(life.count(), 600)}}}};
  kube::Request request;
  request.method = kube::Method::Post;
  request.path = tokenPath(credential.account);
  request.body = body.dump();
  request.contentType = "application/json";
  return kube::read<std::string>(
      *transport_, request, std::move(stop), [](simdjson::dom::element answer) -> Result<std::string> {
        std::string_view token;
        if (answer["status"]["token"].get(token) != simdjson::SUCCESS || token.empty()) {
          return fail("the answer to a TokenRequest holds no token");
        }
        return std::string(token);
      });
}

}  // namespace bailiwick::peers
