#pragma once
// How a region gives up a share (protocols 5, Handover): it publishes the smaller promise, then reads
// the others afresh, and only then removes. Pure: the shell writes, reads and tells what it read.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "fleet/health.hpp"
#include "fleet/units.hpp"

namespace bailiwick::fleet {

// What is to be asked of the peers, once the status says `published`.
struct Inquiry {
  std::uint64_t ticket = 0;       // an answer to another one says nothing
  std::vector<std::string> peers;  // those that count
  friend bool operator==(const Inquiry&, const Inquiry&) = default;
};

// What came of an inquiry: the units that the peers hold, by min(share, ready) of each. Those that
// could not be read count nothing.
struct Findings {
  std::uint64_t ticket = 0;
  api::Units held = 0;
};

struct HandoverInput {
  const api::ModelDeploymentSpec& spec;
  Counts target;     // what the allocation gives us
  Counts published;  // the share in our own status, as the API server last said
  Counts running;    // what runs here lawfully, Ready or not
  Counts ready;      // of what runs here
  api::Units peersHold = 0;  // as last seen: no proof, but what would be in vain is not tried
  std::vector<std::string> counted;  // peers that may be counted on
  int position = 0;  // of us among those that are to shrink, the lowest rank first
  bool mayShrink = true;  // false: specs differ, or peers are awaited
  api::Units former = 0;  // what is Ready here of variants that have left the spec
};

// The course of one deployment's handovers. A value: plans are tried without consequence.
class Handover {
 public:
  enum class Phase { Settled, Asking, Resting };

  struct Next {
    Counts run;            // what is to run here, at least until the next answer
    api::Units units = 0;  // that are to be served here until then
    Counts publish;        // the share to be told, before what is offered bounds it
    std::optional<Inquiry> inquiry;
    std::optional<Mono> wakeAt;
  };

  Next next(const HandoverInput& input, Mono now);
  // The answer to an inquiry; one with another ticket is ignored.
  void answered(const Findings& findings, Mono now);

  Phase phase() const { return phase_; }
  // The share that is promised, told or about to be; nothing before the first call of next().
  std::optional<Counts> promised(const api::ModelDeploymentSpec& spec) const;

 private:
  // By name: the spec may change under it.
  struct Promise {
    std::vector<api::VariantCount> counts;
    api::Units units = 0;
  };
  void recall(const HandoverInput& input);
  bool worthAsking(const HandoverInput& input) const;
  void reconsider(const HandoverInput& input);
  void ask(const HandoverInput& input, Counts lower);
  void settle(const HandoverInput& input);

  Phase phase_ = Phase::Settled;
  bool fresh_ = true;  // nothing is known of what went before
  Promise kept_;       // what runs until the inquiry is answered
  Promise lower_;      // what is to run then
  api::Units wanted_ = 0, ownReady_ = 0;  // when it was asked
  std::vector<std::string> asked_;        // who was
  bool leaving_ = false;  // what their answer allowed has not all gone yet
  std::uint64_t ticket_ = 0;
  int attempts_ = 0, position_ = 0;
  Mono restsUntil_{};
};

}  // namespace bailiwick::fleet
