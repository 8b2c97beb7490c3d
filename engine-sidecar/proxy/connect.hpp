#pragma once
// From an endpoint to a connection that is ready for a request.

#include <string>

#include "proxy/deadlines.hpp"
#include "proxy/route_book.hpp"
#include "proxy/stream.hpp"

namespace bailiwick::sidecar {

struct Connected {
  Stream stream;
  std::string fault;  // why there is none
  bool late = false;
  bool refused = false;  // nothing listens there
};

// Asked after each wait.
class StopSign {
 public:
  virtual bool stopped() = 0;

 protected:
  ~StopSign() = default;
};

struct NeverStopped final : StopSign {
  bool stopped() override { return false; }
};

// Resolves, connects and shakes hands until `deadline`, of which `waiter` is told. Names of public
// endpoints that resolve to private addresses, and link-local addresses always, are refused.
Task<Connected> connect(asio::io_context& io, const Endpoint& endpoint, Waiter& waiter,
                        Deadline& deadline, StopSign& stop);

}  // namespace bailiwick::sidecar
