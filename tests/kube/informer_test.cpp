#include "kube/informer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "kube/support/fake_transport.hpp"
#include "kube/support/samples.hpp"
#include "kube/support/thing.hpp"

namespace bailiwick::kube::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

WatchConfig fast() {
  WatchConfig config;
  config.resource = resources::pods;
  config.backoffMin = 1ms;
  config.backoffMax = 5ms;
  return config;
}

// An informer at work on a transport that the test feeds.
struct Informing : testing::Test {
  Informing() {
    informer.addHandler({[&](const auto& object) { note("+" + object->meta.key.name); },
                         [&](const auto& before, const auto& after) {
                           note(before->meta.key.name + ":" + before->meta.resourceVersion + ">" +
                                after->meta.resourceVersion);
                         },
                         [&](const auto& object) { note("-" + object->meta.key.name); }});
  }
  ~Informing() override { informer.stop(); }

  void note(std::string word) {
    // Legal here: handlers are not called under the store's lock.
    informer.store().size();
    words.push_back(std::move(word));
  }
  void sync(std::vector<std::string> lines, int version) {
    informer.start(transport);
    transport.waitForStream(1);
    for (const auto& line : lines) transport.feed(line);
    transport.feed(bookmark(version, true));
  }
  std::vector<std::string> take() { return std::exchange(words, {}); }
  std::string versionOf(const std::string& name) const {
    const auto object = informer.store().get({"ns", name});
    return object ? object->meta.resourceVersion : "";
  }

  FakeTransport transport;
  Informer<Thing> informer{fast(), decodeThing};
  std::vector<std::string> words;
};

// As api::decode reads it, the last of two is the name.
Result<Thing> decodeByTheLast(simdjson::dom::element element) {
  auto thing = decodeThing(element);
  const simdjson::dom::object metadata = element["metadata"];
  for (const auto field : metadata) {
    if (field.key == "name") thing->meta.key.name = std::string(field.value.get_string().value());
  }
  return thing;
}

TEST(TwoNames, AreNoWayToHaveMoreKeptThanMayBe) {
  FakeTransport transport;
  Informer<Thing> informer{fast(), decodeByTheLast};
  informer.limit({1, 1000});
  informer.start(transport);
  transport.waitForStream(1);
  transport.feed(bookmark(5, true));
  for (const auto* name : {"b", "c", "d"}) {
    auto line = added("a", 5 + name[0]);
    line.insert(line.find(R"("namespace")"), R"("name":")" + std::string(name) + R"(",)");
    transport.feed(line);
  }
  EXPECT_EQ(informer.store().size(), 0u);
  EXPECT_EQ(informer.decodeErrors(), 3u);
  transport.feed(added("a", 200));
  EXPECT_EQ(informer.store().size(), 1u);
  informer.stop();
}

TEST_F(Informing, ShowsNothingBeforeTheFirstSetIsComplete) {
  informer.start(transport);
  transport.waitForStream(1);
  transport.feed(added("a", 5));
  EXPECT_EQ(informer.store().size(), 0u);
  EXPECT_FALSE(informer.synced());
  EXPECT_THAT(words, IsEmpty());
  transport.feed(bookmark(10, true));
  EXPECT_TRUE(informer.waitSettled(1s));
  EXPECT_TRUE(informer.available());
  EXPECT_THAT(take(), ElementsAre("+a"));
  EXPECT_EQ(informer.lastResourceVersion(), "10");
  EXPECT_NE(informer.lastContact(), SteadyTime());
}

TEST_F(Informing, TellsEachChangeOnce) {
  sync({added("a", 5)}, 10);
  take();
  transport.feed(modified("a", 11));
  transport.feed(modified("a", 11));
  transport.feed(added("b", 12));
  transport.feed(deleted("a", 13));
  EXPECT_THAT(take(), ElementsAre("a:5>11", "+b", "-a"));
  EXPECT_EQ(informer.store().size(), 1u);
  EXPECT_EQ(informer.lastResourceVersion(), "13");
}

TEST_F(Informing, ARelistTellsOnlyWhatDiffersAndDeletesOnlyAtItsEnd) {
  sync({added("a", 5), added("b", 6), added("c", 7)}, 10);
  take();
  const auto unchanged = informer.store().get({"ns", "b"});
  transport.feed(event("ERROR", status(410, "Expired")));
  transport.waitForStream(2);
  transport.feed(added("b", 6));
  transport.feed(added("c", 22));
  transport.feed(added("d", 23));
  EXPECT_THAT(words, IsEmpty());
  EXPECT_EQ(informer.store().size(), 3u);
  EXPECT_EQ(versionOf("a"), "5");
  transport.feed(bookmark(30, true));
  EXPECT_THAT(take(), UnorderedElementsAre("c:7>22", "+d", "-a"));
  EXPECT_EQ(informer.store().get({"ns", "b"}), unchanged);
}

TEST_F(Informing, OfUnreadableObjectsTheFirstAreToldAndTheRestAreCounted) {
  const auto countOf = [](const std::string& text, const std::string& part) {
    int count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
  };
  const auto show = [&](int first, int count) {
    for (int i = first; i < first + count; ++i) {
      const auto name = "b" + std::to_string(i);
      transport.feed(event("ADDED", R"({"metadata":{"namespace":"ns","name":")" + name +
                                        R"(","uid":"u","resourceVersion":")" +
                                        std::to_string(i) + R"("},"bad":1})"));
    }
  };
  testing::internal::CaptureStdout();
  sync({}, 10);
  show(11, 100);
  transport.endStream();
  transport.waitForStream(2);
  const auto first = testing::internal::GetCapturedStdout();
  EXPECT_EQ(countOf(first, "object unreadable"), 10) << first;
  EXPECT_EQ(countOf(first, "count=90"), 1) << first;
  testing::internal::CaptureStdout();
  show(200, 3);
  EXPECT_EQ(countOf(testing::internal::GetCapturedStdout(), "object unreadable"), 3)
      << "of another watch";
  EXPECT_EQ(informer.decodeErrors(), 103u);
}

TEST_F(Informing, ADiscardedSetLeavesNoTrace) {
  sync({added("a", 5)}, 10);
  take();
  transport.feed(event("ERROR", status(410, "Expired")));
  transport.waitForStream(2);
  transport.feed(added("x", 22));
  transport.endStream();
  transport.waitForStream(3);
  transport.feed(added("a", 5));
  transport.feed(bookmark(40, true));
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(informer.store().size(), 1u);
}

TEST_F(Informing, AnUnreadableObjectKeepsItsLastStateAndStopsNoOther) {
  sync({added("a", 5), event("ADDED", object("bad", 6, R"("bad":1)"))}, 10);
  EXPECT_THAT(take(), ElementsAre("+a"));
  transport.feed(event("MODIFIED", object("a", 11, R"("bad":1)")));
  transport.feed(added("b", 12));
  EXPECT_EQ(versionOf("a"), "5");
  EXPECT_THAT(take(), ElementsAre("+b"));
  EXPECT_EQ(informer.decodeErrors(), 2u);
}

TEST_F(Informing, WhatCannotBeReadIsNotTakenForGone) {
  sync({event("ADDED", object("bad", 6, R"("bad":1)"))}, 10);
  EXPECT_FALSE(informer.store().get({"ns", "bad"}));
  EXPECT_TRUE(informer.unreadable({"ns", "bad"}));
  EXPECT_FALSE(informer.unreadable({"ns", "other"}));
  transport.feed(added("bad", 11));
  EXPECT_FALSE(informer.unreadable({"ns", "bad"})) << "it is mended";
  transport.feed(event("MODIFIED", object("bad", 12, R"("bad":1)")));
  transport.feed(event("DELETED", object("bad", 13, R"("bad":1)")));
  EXPECT_FALSE(informer.unreadable({"ns", "bad"})) << "it is gone";
}

TEST_F(Informing, OfVeryManyUnreadableObjectsAnyMayBeThere) {
  std::vector<std::string> shown;
  for (int i = 0; i < 1001; ++i) {
    shown.push_back(event("ADDED", object("bad" + std::to_string(i), i + 1, R"("bad":1)")));
  }
  sync(std::move(shown), 2000);
  EXPECT_TRUE(informer.unreadable({"ns", "other"}));
}

TEST_F(Informing, ADecoderThatThrowsIsAnUnreadableObject) {
  Informer<Thing> throwing(fast(), [](simdjson::dom::element element) -> Result<Thing> {
    return Thing{{{"", std::string(std::string_view(element["no such field"]))},
                  {},
                  {},
                  {},
                  {},
                  {},
                  {},
                  {},
                  {},
                  {}}};
  });
  FakeTransport other;
  throwing.start(other);
  other.waitForStream(1);
  other.feed(added("a", 5));
  other.feed(bookmark(10, true));
  EXPECT_TRUE(throwing.synced());
  EXPECT_EQ(throwing.decodeErrors(), 1u);
  throwing.stop();
}

TEST_F(Informing, KnowsWhetherAnObjectLivesByItsUid) {
  sync({added("a", 5),
        R"({"type":"ADDED","object":{"metadata":{"namespace":"ns","name":"b","uid":"uid-b",)"
        R"("resourceVersion":"6","deletionTimestamp":"2026-01-01T00:00:00Z"}}})"},
       10);
  EXPECT_TRUE(informer.holdsLive({"ns", "a"}, "uid-a"));
  EXPECT_FALSE(informer.holdsLive({"ns", "a"}, "another"));
  EXPECT_FALSE(informer.holdsLive({"ns", "b"}, "uid-b"));
  EXPECT_FALSE(informer.holdsLive({"ns", "c"}, "uid-c"));
}

TEST_F(Informing, PublishesTheVersionBeforeItTellsAHandler) {
  std::string seen;
  informer.addHandler({[&](const auto&) { seen = informer.lastResourceVersion(); }, {}, {}});
  sync({}, 10);
  transport.feed(added("b", 12));
  EXPECT_EQ(seen, "12");
}

TEST_F(Informing, ReadersSeeWholeObjectsWhileTheWriterWorks) {
  sync({added("a", 5)}, 10);
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      for (const auto& object : informer.store().snapshot()) {
        ASSERT_EQ(object->meta.uid, "uid-" + object->meta.key.name);
      }
      informer.store().get({"ns", "a"});
      informer.lastResourceVersion();
      informer.stats();
    }
  });
  for (int version = 11; version < 300; ++version) {
    transport.feed(version % 3 ? modified("a", version) : deleted("a", version));
  }
  const auto revision = informer.store().revision();
  transport.feed(added("z", 400));
  EXPECT_GT(informer.store().revision(), revision);
}

TEST(Informer, SaysThatAnOptionalApiIsNotInstalled) {
  WatchConfig config = fast();
  config.watchList = false;
  config.optional = true;
  FakeTransport transport([](const Request&) -> tl::expected<Response, TransportError> {
    return Response{{404, "text/plain", std::nullopt}, "404 page not found\n"};
  });
  Informer<Thing> informer(config, decodeThing);
  std::atomic<int> told{0};
  informer.onAvailability([&] { ++told; });
  informer.start(transport);
  EXPECT_TRUE(informer.waitSettled(5s));
  EXPECT_TRUE(informer.absent());
  EXPECT_FALSE(informer.available());
  EXPECT_FALSE(informer.synced());
  informer.stop();
  EXPECT_EQ(told, 1);
}

TEST(Informer, LogsOnceThatAnOptionalApiIsNotInstalled) {
  WatchConfig config = fast();
  config.watchList = false;
  config.optional = true;
  config.absentRetry = 1ms;
  std::atomic<int> asked{0};
  FakeTransport transport([&](const Request&) -> tl::expected<Response, TransportError> {
    ++asked;
    return Response{{404, "text/plain", std::nullopt}, "404 page not found\n"};
  });
  testing::internal::CaptureStdout();
  {
    Informer<Thing> informer(config, decodeThing);
    informer.start(transport);
    while (asked < 5) std::this_thread::sleep_for(1ms);
    informer.stop();
  }
  const auto logged = testing::internal::GetCapturedStdout();
  EXPECT_EQ(std::count(logged.begin(), logged.end(), '\n'), 1) << logged;
  EXPECT_THAT(logged, testing::HasSubstr("is not installed"));
}

TEST(Informer, IsNeverSettledByTheAbsenceOfWhatMustExist) {
  WatchConfig config = fast();
  config.watchList = false;
  FakeTransport transport([](const Request&) -> tl::expected<Response, TransportError> {
    return Response{{404, "text/plain", std::nullopt}, "404 page not found\n"};
  });
  Informer<Thing> informer(config, decodeThing);
  informer.start(transport);
  EXPECT_FALSE(informer.waitSettled(300ms));
  EXPECT_THAT(informer.lastError(), testing::HasSubstr("404"));
  informer.stop();
}

TEST(Informer, TellsWhenAnApiAppears) {
  FakeTransport transport;
  Informer<Thing> informer(fast(), decodeThing);
  std::atomic<bool> available{false};
  informer.onAvailability([&] { available = informer.available(); });
  informer.start(transport);
  transport.waitForStream(1);
  transport.feed(bookmark(10, true));
  EXPECT_TRUE(available);
  informer.stop();
}

TEST_F(Informing, SaysSinceWhenTheServerShowsOnlyAnOlderState) {
  sync({added("a", 5)}, 10);
  EXPECT_FALSE(informer.wentBackSince());
  transport.feed(event("ERROR", status(410, "Expired")));
  transport.waitForStream(2);
  transport.feed(bookmark(4, true));
  transport.waitForStream(3);
  EXPECT_TRUE(informer.wentBackSince());
  transport.feed(bookmark(11, true));
  transport.endStream();
  transport.waitForStream(4);
  EXPECT_FALSE(informer.wentBackSince());
}

TEST(Informer, StopsWithinMomentsWhileItWaits) {
  FakeTransport transport;
  Informer<Thing> informer(fast(), decodeThing);
  informer.start(transport);
  transport.waitForStream(1);
  const auto before = std::chrono::steady_clock::now();
  informer.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
}

}  // namespace
}  // namespace bailiwick::kube::test
