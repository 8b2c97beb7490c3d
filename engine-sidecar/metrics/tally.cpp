#include "metrics/tally.hpp"

#include <algorithm>

namespace bailiwick::sidecar {
void Spread::add(std::chrono::nanoseconds took) {
  const double seconds = std::chrono::duration<double>(took).count();
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
  counts_[static_cast<std::size_t>(bucket)].add();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  micros_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)));
}

const char* nameOf(End end) {
  switch (end) {
    case End::Complete:
      return "complete";
    case End::Refused:
      return "refused";
    case End::Broken:
      return "broken";
    case End::Cut:
      return "cut";
    case End::ClientGone:
      return "client_gone";
  }
  return "";
}

const char* nameOf(Operation operation) {
  switch (operation) {
    case Operation::Chat:
      return "chat";
    case Operation::Completions:
      return "completions";
    case Operation::Embeddings:
      return "embeddings";
    case Operation::Responses:
      return "responses";
    case Operation::Models:
      return "models";
    case Operation::Configured:
      return "other";
    case Operation::Unknown:
      break;
  }
  return "unknown";
}

BackendTally& Tally::backend(std::string_view name) {
  if (const auto it = backends_.find(name); it != backends_.end()) return it->second;
  const std::lock_guard lock(mutex_);
  return backends_.try_emplace(std::string(name)).first->second;
}

void Tally::request(std::string_view backend, Operation operation, int status, End end) {
  const RequestView view{backend, operation, status, end};
  const auto it = requests_.find(view);
  if (it != requests_.end()) return it->second.add();
  const std::lock_guard lock(mutex_);
  requests_.try_emplace(RequestKey{std::string(backend), operation, status, end})
      .first->second.add();
}

void Tally::refused(std::string_view code) {
  if (const auto it = refusals_.find(code); it != refusals_.end()) return it->second.add();
  const std::lock_guard lock(mutex_);
  refusals_.try_emplace(std::string(code)).first->second.add();
}

void Tally::copied(const Difference& difference) {
  if (difference.status) differences_.status.add();
  if (difference.latency) differences_.latency.add();
  if (difference.length) differences_.length.add();
}

}  // namespace bailiwick::sidecar
