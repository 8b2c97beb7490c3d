#pragma once
// Defects that the simulator can be given, to see that it would find them.

#include <cstdint>
#include <span>

namespace bailiwick::sim {

enum class Bug {
  None,
  GivesUpWithoutReading,
  ReadsTheCacheInsteadOfAfresh,
  CountsWhatCannotBeRead,
  CountsWhatDoesNotServe,
  RemovesBeforePublishing,
  ForgetsThePromiseOnRestart,
  SleepsAndTakesItForSilence,
  RefusalIsLoss,
  SuspicionIsLoss,
  FailsBackAtOnce,
  ExpandsWhenIsolated,
  TiesBreakDifferently,
  AllocatesWithoutWaiting,
  DrainsWithoutReplacement,
  LeavesTheDomain,
  DropsWhatTheLawForbids,
  WritesWithoutCause,
  CountsOnStrangers,
  CountsOnWhoWasSuspect,
  OneClockForAll,
};

struct SeededBug {
  Bug bug;
  const char* name;
  const char* what;
  std::uint64_t from;  // near a schedule that is known to find it
};

// Every one but None.
std::span<const SeededBug> seededBugs();

}  // namespace bailiwick::sim
