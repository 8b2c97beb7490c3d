#include "proxy/core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "log/log.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t maxWorkspaces = 256;  // that are kept for later
constexpr std::size_t flushAt = 65536;
constexpr std::chrono::milliseconds flushEvery{500};
constexpr std::chrono::seconds sweepEvery{5};

}  // namespace

void Workspace::reset() {
  parser.reset();
  head.clear();
}

Core::Core(Plane& shared, std::uint64_t seed)
    : plane(shared), io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO), random(seed) {}

Core::~Core() {
  while (!waiters.empty()) waiters.front().abandon();
}

void Core::run() {
  asio::co_spawn(io, tickForever(), asio::detached);
  while (!io.stopped()) {
    try {
      io.run();
    } catch (const std::exception& error) {
      log::error("a handler failed", {{"error", error.what()}});
    }
  }
  plane.log->write(std::move(lines_));
}

std::unique_ptr<Workspace> Core::takeWorkspace() {
  if (workspaces_.empty()) return std::make_unique<Workspace>(plane.config.limits);
  auto workspace = std::move(workspaces_.back());
  workspaces_.pop_back();
  return workspace;
}

void Core::giveWorkspace(std::unique_ptr<Workspace> workspace) {
  if (workspaces_.size() >= maxWorkspaces || workspace->in.capacity > InBuffer::firstSize) return;
  workspace->reset();
  workspace->in.begin = workspace->in.end = 0;
  workspaces_.push_back(std::move(workspace));
}

void Core::tell(Operation operation, const Record& record) {
  tally.request(record.backend, operation, record.status, record.end);
  if (record.end == End::Refused) tally.refused(record.code);
  if (!record.backend.empty()) {
    BackendTally& backend = tally.backend(record.backend);
    backend.duration.add(record.took);
    if (record.firstByte.count() > 0) backend.firstToken.add(record.firstByte);
  }
  appendLine(lines_, std::chrono::system_clock::now(), record);
  if (lines_.size() >= flushAt) plane.log->write(std::exchange(lines_, {}));
}

void Core::cutAll() {
  sessions.each([](Cuttable& session) { session.cut(); });
}

Task<void> Core::tickForever() {
  asio::steady_timer timer(io);
  boost::system::error_code ec;
  while (!io.stopped()) {
    timer.expires_after(Deadlines::tick);
    co_await timer.async_wait(asio::redirect_error(useAwaitable, ec));
    tick(std::chrono::steady_clock::now());
  }
}

void Core::tick(Instant now) {
  deadlines.expire(now);
  if (plane.tick(now)) cutAll();
  if (plane.drainState() != seenDrain_) {
    seenDrain_ = plane.drainState();
    sessions.each([](Cuttable& session) { session.reconsider(); });
  }
  if (now >= nextFlush_) {
    nextFlush_ = now + flushEvery;
    plane.log->write(std::exchange(lines_, {}));
  }
  if (now < nextSweep_) return;
  nextSweep_ = now + sweepEvery;
  upstreams.sweep(now);
}

}  // namespace bailiwick::sidecar
