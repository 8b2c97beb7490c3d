#include "reconcile/webhook_identity.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "kube/base64.hpp"
#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

using kube::ServerIdentity;
using nlohmann::json;
namespace resources = kube::resources;

constexpr auto validity = std::chrono::hours(24 * 90);
constexpr auto renewBefore = std::chrono::hours(24 * 30);

std::string text(simdjson::dom::element object, std::string_view key) {
  std::string_view value;
  return object[key].get(value) == simdjson::SUCCESS ? std::string(value) : "";
}

std::string decoded(simdjson::dom::element data, std::string_view key) {
  return kube::decodeBase64(text(data, key)).value_or("");
}

}  // namespace

Result<std::optional<ServerIdentity>> WebhookIdentity::refresh(std::stop_token stop) {
  const auto stored = load(stop);
  if (!stored) return fail(fmt::format("Secret {}: {}", config_.name, stored.error().message));
  const auto expiry = *stored ? kube::expiryOf((*stored)->identity.certificate) : fail("none");
  const bool usable = expiry && *expiry > config_.now();
  if (config_.leading()) {
    if (!expiry || *expiry < config_.now() + renewBefore) return renew(*stored, stop);
    const auto known = announce((*stored)->identity.certificate + (*stored)->previous, stop);
    if (!known) return tl::unexpected(known.error());
  }
  if (!usable) return std::nullopt;
  return (*stored)->identity;
}

kube::ApiResult<std::optional<WebhookIdentity::Stored>> WebhookIdentity::load(
    std::stop_token stop) {
  Stored stored;
  const auto visit = [&](simdjson::dom::element secret) -> Result<void> {
    stored.resourceVersion = text(secret["metadata"].value(), "resourceVersion");
    simdjson::dom::element data;
    if (secret["data"].get(data) != simdjson::SUCCESS) return {};
    stored.identity = {decoded(data, "tls.crt"), kube::Secret(decoded(data, "tls.key"))};
    stored.previous = decoded(data, "previous.crt");
    return {};
  };
  const auto read = kube::readJson(*config_.transport,
                                   kube::get(resources::secrets, {config_.ns, config_.name}), stop,
                                   visit);
  if (read) return stored;
  if (read.error().kind == kube::ApiError::Kind::NotFound) return std::nullopt;
  return tl::unexpected(read.error());
}

// Trusted first, then served: no replica may show a certificate that nobody trusts yet.
Result<std::optional<ServerIdentity>> WebhookIdentity::renew(const std::optional<Stored>& stored,
                                                             std::stop_token stop) {
  auto made = kube::selfSigned({fmt::format("{}.{}.svc", config_.name, config_.ns),
                                fmt::format("{}.{}.svc.cluster.local", config_.name, config_.ns)},
                               config_.now(), validity);
  if (!made) return tl::unexpected(made.error());
  const auto before = stored ? stored->identity.certificate : "";
  if (const auto known = announce(made->certificate + before, stop); !known) {
    return tl::unexpected(known.error());
  }
  if (const auto written = store(*made, stored, stop); !written) {
    return tl::unexpected(written.error());
  }
  log::info("webhook certificate made", {{"secret", config_.ns + "/" + config_.name}});
  return std::move(*made);
}

Result<void> WebhookIdentity::store(const ServerIdentity& identity,
                                    const std::optional<Stored>& before, std::stop_token stop) {
  json body = {{"apiVersion", "v1"},
               {"kind", "Secret"},
               {"type", "kubernetes.io/tls"},
               {"metadata", {{"name", config_.name}}},
               {"data",
                {{"tls.crt", kube::encodeBase64(identity.certificate)},
                 {"tls.key", kube::encodeBase64(identity.key.reveal())},
                 {"previous.crt",
                  kube::encodeBase64(before ? before->identity.certificate : "")}}}};
  if (before) body["metadata"]["resourceVersion"] = before->resourceVersion;
  const auto written = kube::write(
      *config_.transport,
      before ? kube::mergePatch(resources::secrets, {config_.ns, config_.name}, body.dump())
             : kube::create(resources::secrets, config_.ns, body.dump()),
      stop);
  if (!written) return fail(fmt::format("Secret {}: {}", config_.name, written.error().message));
  return {};
}

Result<void> WebhookIdentity::announce(const std::string& bundle, std::stop_token stop) {
  const auto encoded = kube::encodeBase64(bundle);
  json webhooks;
  std::string resourceVersion;
  const api::Key key{"", config_.name};
  const auto visit = [&](simdjson::dom::element configuration) -> Result<void> {
    resourceVersion = text(configuration["metadata"].value(), "resourceVersion");
    simdjson::dom::element list;
    if (configuration["webhooks"].get(list) != simdjson::SUCCESS) return {};
    webhooks = json::parse(simdjson::minify(list));
    return {};
  };
  const auto read = kube::readJson(
      *config_.transport, kube::get(resources::validatingWebhookConfigurations, key), stop, visit);
  if (!read && read.error().kind == kube::ApiError::Kind::NotFound) return {};
  const auto failed = [&](const kube::ApiError& error) {
    return fail(fmt::format("ValidatingWebhookConfiguration {}: {}", config_.name, error.message));
  };
  if (!read) return failed(read.error());
  bool changed = false;
  for (auto& webhook : webhooks) {
    auto& client = webhook["clientConfig"];
    if (client.value("caBundle", "") == encoded) continue;
    client["caBundle"] = encoded;
    changed = true;
  }
  if (!changed) return {};
  const json body = {{"metadata", {{"resourceVersion", resourceVersion}}}, {"webhooks", webhooks}};
  const auto written = kube::write(
      *config_.transport,
      kube::mergePatch(resources::validatingWebhookConfigurations, key, body.dump()), stop);
  if (!written) return failed(written.error());
  return {};
}

}  // namespace bailiwick::reconcile
