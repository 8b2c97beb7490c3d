#include "reconcile/cluster_uid.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

#include "api/decode.hpp"
#include "kube/backoff.hpp"
#include "kube/client.hpp"
#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

// How often an API server that is away is asked.
constexpr auto firstRetry = std::chrono::milliseconds(500);
constexpr auto lastRetry = std::chrono::seconds(10);

bool mayPass(const kube::ApiError& error) {
  using Kind = kube::TransportError::Kind;
  return error.retryable() && error.transport != Kind::Certificate &&
         error.transport != Kind::Credentials;
}

}  // namespace

Result<std::string> clusterUid(kube::Transport& transport, std::stop_token stop) {
  kube::Backoff backoff(firstRetry, lastRetry);
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  for (;;) {
    const auto found = kube::read<api::GenericObject>(
        transport, kube::get(kube::resources::namespaces, {"", "kube-system"}), stop,
        api::decodeGenericObject);
    if (found) return found->meta.uid;
    const auto& error = found.error();
    if (!mayPass(error) || stop.stop_requested()) {
      return fail(fmt::format("cannot read namespace kube-system of the cluster: {}",
                              error.message));
    }
    log::warn("the API server does not answer yet, retrying", {{"error", error.message}});
    never.wait_for(lock, stop, backoff.next(0.5), [] { return false; });
  }
}

}  // namespace bailiwick::reconcile
