#include "plan/drain.hpp"

#include <gtest/gtest.h>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using plan::Drained;
using plan::drainedOf;

api::Pod leaving() {
  auto pod = makePod("p", "team").on("n").deleted(testTime).obj();
  pod.meta.finalizers = {"bailiwick.dev/drain-report"};
  return pod;
}

void says(api::Pod& pod, const std::string& words) {
  pod.containers.push_back({"engine-sidecar", "sidecar:1", "", true, words});
}

constexpr char report[] = R"({"inFlightAtDrain":20,"completed":18,"cut":2})";

TEST(Drain, TakesTheSidecarsReportAtItsWord) {
  auto pod = leaving();
  says(pod, report);
  EXPECT_EQ(drainedOf(pod), (Drained{api::DrainCount{20, 18, 2}, ""}));
}

TEST(Drain, WaitsWhileTheSidecarMayStillTell) {
  auto pod = leaving();
  EXPECT_FALSE(drainedOf(pod));
  pod.containers.push_back({"engine-sidecar", "sidecar:1", "", false, ""});
  pod.containers.push_back({"engine", "vllm:1", "", true, report});
  EXPECT_FALSE(drainedOf(pod)) << "the engine's words are not the sidecar's";
  pod.meta.deleted.reset();
  pod.containers[0].ended = true;
  pod.containers[0].lastWords = report;
  EXPECT_FALSE(drainedOf(pod)) << "it restarts: it is not on its way out";
}

TEST(Drain, IsUnknownAndNeverZeroWithoutAReport) {
  auto pod = leaving();
  pod.finalDelete = true;
  EXPECT_EQ(drainedOf(pod), (Drained{std::nullopt, "it ended without a report of its sidecar"}));
  pod.node.clear();
  EXPECT_EQ(drainedOf(pod), (Drained{std::nullopt, "it never ran on a node"}));
}

TEST(Drain, WaitsForTheFinalDeleteWhereTheReportIsNone) {
  auto pod = leaving();
  says(pod, "panic: out of memory");
  EXPECT_FALSE(drainedOf(pod));
  pod.finalDelete = true;
  EXPECT_EQ(drainedOf(pod), (Drained{std::nullopt, "the sidecar's termination message is no drain report"}));
}

TEST(Drain, RefusesAReportThatIsNotExactlyOne) {
  for (const std::string text :
       {"", "{}", "[]", "null", "20", R"({"inFlightAtDrain":20,"completed":20})",
        R"({"inFlightAtDrain":20,"completed":20,"cut":0,"more":1})",
        R"({"inFlightAtDrain":0,"cut":0,"cut":0})", R"({"inFlightAtDrain":-1,"completed":-1,"cut":0})",
        R"({"inFlightAtDrain":1.0,"completed":1,"cut":0})",
        R"({"inFlightAtDrain":"1","completed":1,"cut":0})",
        R"({"inFlightAtDrain":1000000001,"completed":1000000001,"cut":0})",
        R"({"inFlightAtDrain":99999999999999999999,"completed":1,"cut":0})",
        R"({"inFlightAtDrain":20,"completed":20,"cut":0} {})",
        R"({"inFlightAtDrain":20,"completed":19,"cut":0})", "{\"inFlightAtDrain\":20,"}) {
    EXPECT_FALSE(plan::parseDrainReport(text)) << text;
  }
  EXPECT_FALSE(plan::parseDrainReport(std::string(5000, ' ') + report));
  EXPECT_FALSE(plan::parseDrainReport(std::string(4000, '[')));
}

TEST(Drain, HoldsOnlyPodsThatAreOnTheirWayOutWithOurFinalizer) {
  auto pod = leaving();
  EXPECT_TRUE(plan::holdsReport(pod));
  pod.meta.finalizers = {"other.example/x"};
  EXPECT_FALSE(plan::holdsReport(pod));
  pod = leaving();
  pod.meta.deleted.reset();
  EXPECT_FALSE(plan::holdsReport(pod));
}

}  // namespace
}  // namespace bailiwick::testing
