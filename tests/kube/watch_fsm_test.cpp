#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/support/watch_machine.hpp"

namespace bailiwick::kube::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using State = WatchFsm::State;

TEST(WatchFsm, AsksForTheInitialEventsFirst) {
  Machine m;
  ASSERT_TRUE(m.streams());
  EXPECT_THAT(m.target(), HasSubstr("sendInitialEvents=true"));
  EXPECT_EQ(m.fsm.state(), State::InitialEvents);
}

TEST(WatchFsm, CompletesTheSetAtTheAnnotatedBookmarkAndGoesOnWatching) {
  Machine m;
  m.fsm.streamHead(ok, m.now);
  EXPECT_TRUE(m.lines({added("a", 5), added("b", 3), bookmark(4), bookmark(10, true)}));
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "+a@5", "+b@3", "set@10"));
  EXPECT_EQ(m.fsm.state(), State::Watching);
  EXPECT_TRUE(m.fsm.synced());
  m.lines({modified("a", 11), deleted("b", 12), bookmark(20)});
  EXPECT_THAT(m.told.take(), ElementsAre("+a@11", "-b@12", "@20"));
  EXPECT_EQ(m.fsm.resourceVersion(), "20");
}

TEST(WatchFsm, ResumesFromTheLastVersionWhenTheServerEndsTheStream) {
  Machine m;
  m.sync();
  m.lines({modified("a", 11)});
  m.end();
  ASSERT_TRUE(m.streams());
  EXPECT_THAT(m.target(), HasSubstr("resourceVersion=11"));
  EXPECT_THAT(m.target(), Not(HasSubstr("sendInitialEvents")));
  EXPECT_THAT(m.told.take(), ElementsAre("+a@11"));
}

TEST(WatchFsm, WaitsWhenStreamsKeepEndingAtOnce) {
  Machine m;
  m.sync();
  m.end(std::nullopt, 0s);
  const auto first = m.wait();
  EXPECT_GT(first, 0ms);
  m.fire();
  m.fsm.streamHead(ok, m.now);
  m.end(std::nullopt, 0s);
  EXPECT_GT(m.wait(), first);
}

TEST(WatchFsm, TakesALineCutInTheMiddleAgainFromBeforeIt) {
  Machine m;
  m.sync();
  m.fsm.streamChunk(modified("a", 11) + "\n" + modified("b", 12).substr(0, 30));
  m.end(broken());
  m.fire();
  EXPECT_THAT(m.target(), HasSubstr("resourceVersion=11"));
  m.fsm.streamHead(ok, m.now);
  m.lines({modified("b", 12)});
  EXPECT_THAT(m.told.take(), ElementsAre("+a@11", "+b@12"));
}

TEST(WatchFsm, ReadsAStreamThatTricklesByteByByte) {
  Machine m;
  m.fsm.streamHead(ok, m.now);
  for (const char c :
       added("a", 5) + "\n" + bookmark(10, true) + "\r\n\n" + modified("a", 11) + "\n")
    ASSERT_TRUE(m.fsm.streamChunk(std::string_view(&c, 1)));
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "+a@5", "set@10", "+a@11"));
}

TEST(WatchFsm, RelistsAfterA410InTheStreamAndKeepsTheSetMeanwhile) {
  Machine m;
  m.sync();
  EXPECT_FALSE(m.lines({event("ERROR", status(410, "Expired"))}));
  m.end(std::nullopt, 0s);
  EXPECT_GT(m.wait(), 0ms);
  EXPECT_TRUE(m.fsm.synced());
  EXPECT_THAT(m.told.take(), IsEmpty());
  m.fire();
  EXPECT_THAT(m.target(), HasSubstr("sendInitialEvents=true"));
  m.fsm.streamHead(ok, m.now);
  m.lines({added("a", 30), bookmark(31, true)});
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "+a@30", "set@31"));
}

TEST(WatchFsm, RelistsAfterA410InsteadOfAStream) {
  Machine m;
  m.sync();
  m.end();
  m.answer(410, status(410, "Gone"));
  m.fire();
  EXPECT_THAT(m.target(), HasSubstr("sendInitialEvents=true"));
}

TEST(WatchFsm, RelistsWhenAStreamFallsSilent) {
  Machine m;
  m.sync();
  m.end(silence(), 100s);
  m.fire();
  EXPECT_THAT(m.target(), HasSubstr("sendInitialEvents=true"));
  EXPECT_THAT(m.told.take(), IsEmpty());
}

TEST(WatchFsm, RelistsNowAndThenAgainstEventsThatWereSkipped) {
  WatchConfig config;
  config.relistEvery = 90s;
  Machine m(config);
  m.sync();
  m.end();
  EXPECT_THAT(m.target(), Not(HasSubstr("sendInitialEvents")));
  m.fsm.streamHead(ok, m.now);
  m.end();
  EXPECT_THAT(m.target(), HasSubstr("sendInitialEvents=true"));
}

TEST(WatchFsm, HonoursRetryAfterOf429) {
  Machine m;
  m.answer(429, "Too many requests", 7s, "text/plain");
  EXPECT_GE(m.wait(), 7s);
  EXPECT_LE(m.wait(), 8s);
  EXPECT_EQ(m.fsm.lastError()->kind, ApiError::Kind::TooManyRequests);
}

TEST(WatchFsm, DoesNotWaitForeverBecauseAServerSaysSo) {
  Machine m;
  m.answer(429, "", 86400s, "text/plain");
  EXPECT_LE(m.wait(), 301s);
}

TEST(WatchFsm, BacksOffWithinBoundsWhileTheServerFails) {
  Machine m;
  std::chrono::milliseconds last = 0ms;
  for (int i = 0; i < 40; ++i) {
    m.answer(i % 2 ? 500 : 503, status(500, "InternalError"));
    EXPECT_GE(m.wait(), last);
    EXPECT_LE(m.wait(), 30s);
    last = m.wait();
    m.fire();
  }
  EXPECT_GE(last, 15s);
  EXPECT_THAT(m.told.take(), IsEmpty());
}

TEST(WatchFsm, StartsBackingOffAnewAfterAHealthyStream) {
  Machine m;
  for (int i = 0; i < 10; ++i) {
    m.answer(500, "");
    m.fire();
  }
  m.sync();
  m.end(broken());
  EXPECT_LE(m.wait(), 200ms);
}

struct GarbageRow {
  const char* name;
  const char* type;
  const char* bytes;
};
class Garbage : public testing::TestWithParam<GarbageRow> {};

TEST_P(Garbage, IsNeverAnEmptySet) {
  for (const bool synced : {false, true}) {
    Machine m;
    if (synced) {
      m.sync();
      m.end();
    }
    const bool goOn = m.fsm.streamHead({200, GetParam().type, std::nullopt}, m.now);
    if (goOn) m.fsm.streamChunk(GetParam().bytes);
    m.end(std::nullopt, 0s);
    EXPECT_GT(m.wait(), 0ms);
    EXPECT_EQ(m.fsm.synced(), synced);
    for (const auto& entry : m.told.take()) EXPECT_TRUE(entry == "begin" || entry == "discard");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Garbage,
    testing::Values(
        GarbageRow{"HtmlWith200", "text/html", "<html>maintenance</html>\n"},
        GarbageRow{"HtmlCalledJson", "application/json", "<html>\n"},
        GarbageRow{"TruncatedLine", "application/json", "{\"type\":\"ADDED\",\"obj\n"},
        GarbageRow{"AStatusObject", "application/json",
                   R"({"kind":"Status","status":"Failure"})"
                   "\n"},
        GarbageRow{"NoObject", "application/json", "{\"type\":\"ADDED\"}\n"},
        GarbageRow{"NullObject", "application/json", "{\"type\":\"ADDED\",\"object\":null}\n"},
        GarbageRow{"NoMetadata", "application/json", "{\"type\":\"ADDED\",\"object\":{}}\n"},
        GarbageRow{"UnknownType", "application/json",
                   R"({"type":"X","object":{"metadata":{"name":"a",)"
                   R"("resourceVersion":"50"}}})"
                   "\n"},
        GarbageRow{"BookmarkOfNothing", "application/json",
                   R"({"type":"BOOKMARK","object":{"metadata":{}}})"
                   "\n"},
        GarbageRow{"Nothing", "application/json", ""}),
    [](const auto& row) { return row.param.name; });

TEST(WatchFsm, GivesUpAResourceVersionThatNeverWorksAgain) {
  Machine m;
  m.sync();
  m.end();
  int resumes = 0;
  while (m.target().find("sendInitialEvents") == std::string::npos && resumes < 20) {
    m.answer(200, "garbage\n");
    m.fire();
    ++resumes;
  }
  EXPECT_LT(resumes, 10);
}

TEST(WatchFsm, RefusesALineOverTheBound) {
  WatchConfig config;
  config.maxLine = 1000;
  Machine m(config);
  m.sync();
  EXPECT_TRUE(m.fsm.streamChunk(std::string(900, 'x')));
  EXPECT_FALSE(m.fsm.streamChunk(std::string(200, 'x')));
  m.end(std::nullopt, 0s);
  EXPECT_THAT(m.fsm.lastError()->message, HasSubstr("longer than 1000 bytes"));
  m.fire();
  EXPECT_THAT(m.target(), HasSubstr("sendInitialEvents=true"));
}

TEST(WatchFsm, IgnoresEventsThatAreRepeatedOrGoBackwards) {
  Machine m;
  m.sync();
  m.lines({modified("a", 12), modified("a", 12), modified("a", 11), deleted("b", 9), added("b", 7),
           bookmark(3), modified("b", 13)});
  EXPECT_THAT(m.told.take(), ElementsAre("+a@12", "+b@13"));
  EXPECT_EQ(m.fsm.stats().stale, 4u);
  EXPECT_EQ(m.fsm.resourceVersion(), "13");
}

TEST(WatchFsm, TakesEventsWhoseVersionsAreOpaque) {
  Machine m;
  m.sync();
  m.lines({R"({"type":"MODIFIED","object":{"metadata":{"name":"a","resourceVersion":"zz"}}})",
           R"({"type":"MODIFIED","object":{"metadata":{"name":"a","resourceVersion":"aa"}}})"});
  EXPECT_THAT(m.told.take(), ElementsAre("+a@zz", "+a@aa"));
}

TEST(WatchFsm, NeverGoesBackToAnOlderSet) {
  Machine m;
  m.sync();
  m.lines({event("ERROR", status(410, "Expired"))});
  m.end(std::nullopt, 0s);
  m.fire();
  m.fsm.streamHead(ok, m.now);
  EXPECT_FALSE(m.lines({added("old", 4), bookmark(6, true)}));
  m.end(std::nullopt, 0s);
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "+old@4", "discard"));
  EXPECT_THAT(m.fsm.lastError()->message, HasSubstr("older state (6)"));
}

TEST(WatchFsm, DiscardsInitialEventsThatAreCutOff) {
  Machine m;
  m.fsm.streamHead(ok, m.now);
  m.lines({added("a", 5)});
  m.end(broken(), 0s);
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "+a@5", "discard"));
  EXPECT_FALSE(m.fsm.synced());
  m.fire();
  EXPECT_THAT(m.target(), HasSubstr("sendInitialEvents=true"));
}

WatchConfig optional() {
  WatchConfig config;
  config.optional = true;
  return config;
}

TEST(WatchFsm, RetriesSlowlyWhileAnOptionalApiIsNotInstalled) {
  Machine m(optional());
  m.sync();
  m.end();
  m.answer(404, "404 page not found\n", std::nullopt, "text/plain");
  EXPECT_EQ(m.fsm.availability(), WatchFsm::Availability::Absent);
  EXPECT_GE(m.wait(), 30s);
  EXPECT_THAT(m.told.take(), IsEmpty());
  m.fire();
  m.fsm.streamHead(ok, m.now);
  m.lines({bookmark(20, true)});
  EXPECT_EQ(m.fsm.availability(), WatchFsm::Availability::Available);
}

TEST(WatchFsm, TakesNo404OfAResourceThatMustExistAsItsAbsence) {
  for (const auto* type : {"text/plain", "text/html", "application/json"}) {
    Machine m;
    m.answer(404, status(404, "NotFound"), std::nullopt, type);
    EXPECT_EQ(m.fsm.availability(), WatchFsm::Availability::Unknown) << type;
    EXPECT_LT(m.wait(), 1s) << type;
  }
}

TEST(WatchFsm, TakesNo404OfAProxyAsTheAbsenceOfAnOptionalApi) {
  Machine m(optional());
  m.answer(404, "<html>no such backend</html>", std::nullopt, "text/html");
  EXPECT_EQ(m.fsm.availability(), WatchFsm::Availability::Unknown);
  EXPECT_EQ(m.fsm.lastError()->kind, ApiError::Kind::Malformed);
}

TEST(WatchFsm, ResumesAfterAServerErrorInTheStream) {
  Machine m;
  m.sync();
  m.lines({event("ERROR", status(500, "InternalError"))});
  m.end(std::nullopt, 0s);
  m.fire();
  EXPECT_THAT(m.target(), HasSubstr("resourceVersion=10"));
  m.fsm.streamHead(ok, m.now);
  EXPECT_FALSE(m.fsm.lastError());
}

}  // namespace
}  // namespace bailiwick::kube::test
