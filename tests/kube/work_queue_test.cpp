#include "kube/work_queue.hpp"

#include <gtest/gtest.h>
#include <atomic>
#include <set>
#include <thread>

#include "kube/backoff.hpp"
#include "kube/outcome.hpp"

namespace bailiwick::kube {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

api::Key key(const std::string& name) {
  return {"ns", name};
}

std::optional<std::string> next(WorkQueue<>& queue, std::chrono::milliseconds within = 5s) {
  std::stop_source stop;
  std::jthread timer([&](std::stop_token early) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, early, within, [] { return false; });
    if (!early.stop_requested()) stop.request_stop();
  });
  const auto item = queue.get(stop.get_token());
  return item ? std::optional(item->name) : std::nullopt;
}

TEST(WorkQueue, HandsOutANameOnceHoweverOftenItWasAdded) {
  WorkQueue<> queue;
  queue.add(key("a"));
  queue.add(key("b"));
  queue.add(key("a"));
  EXPECT_EQ(next(queue), "a");
  EXPECT_EQ(next(queue), "b");
  EXPECT_EQ(queue.size(), 0u);
}

TEST(WorkQueue, NeverGivesOneNameToTwoWorkers) {
  WorkQueue<> queue;
  queue.add(key("a"));
  EXPECT_EQ(next(queue), "a");
  queue.add(key("a"));
  EXPECT_EQ(next(queue, 20ms), std::nullopt);
  queue.done(key("a"));
  EXPECT_EQ(next(queue), "a");
}

TEST(WorkQueue, HandsOutLaterWhatWasAddedWithADelay) {
  WorkQueue<> queue;
  const auto start = Clock::now();
  queue.addAfter(key("late"), 60ms);
  queue.addAfter(key("early"), 20ms);
  EXPECT_EQ(next(queue), "early");
  EXPECT_EQ(next(queue), "late");
  EXPECT_GE(Clock::now() - start, 60ms);
}

TEST(WorkQueue, OfTwoDelaysTheShorterCounts) {
  WorkQueue<> queue;
  queue.addAfter(key("a"), 1h);
  queue.addAfter(key("a"), 10ms);
  EXPECT_EQ(next(queue), "a");
  queue.done(key("a"));
  queue.addAfter(key("a"), 10ms);
  queue.addAfter(key("a"), 1h);
  EXPECT_EQ(next(queue), "a");
  queue.done(key("a"));
  EXPECT_EQ(next(queue, 30ms), std::nullopt);
}

TEST(WorkQueue, WakesAWorkerThatAlreadyWaits) {
  WorkQueue<> queue;
  std::jthread adder([&] {
    std::this_thread::sleep_for(20ms);
    queue.add(key("a"));
  });
  EXPECT_EQ(next(queue), "a");
}

TEST(WorkQueue, ShutdownEndsEveryWait) {
  WorkQueue<> queue;
  std::atomic<int> ended{0};
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 3; ++i) {
      workers.emplace_back([&](std::stop_token) {
        if (!queue.get({})) ++ended;
      });
    }
    std::this_thread::sleep_for(10ms);
    queue.shutdown();
  }
  EXPECT_EQ(ended, 3);
  queue.add(key("a"));
  EXPECT_EQ(queue.get({}), std::nullopt);
}

TEST(WorkQueue, ManyWorkersNeverOverlapOnANameAndLoseNone) {
  WorkQueue<> queue;
  std::atomic<int> handled{0};
  std::mutex mutex;
  std::set<std::string> busy;
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&](std::stop_token stop) {
      while (const auto item = queue.get(stop)) {
        {
          std::lock_guard lock(mutex);
          ASSERT_TRUE(busy.insert(item->name).second);
        }
        std::this_thread::yield();
        {
          std::lock_guard lock(mutex);
          busy.erase(item->name);
        }
        ++handled;
        queue.done(*item);
      }
    });
  }
  std::set<std::string> last;
  for (int i = 0; i < 3000; ++i) queue.add(key("n" + std::to_string(i % 17)));
  while (queue.size() > 0) std::this_thread::sleep_for(1ms);
  queue.shutdown();
  workers.clear();
  EXPECT_GE(handled, 17);
}

TEST(Settle, RetriesWithGrowingDelayAndForgetsOnSuccess) {
  WorkQueue<> queue;
  queue.add(key("a"));
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(next(queue), "a");
    settle(queue, key("a"), Retry{ApiError{ApiError::Kind::Conflict, 409, "", "", {}, {}}});
  }
  EXPECT_EQ(queue.failures(key("a")), 3);
  ASSERT_EQ(next(queue), "a");
  settle(queue, key("a"), Done{});
  EXPECT_EQ(queue.failures(key("a")), 0);
  EXPECT_EQ(next(queue, 30ms), std::nullopt);
}

TEST(Settle, RequeuesAfterTheTimeAskedFor) {
  WorkQueue<> queue;
  queue.add(key("a"));
  ASSERT_EQ(next(queue), "a");
  const auto start = Clock::now();
  settle(queue, key("a"), RequeueAfter{30ms});
  EXPECT_EQ(next(queue), "a");
  EXPECT_GE(Clock::now() - start, 30ms);
}

TEST(Settle, RetriesSlowlyWhatTheServerRefusesAndTakesAChangeAtOnce) {
  RetryLimits limits;
  limits.refusedMin = 200ms;
  WorkQueue<> queue(limits);
  queue.add(key("a"));
  ASSERT_EQ(next(queue), "a");
  settle(queue, key("a"), Terminal{Error{"no"}});
  EXPECT_EQ(next(queue, 30ms), std::nullopt);
  EXPECT_EQ(next(queue), "a");
  settle(queue, key("a"), Terminal{Error{"no"}});
  queue.add(key("a"));
  EXPECT_EQ(next(queue, 30ms), "a");
}

TEST(Settle, WaitsAsLongAsTheServerAsked) {
  WorkQueue<> queue;
  queue.add(key("a"));
  ASSERT_EQ(next(queue), "a");
  settle(queue, key("a"), Retry{ApiError{ApiError::Kind::TooManyRequests, 429, "", "", 1s, {}}});
  EXPECT_EQ(next(queue, 100ms), std::nullopt);
}

TEST(RetryLimits, GrowFrom5MillisecondsTo1000Seconds) {
  const auto longest = [](int failures) {
    const RetryLimits limits;
    return backoffAfter(failures, limits.itemMin, limits.itemMax, 1);
  };
  EXPECT_EQ(longest(0), 5ms);
  EXPECT_EQ(longest(1), 10ms);
  EXPECT_EQ(longest(17), 655360ms);
  EXPECT_EQ(longest(18), 1000s);
  EXPECT_EQ(longest(1000), 1000s);
}

TEST(TokenBucket, TakesNothingWhereThereIsNothing) {
  TokenBucket bucket(1, 1);
  const auto start = TokenBucket::Time() + 1h;
  EXPECT_TRUE(bucket.tryTake(start));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(bucket.tryTake(start));
  EXPECT_TRUE(bucket.tryTake(start + 1s));
}

TEST(TokenBucket, LetsABurstThroughAndThenARate) {
  TokenBucket bucket(10, 100);
  const auto start = TokenBucket::Time() + 1h;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(bucket.take(start), 0ns);
  EXPECT_EQ(std::chrono::round<std::chrono::milliseconds>(bucket.take(start)), 100ms);
  EXPECT_EQ(std::chrono::round<std::chrono::milliseconds>(bucket.take(start)), 200ms);
  EXPECT_EQ(bucket.take(start + 10s), 0ns);
}

TEST(Backoff, DoublesUpToItsMaximumWithJitter) {
  Backoff backoff(100ms, 1s);
  EXPECT_EQ(backoff.next(0), 50ms);
  EXPECT_EQ(backoff.next(0.5), 150ms);
  EXPECT_EQ(backoff.next(0), 200ms);
  for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.next(0.999), 1s);
  backoff.reset();
  EXPECT_LE(backoff.next(0.999), 100ms);
}

TEST(Outcome, IsARetryOnlyWhereTimeMayHelp) {
  ApiError error;
  error.kind = ApiError::Kind::Conflict;
  EXPECT_TRUE(std::holds_alternative<Retry>(outcomeOf(error)));
  error.kind = ApiError::Kind::Invalid;
  EXPECT_TRUE(std::holds_alternative<Terminal>(outcomeOf(error)));
}

}  // namespace
}  // namespace bailiwick::kube
