#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "metrics/exposition.hpp"

namespace bailiwick::sidecar {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(Metrics, AddUpWhatTheThreadsCounted) {
  Tally one, two;
  one.request("local", Operation::Chat, 200, End::Complete);
  one.request("local", Operation::Chat, 200, End::Complete);
  two.request("local", Operation::Chat, 200, End::Complete);
  two.request("", Operation::Unknown, 404, End::Refused);
  two.request("zrh", Operation::Embeddings, 200, End::Broken);
  two.refused("unknown_path");
  one.backend("local").failovers.add();
  two.backend("local").failovers.add(2);
  const std::string text = exposition({&one, &two}, {});
  EXPECT_THAT(text, HasSubstr("bailiwick_sidecar_requests_total{route=\"local\",operation=\"chat\","
                              "code=\"200\",reason=\"complete\"} 3\n"));
  EXPECT_THAT(text,
              HasSubstr("{route=\"\",operation=\"unknown\",code=\"404\",reason=\"refused\"} 1\n"));
  EXPECT_THAT(
      text,
      HasSubstr("{route=\"zrh\",operation=\"embeddings\",code=\"200\",reason=\"broken\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("bailiwick_sidecar_refusals_total{reason=\"unknown_path\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("bailiwick_sidecar_failovers_total{route=\"local\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE bailiwick_sidecar_requests_total counter\n"));
}

TEST(Metrics, SpreadDurationsOverBuckets) {
  Tally one, two;
  one.backend("local").firstToken.add(1ms);
  one.backend("local").firstToken.add(30ms);
  two.backend("local").firstToken.add(2h);
  const std::string text = exposition({&one, &two}, {});
  const std::string name = "bailiwick_sidecar_time_to_first_token_seconds";
  EXPECT_THAT(text, HasSubstr(name + "_count{route=\"local\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_sum{route=\"local\"} 7200.031"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{route=\"local\",le=\"0.001\"} 1\n"))
      << "a bound belongs to its bucket";
  EXPECT_THAT(text, HasSubstr(name + "_bucket{route=\"local\",le=\"0.025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{route=\"local\",le=\"0.05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{route=\"local\",le=\"600\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{route=\"local\",le=\"+Inf\"} 3\n"));
}

TEST(Metrics, SayWhatIsTrueNow) {
  Snapshot now;
  now.version = "1.2.3";
  now.inFlight = 4;
  now.queued = 5;
  now.drain = DrainState::LameDuck;
  now.report = {20, 19, 1};
  now.copyBytes = 77;
  now.tables = {{"a/b", 7, 1.5, 2}};
  now.backends = {{"a/b", "local", true}, {"a/b", "zrh", false}};
  const std::string text = exposition({}, now);
  for (const char* line :
       {"build_info{version=\"1.2.3\"} 1", "requests_in_flight 4", "requests_queued 5",
        "draining 1", "drain_requests{result=\"in_flight\"} 20",
        "drain_requests{result=\"completed\"} 19", "drain_requests{result=\"cut\"} 1",
        "copy_memory_bytes 77", "route_table_generation{deployment=\"a/b\"} 7",
        "route_table_age_seconds{deployment=\"a/b\"} 1.5",
        "route_tables_refused_total{deployment=\"a/b\"} 2",
        "backend_up{deployment=\"a/b\",route=\"local\"} 1",
        "backend_up{deployment=\"a/b\",route=\"zrh\"} 0"})
    EXPECT_THAT(text, HasSubstr(std::string("\nbailiwick_sidecar_") + line + "\n"));
  EXPECT_THAT(exposition({}, {}), HasSubstr("\nbailiwick_sidecar_draining 0\n"));
}

TEST(Metrics, CountCopiesAndHowTheyDiffer) {
  Tally tally;
  tally.shadowRequests.add(3);
  tally.shadowDropped.add();
  tally.copied({true, false, true});
  tally.copied({true, false, false});
  tally.queued.add(20ms);
  const std::string text = exposition({&tally}, {});
  EXPECT_THAT(text, HasSubstr("shadow_requests_total{result=\"sent\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("shadow_requests_total{result=\"dropped\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("shadow_differences_total{kind=\"status\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("shadow_differences_total{kind=\"latency\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("shadow_differences_total{kind=\"length\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("queue_seconds_count 1\n"));
}

// For the thread sanitizer: one thread counts while another reads.
TEST(Metrics, AreReadWhileTheyAreCounted) {
  Tally tally;
  std::atomic<bool> done{false};
  std::thread counting([&] {
    for (int i = 0; i < 20'000; ++i) {
      const std::string name = "b" + std::to_string(i % 50);
      tally.request(name, Operation::Chat, 200 + i % 7, End::Complete);
      tally.backend(name).firstToken.add(std::chrono::microseconds(i));
      tally.refused(name);
    }
    done = true;
  });
  while (!done) exposition({&tally}, {});
  counting.join();
  EXPECT_THAT(exposition({&tally}, {}), HasSubstr("route=\"b49\""));
}

}  // namespace
}  // namespace bailiwick::sidecar
