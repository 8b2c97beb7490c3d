#include "kube/server_clock.hpp"

#include <utility>

namespace bailiwick::kube {

ServerClock::ServerClock(Transport& inner, std::function<Time()> wall)
    : inner_(inner), wall_(std::move(wall)) {}

ServerClock::Time ServerClock::systemTime() {
  return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now());
}

ServerClock::Time ServerClock::now() const {
  const auto ahead = ahead_.load();
  return std::chrono::abs(ahead) > tolerance ? wall_() - ahead : wall_();
}

tl::expected<Response, TransportError> ServerClock::send(const Request& request,
                                                         std::stop_token stop) {
  auto answer = inner_.send(request, std::move(stop));
  if (answer && answer->head.date) ahead_ = wall_() - *answer->head.date;
  return answer;
}

tl::expected<void, TransportError> ServerClock::stream(const Request& request, StreamSink& sink,
                                                       std::chrono::milliseconds idle,
                                                       std::stop_token stop) {
  return inner_.stream(request, sink, idle, std::move(stop));
}

}  // namespace bailiwick::kube
