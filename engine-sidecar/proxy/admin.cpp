#include "proxy/admin.hpp"

#include "http/render.hpp"
#include "log/log.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::chrono::seconds headTimeout{5};
constexpr std::chrono::milliseconds drainGrace{500};
constexpr http::HeadLimits headLimits{.maxSize = 8192, .maxFields = 50};

Instant now() {
  return std::chrono::steady_clock::now();
}

std::string answer(int status, std::string_view type, std::string_view body) {
  std::string out;
  http::appendStatusLine(out, status);
  out.append("Content-Type: ").append(type).append("\r\nContent-Length: ");
  http::appendNumber(out, body.size());
  out.append("\r\nConnection: close\r\n\r\n").append(body);
  return out;
}

std::string text(int status, std::string_view body) {
  return answer(status, "text/plain; charset=utf-8", body);
}

class AdminSession final : public ReadyListener {
 public:
  AdminSession(Core& core, Stream client, Wicket wicket, const Views& views)
      : core_(core),
        client_(std::move(client)),
        wicket_(wicket),
        views_(views),
        waiter_(core.waiters),
        deadline_(*this) {
    client_.tell(this);
    core_.deadlines.add(deadline_);
  }

  void ready() override { waiter_.ready(); }

  Task<void> run() {
    http::RequestParser parser(headLimits);
    deadline_.set(now() + headTimeout);
    std::string bytes;
    char piece[2048];
    auto step = http::RequestParser::Step::More;
    while (step == http::RequestParser::Step::More && !deadline_.passed()) {
      if (!client_.mayRead()) {
        co_await waiter_.wait();
        continue;
      }
      const Io io = client_.read(piece, sizeof piece);
      if (io.over()) co_return;
      step = parser.parse(bytes.append(piece, io.bytes));
    }
    if (step == http::RequestParser::Step::More) co_return;
    if (step == http::RequestParser::Step::Failed) {
      co_await send(text(400, std::string(http::describe(parser.fault())) + "\n"));
      co_return;
    }
    const std::string path(parser.head().target.path);
    const std::string method(parser.head().method);
    co_await handle(method, path);
  }

 private:
  Task<void> handle(const std::string& method, const std::string& path) {
    if (wicket_ == Wicket::Admin && path == "/drain") {
      if (method != "POST") co_return co_await send(text(405, "POST starts the drain\n"));
      core_.plane.beginDrain(now());
      co_return co_await waitUntilDrained();
    }
    if (method != "GET" && method != "HEAD")
      co_return co_await send(text(405, "only GET is served here\n"));
    if (wicket_ == Wicket::Observe && path == "/drained") co_return co_await waitUntilDrained();
    co_await send(view(path));
  }

  std::string view(const std::string& path) const {
    if (path == "/livez") return text(200, "ok\n");
    if (path == "/readyz") {
      return isReady(core_) ? text(200, "ok\n") : text(503, "not ready\n");
    }
    if (path == "/metrics")
      return answer(200, "text/plain; version=0.0.4; charset=utf-8", views_.metrics());
    if (wicket_ == Wicket::Admin && path == "/state")
      return answer(200, "application/json", views_.state());
    if (wicket_ == Wicket::Observe && path == "/engine") {
      return isEngineWell(core_.plane) ? text(200, "ok\n")
                                       : text(503, "the engine does not pass its health check\n");
    }
    return text(404, "nothing is here\n");
  }

  // Answers once nothing is in flight any more, or the one who asked has gone. Before a drain
  // begins it waits for that as well: the engine's preStop may be there first.
  Task<void> waitUntilDrained() {
    while (core_.plane.drainState() != DrainState::Drained) {
      if (client_.mayRead() && client_.isGone()) co_return;
      deadline_.set(now() + Deadlines::tick);
      co_await waiter_.wait();
    }
    co_await send(answer(200, "application/json", core_.plane.report().json() + "\n"));
  }

  Task<void> send(std::string out) {
    std::string_view left = out;
    deadline_.set(now() + headTimeout);
    while (!left.empty() && !deadline_.passed()) {
      const iovec part{const_cast<char*>(left.data()), left.size()};
      const Io io = client_.write(&part, 1);
      if (io.over()) co_return;
      left.remove_prefix(io.bytes);
      while (!client_.mayWrite() && !deadline_.passed()) co_await waiter_.wait();
    }
    client_.shutdownSend();
    deadline_.set(now() + drainGrace);
    char thrown[1024];
    while (!deadline_.passed()) {
      if (!client_.mayRead()) {
        co_await waiter_.wait();
      } else if (client_.read(thrown, sizeof thrown).over()) {
        break;
      }
    }
  }

  Core& core_;
  Stream client_;
  Wicket wicket_;
  const Views& views_;
  Waiter waiter_;
  Deadline deadline_;
};

}  // namespace

bool isEngineWell(const Plane& plane) {
  if (!plane.ownHealth) return false;
  const HealthState state = plane.ownHealth->state(now());
  return state != HealthState::Unknown && state != HealthState::Down;
}

bool isReady(const Core& core) {
  if (core.plane.drainState() != DrainState::Serving || !core.book->serves()) return false;
  return !core.plane.ownHealth || isEngineWell(core.plane);
}

Task<void> serveAdmin(Core& core, Stream client, Wicket wicket, const Views& views) {
  try {
    AdminSession session(core, std::move(client), wicket, views);
    co_await session.run();
  } catch (const std::exception& error) {
    log::error("an admin request ended with an error", {{"error", error.what()}});
  }
}

}  // namespace bailiwick::sidecar
