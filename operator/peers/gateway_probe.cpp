#include "peers/gateway_probe.hpp"

#include "kube/base64.hpp"

namespace bailiwick::peers {
namespace {

// As long as a read of a peer before a share is given up.
constexpr std::chrono::milliseconds patience{2'000};

// What a peer's sidecar says is in the status alone: of the body nothing is taken.
struct Status final : kube::StreamSink {
  bool onHead(const kube::ResponseHead& head) override {
    code = head.status;
    return false;
  }
  bool onChunk(std::string_view) override { return false; }

  int code = 0;
};

}  // namespace

GatewayProbe::GatewayProbe(kube::ServerUrl server, std::string name, Dial dial)
    : server_(std::move(server)), name_(std::move(name)), dial_(std::move(dial)) {}

bool GatewayProbe::answers(const std::string& caBundle, const std::string& peer,
                           const api::Key& deployment, std::stop_token stop) {
  const auto transport = transportFor(caBundle);
  if (!transport) return false;
  kube::Request request;
  request.path = "/v1/models";
  request.headers = {{"x-bailiwick-deployment", deployment.str()}, {"x-bailiwick-region", peer}};
  request.deadline = patience;
  Status status;
  const auto done = transport->stream(request, status, patience, std::move(stop));
  return done && (status.code == 200 || status.code == 401);
}

std::shared_ptr<kube::Transport> GatewayProbe::transportFor(const std::string& caBundle) {
  const std::lock_guard lock(mutex_);
  if (transport_ && caBundle_ == caBundle) return transport_;
  const auto authority = kube::decodeBase64(caBundle);
  if (!authority) return nullptr;
  kube::ClusterConfig config;
  config.server = server_;
  config.tlsServerName = name_;
  config.ca.inlineText = kube::Secret(*authority);
  transport_ = dial_(std::move(config));
  caBundle_ = caBundle;
  return transport_;
}

}  // namespace bailiwick::peers
