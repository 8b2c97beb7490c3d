#pragma once
// One thread of the data path and all that is its own: event loop, timeouts, idle connections,
// buffers. Sessions never leave the thread that accepted them.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "http/request_parser.hpp"
#include "metrics/tally.hpp"
#include "proxy/deadlines.hpp"
#include "proxy/plane.hpp"
#include "proxy/request_body.hpp"
#include "proxy/upstream_pool.hpp"
#include "route/random.hpp"

namespace bailiwick::sidecar {

// What one request needs until its answer begins; reused, so that an idle connection or stream
// holds nothing of it.
struct Workspace {
  explicit Workspace(const Limits& limits)
      : parser({static_cast<std::size_t>(limits.maxHeaderSize),
                static_cast<std::size_t>(limits.maxHeaders)}) {}
  void reset();

  InBuffer in;
  http::RequestParser parser;
  std::string head;  // as it goes out
};

// Something on this thread that a drain breaks off.
class Cuttable : public Hook<Cuttable> {
 public:
  virtual void cut() = 0;
  // The state of the drain, or a certificate, has changed.
  virtual void reconsider() = 0;

 protected:
  ~Cuttable() = default;
};

class Core {
 public:
  Core(Plane& shared, std::uint64_t seed);
  // Ends what still waits.
  ~Core();

  // Until stop(). Exceptions of handlers are logged and end nothing else.
  void run();
  void stop() { io.stop(); }

  std::unique_ptr<Workspace> takeWorkspace();
  void giveWorkspace(std::unique_ptr<Workspace> workspace);
  // Counts and logs a request.
  void tell(Operation operation, const Record& record);
  // Told by each thread's own tick.
  void cutAll();

  Plane& plane;
  asio::io_context io;
  HookList<Waiter> waiters;
  Deadlines deadlines;
  UpstreamPool upstreams;
  Random random;
  std::shared_ptr<const RouteBook> book = std::make_shared<RouteBook>();
  HookList<Cuttable> sessions;
  Tally tally;
  // Of whoever is running; holds nothing across a wait.
  std::array<char, 65536> scratch;

 private:
  Task<void> tickForever();
  void tick(Instant now);

  std::vector<std::unique_ptr<Workspace>> workspaces_;
  std::string lines_;
  DrainState seenDrain_ = DrainState::Serving;
  Instant nextFlush_{}, nextSweep_{};
};

}  // namespace bailiwick::sidecar
