#include "sim/bugs.hpp"

#include <array>

namespace bailiwick::sim {
namespace {

constexpr std::array<SeededBug, 20> bugs{{
    {Bug::GivesUpWithoutReading, "GivesUpWithoutReading",
     "a published smaller share is all that a removal waits for", 400},
    {Bug::ReadsTheCacheInsteadOfAfresh, "ReadsTheCacheInsteadOfAfresh",
     "a handover reads peers from what is cached of them", 2400},
    {Bug::CountsWhatCannotBeRead, "CountsWhatCannotBeRead",
     "a peer that cannot be read counts by its last claim", 3700},
    {Bug::CountsWhatDoesNotServe, "CountsWhatDoesNotServe",
     "a peer counts by its word, though its gateway does not answer", 1300},
    {Bug::RemovesBeforePublishing, "RemovesBeforePublishing",
     "replicas go before the smaller share is told", 1},
    {Bug::ForgetsThePromiseOnRestart, "ForgetsThePromiseOnRestart",
     "an operator that starts does not look at what runs", 2500},
    {Bug::SleepsAndTakesItForSilence, "SleepsAndTakesItForSilence",
     "one's own SIGSTOP counts as the silence of peers", 2200},
    {Bug::RefusalIsLoss, "RefusalIsLoss", "a refused credential counts towards Lost", 1},
    {Bug::SuspicionIsLoss, "SuspicionIsLoss", "Lost comes with Suspect", 1},
    {Bug::FailsBackAtOnce, "FailsBackAtOnce", "failbackAfter is not waited for", 1},
    {Bug::ExpandsWhenIsolated, "ExpandsWhenIsolated",
     "who sees nobody takes everything, whatever onIsolation says", 1},
    {Bug::TiesBreakDifferently, "TiesBreakDifferently",
     "regions rank one another by names that differ", 1},
    {Bug::AllocatesWithoutWaiting, "AllocatesWithoutWaiting",
     "a new spec is allocated before peers have spoken of it", 1},
    {Bug::DrainsWithoutReplacement, "DrainsWithoutReplacement",
     "a cordon stops what runs at once", 5900},
    {Bug::LeavesTheDomain, "LeavesTheDomain", "a region outside the domain is given a share", 1},
    {Bug::DropsWhatTheLawForbids, "DropsWhatTheLawForbids",
     "what has become unlawful goes before its replacement is Ready", 1},
    {Bug::WritesWithoutCause, "WritesWithoutCause", "status is written every second", 1},
    {Bug::CountsOnStrangers, "CountsOnStrangers",
     "a peer that just came up is counted by a status of before its death", 200},
    {Bug::CountsOnWhoWasSuspect, "CountsOnWhoWasSuspect",
     "a peer that died and came back before it was Lost is counted on at once", 5900},
    {Bug::OneClockForAll, "OneClockForAll", "heartbeats are judged by the time that they carry", 1},
}};

}  // namespace

std::span<const SeededBug> seededBugs() { return bugs; }

}  // namespace bailiwick::sim
