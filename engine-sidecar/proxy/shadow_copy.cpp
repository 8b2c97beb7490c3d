#include "proxy/shadow_copy.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "log/log.hpp"
#include "proxy/fetch.hpp"

namespace bailiwick::sidecar {

std::shared_ptr<ShadowCopy> ShadowCopy::make(Core& core, std::uint64_t size) {
  Plane& plane = core.plane;
  const auto held = static_cast<std::int64_t>(size);
  if (plane.shadows.fetch_add(1) >= maxUnderWay || !plane.copies.grow(0, held)) {
    plane.shadows.fetch_sub(1);
    return nullptr;
  }
  return std::shared_ptr<ShadowCopy>(new ShadowCopy(core, held));
}

ShadowCopy::~ShadowCopy() {
  core_.plane.copies.release(held_);
  core_.plane.shadows.fetch_sub(1);
}

void ShadowCopy::send(std::shared_ptr<ShadowCopy> copy, std::shared_ptr<const Table> table,
                      std::size_t index, std::string request) {
  Core& core = copy->core_;
  asio::co_spawn(core.io, run(std::move(copy), std::move(table), index, std::move(request)),
                 asio::detached);
}

Task<void> ShadowCopy::run(std::shared_ptr<ShadowCopy> copy, std::shared_ptr<const Table> table,
                           std::size_t index, std::string request) {
  try {
    const Instant begun = std::chrono::steady_clock::now();
    OnBody discard = [](int, std::string_view) { return true; };
    const Fetched fetched =
        co_await fetch(copy->core_, table->ways[index].endpoint, std::move(request),
                       copy->core_.plane.config.limits.requestTimeout, false, std::move(discard));
    copy->copy_ = Observed{
        fetched.whole ? fetched.status : 0,
        std::chrono::duration_cast<api::Duration>(std::chrono::steady_clock::now() - begun),
        static_cast<std::int64_t>(fetched.bytes)};
    copy->compareIfBoth();
  } catch (const std::exception& error) {
    log::error("a shadow copy ended with an error", {{"error", error.what()}});
  }
}

void ShadowCopy::originalEnded(const Record& record) {
  original_ = Observed{record.status, std::chrono::duration_cast<api::Duration>(record.took),
                       static_cast<std::int64_t>(record.responseBytes)};
  compareIfBoth();
}

void ShadowCopy::compareIfBoth() {
  if (original_ && copy_) core_.tally.copied(compare(*original_, *copy_));
}

}  // namespace bailiwick::sidecar
