#include "reconcile/peer_reader.hpp"

#include <utility>

#include "render/routes.hpp"

namespace bailiwick::reconcile {

std::optional<api::ModelDeployment> FreshReader::readAfresh(const std::string& peer,
                                                            const api::ModelDeployment& ours,
                                                            std::stop_token stop) {
  auto read = peers_.readAfresh(peer, ours.meta.key, stop);
  if (read && !serves(peer, ours, std::move(stop))) return std::nullopt;
  return read;
}

bool FreshReader::serves(const std::string& peer, const api::ModelDeployment& ours,
                         std::stop_token stop) {
  const auto here = regions_.get(api::Key{"", region_});
  const auto there = regions_.get(api::Key{"", peer});
  if (!probe_) return true;
  // Of an object that is gone or cannot be read nobody knows whether it has a gateway.
  if (!here || !there || !here->decodeError.empty() || !there->decodeError.empty()) return false;
  if (!render::hasGateway(*here) || !render::hasGateway(*there)) return true;
  // Requests that may not be in this region go to no peer from here, so that none could be answered.
  if (!render::mayPass(ours, *here, catalog_)) return true;
  return probe_->answers(here->gateway->caBundle, peer, ours.meta.key, std::move(stop));
}

}  // namespace bailiwick::reconcile
