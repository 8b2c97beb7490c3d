#include "reconcile/events.hpp"

#include <gtest/gtest.h>

#include <future>

#include "memory_api.hpp"

namespace bailiwick {
namespace {

using nlohmann::json;

constexpr char folder[] = "/apis/events.k8s.io/v1/namespaces/team/events";

class Events : public ::testing::Test {
 protected:
  Events() {
    server.answer = [this](const kube::Request& request) -> std::optional<kube::Response> {
      gate.wait();
      const std::lock_guard lock(mutex);
      sent.push_back(request);
      arrived.notify_all();
      if (!refuse) return std::nullopt;
      return kube::Response{{403, "application/json", {}}, "{}"};
    };
  }

  static reconcile::Event event(const std::string& reason) {
    reconcile::Event result;
    result.kind = "ModelDeployment";
    result.regarding.key = {"team", "chat"};
    result.regarding.uid = "u-" + reason;
    result.reason = reason;
    result.note = "because";
    return result;
  }

  bool waitFor(std::size_t count) {
    std::unique_lock lock(mutex);
    return arrived.wait_for(lock, std::chrono::seconds(10), [&] { return sent.size() >= count; });
  }

  void open() { opened.set_value(); }

  std::promise<void> opened;
  std::shared_future<void> gate = opened.get_future().share();
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<kube::Request> sent;
  std::atomic<bool> refuse = false;
  testing::MemoryApi server;
  reconcile::EventRecorder recorder{server, "test", [] { return api::Time{}; }};
};

TEST_F(Events, ARepetitionIsASeriesOfTheSameEvent) {
  open();
  recorder.record(event("Placed"));
  ASSERT_TRUE(waitFor(1));
  recorder.record(event("Placed"));
  ASSERT_TRUE(waitFor(2));
  EXPECT_EQ(sent[0].method, kube::Method::Post);
  EXPECT_EQ(sent[0].path, folder);
  EXPECT_EQ(json::parse(sent[0].body)["note"], "because");
  EXPECT_EQ(sent[1].method, kube::Method::Patch);
  const auto name = json::parse(sent[0].body)["metadata"]["name"].get<std::string>();
  EXPECT_EQ(sent[1].path, folder + ("/" + name));
  EXPECT_EQ(json::parse(sent[1].body)["series"]["count"], 2);
}

TEST_F(Events, WhatWasNeverStoredHasNoSeries) {
  open();
  refuse = true;
  recorder.record(event("Placed"));
  ASSERT_TRUE(waitFor(1));
  recorder.record(event("Ready"));  // once this is sent, the refusal has been read
  ASSERT_TRUE(waitFor(2));
  recorder.record(event("Placed"));
  ASSERT_TRUE(waitFor(3));
  EXPECT_EQ(sent[2].method, kube::Method::Post);
}

TEST_F(Events, NobodyWaitsForASlowServerAndWhatIsTooMuchIsForgotten) {
  for (int n = 0; n < 1500; ++n) recorder.record(event("R" + std::to_string(n)));
  open();
  ASSERT_TRUE(waitFor(1000));
  recorder.record(event("Last"));
  const auto last = [&] {
    const std::lock_guard lock(mutex);
    return json::parse(sent.back().body)["reason"] == "Last";
  };
  while (!last()) ASSERT_TRUE(waitFor(sent.size() + 1));
  EXPECT_LE(sent.size(), 1002u);
}

TEST_F(Events, AnObjectThatSaysTooMuchIsSilenced) {
  open();
  for (int n = 0; n < 40; ++n) {
    auto chatty = event("R" + std::to_string(n));
    chatty.regarding.uid = "one";
    recorder.record(chatty);
  }
  recorder.record(event("Other"));
  ASSERT_TRUE(waitFor(26));
  EXPECT_EQ(json::parse(sent[25].body)["reason"], "Other");
}

}  // namespace
}  // namespace bailiwick
