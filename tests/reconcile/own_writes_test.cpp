#include "reconcile/own_writes.hpp"

#include <gtest/gtest.h>

#include "api/decode.hpp"

namespace bailiwick::reconcile {
namespace {

using namespace std::chrono_literals;

// One write that the cache never shows.
struct Waiting {
  OwnWrites::Clock::time_point now{1h};
  int asked = 0;
  kube::Informer<api::Pod> pods{kube::WatchConfig{}, api::decodePod};
  OwnWrites writes{[this](const api::Key&) { ++asked; }, [this] { return now; }};
  const api::Key key{"team", "assistant"};

  Waiting() {
    writes.expectations().wrote(key, pods, "7");
    writes.wrote(key);
  }
  std::chrono::milliseconds delay() {
    return std::get<kube::RequeueAfter>(*writes.wait(key, now)).delay;
  }
};

TEST(OwnWrites, AreAwaitedAtGrowingIntervals) {
  Waiting w;
  EXPECT_EQ(w.delay(), 25ms);
  EXPECT_EQ(w.delay(), 50ms);
  for (int i = 0; i < 40; ++i) w.delay();
  EXPECT_EQ(w.delay(), 1s);
  w.now += 59s;
  EXPECT_EQ(w.delay(), 1s);
  EXPECT_EQ(w.asked, 0);
}

TEST(OwnWrites, AreNotAwaitedForEver) {
  Waiting w;
  w.now += 60s;
  EXPECT_TRUE(std::holds_alternative<kube::Done>(*w.writes.wait(w.key, w.now)));
  EXPECT_EQ(w.asked, 1) << "a new plan is asked for";
  EXPECT_TRUE(w.writes.wait(w.key, w.now - 1s)) << "an older one will not do";
  EXPECT_FALSE(w.writes.wait(w.key, w.now + 1s));
  EXPECT_FALSE(w.writes.wait({"team", "other"}, w.now));
}

}  // namespace
}  // namespace bailiwick::reconcile
