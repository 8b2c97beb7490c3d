#pragma once
// What time it is for the API server: it dates the objects whose age is judged, and deadlines count
// from those dates. Noted from the Date of its answers (RFC 9110, 6.6.1).

#include <atomic>
#include <chrono>
#include <functional>

#include "kube/transport.hpp"

namespace bailiwick::kube {

class ServerClock final : public Transport {
 public:
  using Time = std::chrono::sys_time<std::chrono::microseconds>;
  // Dates have whole seconds and answers take a while: less than this is no difference.
  static constexpr std::chrono::seconds tolerance{60};

  explicit ServerClock(Transport& inner, std::function<Time()> wall = systemTime);

  // The wall clock while it agrees with the server's, or nothing has been heard of it.
  Time now() const;

  tl::expected<Response, TransportError> send(const Request& request,
                                              std::stop_token stop) override;
  tl::expected<void, TransportError> stream(const Request& request, StreamSink& sink,
                                            std::chrono::milliseconds idle,
                                            std::stop_token stop) override;

  static Time systemTime();

 private:
  Transport& inner_;
  const std::function<Time()> wall_;
  std::atomic<std::chrono::microseconds> ahead_{std::chrono::microseconds{0}};  // the wall clock
};

}  // namespace bailiwick::kube
