#pragma once
// The admission webhook of a running operator: its server, and a thread that keeps its certificate
// current.

#include <memory>
#include <thread>

#include "cmd/options.hpp"
#include "reconcile/operator.hpp"
#include "reconcile/webhook_identity.hpp"
#include "serve/admission.hpp"
#include "serve/webhook_server.hpp"

namespace bailiwick::cmd {

class Webhook {
 public:
  // Fails where it cannot listen, or where files that were named cannot be used.
  static Result<std::unique_ptr<Webhook>> start(const Options& options,
                                                const catalog::Catalog& catalog,
                                                reconcile::Operator& operator_);

 private:
  Webhook(const Options& options, const catalog::Catalog& catalog, reconcile::Operator& operator_);
  serve::WebhookReply answer(const std::string& body) const;
  // What is to be served now; nothing while there is none yet.
  Result<std::optional<serve::TlsFiles>> currentFiles(std::stop_token stop);
  Result<void> refresh(std::stop_token stop);
  void follow(std::stop_token stop);

  Options options_;
  reconcile::Operator& operator_;
  serve::Admission admission_;
  reconcile::WebhookIdentity identity_;
  std::unique_ptr<serve::WebhookServer> server_;
  std::optional<serve::TlsFiles> served_;
  std::jthread follower_;
};

}  // namespace bailiwick::cmd
