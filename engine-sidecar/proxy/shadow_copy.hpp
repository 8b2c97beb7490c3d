#pragma once
// A copy of a request to a baseline, beside the original, which never waits for it. Both answers
// are compared once both have ended.

#include <memory>
#include <optional>
#include <string>

#include "proxy/core.hpp"
#include "proxy/route_book.hpp"
#include "route/shadow.hpp"

namespace bailiwick::sidecar {

class ShadowCopy {
 public:
  static constexpr int maxUnderWay = 64;  // of the process

  // Nothing where too many are under way or the memory for copies is taken.
  static std::shared_ptr<ShadowCopy> make(Core& core, std::uint64_t size);
  ~ShadowCopy();

  // To the target of this index.
  static void send(std::shared_ptr<ShadowCopy> copy, std::shared_ptr<const Table> table,
                   std::size_t index, std::string request);
  void originalEnded(const Record& record);

 private:
  ShadowCopy(Core& core, std::int64_t held) : core_(core), held_(held) {}
  static Task<void> run(std::shared_ptr<ShadowCopy> copy, std::shared_ptr<const Table> table,
                        std::size_t index, std::string request);
  void compareIfBoth();

  Core& core_;
  std::int64_t held_;
  std::optional<Observed> original_, copy_;
};

}  // namespace bailiwick::sidecar
