#include "cmd/webhook.hpp"

#include <condition_variable>
#include <mutex>

#include "kube/files.hpp"
#include "log/log.hpp"

namespace bailiwick::cmd {
namespace {

constexpr char path[] = "/validate";
// Files are looked at often, because that costs nothing; the Secret is asked for.
constexpr auto filePause = std::chrono::seconds(1);
constexpr auto secretPause = std::chrono::seconds(30);
constexpr auto retryPause = std::chrono::seconds(2);

serve::Known knownBy(const reconcile::Caches& caches) {
  return {caches.policies.store().snapshot(), caches.regions.store().snapshot(),
          [&caches](std::string_view name) {
            return caches.passports.store().find(kube::KeyView{"", name});
          },
          [&caches] { return caches.deployments.store().snapshot(); },
          caches.leaderWorkerSets.available()};
}

}  // namespace

Webhook::Webhook(const Options& options, const catalog::Catalog& catalog,
                 reconcile::Operator& of)
    : options_(options),
      operator_(of),
      admission_({&catalog,
                  {options.podMetadataPrefixes},
                  options.region,
                  [&of] { return knownBy(of.caches()); },
                  of.serverTime()}),
      identity_({&of.fencedTransport(), options.ns, options.webhookName,
                 [&of] { return of.leading(); }, of.serverTime()}) {}

Result<std::unique_ptr<Webhook>> Webhook::start(const Options& options,
                                                const catalog::Catalog& catalog,
                                                reconcile::Operator& of) {
  std::unique_ptr<Webhook> webhook(new Webhook(options, catalog, of));
  auto server = serve::WebhookServer::listen(
      options.listenWebhook, path,
      [self = webhook.get()](const std::string& body) { return self->answer(body); });
  if (!server) return tl::unexpected(server.error());
  webhook->server_ = std::move(*server);
  if (!options.webhookCertDir.empty()) {
    if (const auto ready = webhook->refresh({}); !ready) return tl::unexpected(ready.error());
  }
  webhook->follower_ =
      std::jthread([self = webhook.get()](std::stop_token stop) { self->follow(stop); });
  return webhook;
}

// Half of the law would be no answer.
serve::WebhookReply Webhook::answer(const std::string& body) const {
  if (!operator_.caches().settled()) return {503, "text/plain", "the caches are not filled yet\n"};
  auto reply = admission_.review(body);
  const bool judged = reply.status == 200;
  return {reply.status, judged ? "application/json" : "text/plain; charset=utf-8",
          std::move(reply.body)};
}

Result<std::optional<serve::TlsFiles>> Webhook::currentFiles(std::stop_token stop) {
  serve::TlsFiles files;
  files.clientNames = options_.webhookClientNames;
  if (!options_.webhookClientCa.empty()) {
    auto authority = kube::readSmallFile(options_.webhookClientCa);
    if (!authority) return tl::unexpected(authority.error());
    files.clientCa = std::move(*authority);
  }
  if (options_.webhookCertDir.empty()) {
    auto identity = identity_.refresh(stop);
    if (!identity) return tl::unexpected(identity.error());
    if (!*identity) return std::nullopt;
    files.certificate = (*identity)->certificate;
    files.key = (*identity)->key.reveal();
    return files;
  }
  auto certificate = kube::readSmallFile(options_.webhookCertDir + "/tls.crt");
  if (!certificate) return tl::unexpected(certificate.error());
  auto key = kube::readSmallFile(options_.webhookCertDir + "/tls.key");
  if (!key) return tl::unexpected(key.error());
  files.certificate = std::move(*certificate);
  files.key = std::move(*key);
  return files;
}

Result<void> Webhook::refresh(std::stop_token stop) {
  auto files = currentFiles(stop);
  if (!files) return tl::unexpected(files.error());
  if (!*files || *files == served_) return {};
  if (const auto used = server_->use(**files); !used) {
    return fail("the webhook's certificate cannot be used: " + used.error().message);
  }
  log::info(served_ ? "webhook certificate replaced" : "webhook serving");
  served_ = std::move(*files);
  return {};
}

void Webhook::follow(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  std::string lastProblem;
  while (!stop.stop_requested()) {
    const auto done = refresh(stop);
    const auto problem = done ? "" : done.error().message;
    // Half a change of two files is mended by the next look.
    if (!problem.empty() && problem != lastProblem && !stop.stop_requested()) {
      log::warn("webhook certificate", {{"error", problem}});
    }
    lastProblem = problem;
    const bool own = options_.webhookCertDir.empty();
    const std::chrono::seconds pause = !served_ || !done ? retryPause
                                       : own             ? std::chrono::seconds(secretPause)
                                                         : std::chrono::seconds(filePause);
    never.wait_for(lock, stop, pause, [] { return false; });
  }
}

}  // namespace bailiwick::cmd
