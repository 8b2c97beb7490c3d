#include "reconcile/peer_reader.hpp"

#include <utility>

#include "render/routes.hpp"

namespace bailiwick::reconcile {

std::optional<api::ModelDeployment> FreshReader::readAfresh(const std::string& peer,
                                                            const api::Key& deployment,
                                                            std::stop_token stop) {
  auto read = peers_.readAfresh(peer, deployment, stop);
  if (read && !serves(peer, deployment, std::move(stop))) return std::nullopt;
  return read;
}

bool FreshReader::serves(const std::string& peer, const api::Key& deployment,
                         std::stop_token stop) {
  const auto here = regions_.get(api::Key{"", region_});
  const auto there = regions_.get(api::Key{"", peer});
  if (!probe_) return true;
  // Of an object that is gone or cannot be read nobody knows whether it has a gateway.
  if (!here || !there || !here->decodeError.empty() || !there->decodeError.empty()) return false;
  if (!render::hasGateway(*here) || !render::hasGateway(*there)) return true;
  return probe_->answers(here->gateway->caBundle, peer, deployment, std::move(stop));
}

}  // namespace bailiwick::reconcile
