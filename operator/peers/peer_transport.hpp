#pragma once
// The way to one peer: only reads, and the renewal of one's own token; each request short. The inner
// transport changes with the credential.

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "kube/secret.hpp"
#include "kube/transport.hpp"
#include "kube/watch.hpp"

namespace bailiwick::peers {

class PeerTransport final : public kube::Transport {
 public:
  struct Limits {
    // A first answer over a link between continents takes three times there and back.
    std::chrono::milliseconds get{2'000};
    std::chrono::milliseconds list{10'000};
  };

  explicit PeerTransport(Limits limits) : limits_(limits) {}

  // From now on; streams that are open go on. Nullptr: nothing can be sent, for that reason.
  // What was refused before is forgotten. `token` is what the inner one shows: it is taken out of answers
  // that are errors, for who repeats it.
  void use(std::shared_ptr<kube::Transport> inner, std::string reason = {}, kube::Secret token = {});
  // The one path that may be posted to; empty: none.
  void allowPost(std::string path);
  // Ends the streams that are open and have brought nothing since then, so that they begin anew at once.
  void cutStreams(kube::SteadyTime silentSince);
  // Why the peer refuses us something that is asked for again and again, which is a kind or the
  // heartbeat: 401, 403, a certificate, a redirect. Empty: it does not. A read of one object says nothing
  // of that: it may never be repeated.
  std::string refusal() const;

  tl::expected<kube::Response, kube::TransportError> send(const kube::Request& request,
                                                          std::stop_token stop) override;
  tl::expected<void, kube::TransportError> stream(const kube::Request& request,
                                                  kube::StreamSink& sink,
                                                  std::chrono::milliseconds idle,
                                                  std::stop_token stop) override;

 private:
  class Listening;
  tl::expected<std::shared_ptr<kube::Transport>, kube::TransportError> way(
      const kube::Request& request) const;
  kube::Secret token() const;
  void answered(const kube::Request& request, int status);
  void failed(const kube::Request& request, const kube::TransportError& error);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::shared_ptr<kube::Transport> inner_;
  std::string reason_ = "there is no credential yet";
  kube::Secret token_;
  std::string postPath_;
  std::map<std::string, std::string> refusals_;  // by path
  std::set<Listening*> streams_;
};

}  // namespace bailiwick::peers
