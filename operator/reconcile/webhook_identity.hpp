#pragma once
// The webhook's certificate where nobody else provides one: made and rotated at run time in a Secret
// that all replicas serve from, and made known to the API server in the operator's own
// ValidatingWebhookConfiguration (protocols 9).

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "kube/client.hpp"
#include "kube/self_signed.hpp"

namespace bailiwick::reconcile {

class WebhookIdentity {
 public:
  struct Config {
    kube::Transport* transport = nullptr;
    std::string ns;
    // Of the Service, of the Secret and of the ValidatingWebhookConfiguration.
    std::string name;
    std::function<bool()> leading;  // only the leader writes
    std::function<api::Time()> now;
  };

  explicit WebhookIdentity(Config config) : config_(std::move(config)) {}

  // What is to be served now; nothing while the leader has made none. To be called again and again.
  Result<std::optional<kube::ServerIdentity>> refresh(std::stop_token stop);

 private:
  struct Stored {
    kube::ServerIdentity identity;
    std::string previous;  // certificate that other replicas may still serve
    std::string resourceVersion;
  };
  kube::ApiResult<std::optional<Stored>> load(std::stop_token stop);
  Result<std::optional<kube::ServerIdentity>> renew(const std::optional<Stored>& stored,
                                                    std::stop_token stop);
  Result<void> store(const kube::ServerIdentity& identity, const std::optional<Stored>& before,
                     std::stop_token stop);
  // Makes these certificates trusted; without a configuration of that name nothing is done.
  Result<void> announce(const std::string& bundle, std::stop_token stop);

  Config config_;
};

}  // namespace bailiwick::reconcile
