#pragma once
// In which phase an order is, by its shares.

#include <optional>
#include <string>

#include "plan/exit_rows.hpp"

namespace bailiwick::plan {

struct NextPhase {
  api::ExitPhase phase = api::ExitPhase::Announced;
  std::string reason;  // of Held: Paused, ClockSkew, DeadlinePassed
  std::optional<api::Time> wakeAt;
};

// One phase at a time at the beginning: what is new is kept out before anything moves, and nothing
// moves before what takes over is recorded.
NextPhase nextPhase(const ExitInput& input, const Journal& journal, const ExitRows& rows);

// The phase of one share of an order that moves, given the order's own.
api::ExitPhase phaseOf(const JournalRow& known, const ExitRow& now, bool purged,
                       api::ExitPhase order);

// Everything that was to be deleted for the shares that have left is seen to be gone.
bool isPurged(const ExitInput& input, const Journal& journal);

}  // namespace bailiwick::plan
