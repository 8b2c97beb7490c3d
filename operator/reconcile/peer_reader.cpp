#include "reconcile/peer_reader.hpp"

#include <utility>

namespace bailiwick::reconcile {

std::optional<api::ModelDeployment> FreshReader::readAfresh(const std::string& peer,
                                                            const api::Key& deployment,
                                                            std::stop_token stop) {
  return peers_.readAfresh(peer, deployment, std::move(stop));
}

}  // namespace bailiwick::reconcile
