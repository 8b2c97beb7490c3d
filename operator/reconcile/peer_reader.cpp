#include "reconcile/peer_reader.hpp"

namespace bailiwick::reconcile {

std::optional<api::ModelDeployment> FreshReader::readAfresh(const std::string& peer,
                                                            const api::Key& deployment,
                                                            std::stop_token stop) {
  const auto found = peers_.read(deployment, {peer}, stop);
  if (found.empty()) return std::nullopt;
  return *found.begin()->second;
}

}  // namespace bailiwick::reconcile
