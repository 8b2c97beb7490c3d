#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/support/samples.hpp"
#include "kube/watch.hpp"

namespace bailiwick::kube::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using State = WatchFsm::State;

const ResponseHead ok{200, "application/json", std::nullopt};

// Writes down what it is told, in words.
struct Told final : WatchSink {
  std::vector<std::string> log;
  void setBegun() override { log.push_back("begin"); }
  void setComplete(std::string_view version) override { log.push_back("set@" + str(version)); }
  void setDiscarded() override { log.push_back("discard"); }
  void upserted(const ObjectRef& ref) override { log.push_back("+" + word(ref)); }
  void deleted(const ObjectRef& ref) override { log.push_back("-" + word(ref)); }
  void progressed(std::string_view version) override { log.push_back("@" + str(version)); }
  static std::string str(std::string_view text) { return std::string(text); }
  static std::string word(const ObjectRef& ref) {
    return str(ref.name) + "@" + str(ref.resourceVersion);
  }
  std::vector<std::string> take() { return std::exchange(log, {}); }
};

// Drives a machine by hand; `random` is always a half.
struct Machine {
  explicit Machine(WatchConfig config = {})
      : fsm((config.resource = resources::pods, config), told, [] { return 0.5; }) {
    action = fsm.start(now);
  }

  std::string target() const {
    if (const auto* page = std::get_if<WatchFsm::SendPage>(&action)) return page->request.target();
    if (const auto* open = std::get_if<WatchFsm::OpenStream>(&action)) {
      return open->request.target();
    }
    return "";
  }
  bool streams() const { return std::holds_alternative<WatchFsm::OpenStream>(action); }
  bool lists() const { return std::holds_alternative<WatchFsm::SendPage>(action); }
  std::chrono::milliseconds wait() const {
    const auto* waiting = std::get_if<WatchFsm::Wait>(&action);
    return waiting ? waiting->duration : -1ms;
  }

  bool lines(const std::vector<std::string>& all) {
    std::string bytes;
    for (const auto& line : all) bytes += line + "\n";
    return fsm.streamChunk(bytes);
  }
  void end(std::optional<TransportError> error = std::nullopt,
           std::chrono::milliseconds after = 60s) {
    now += after;
    action = fsm.streamEnded(error, now);
  }
  void fire() { action = fsm.timerFired(now += 1s); }
  void page(int status, const std::string& body, const std::string& type = "application/json") {
    Response response{{status, type, std::nullopt}, body};
    response.body.reserve(body.size() + 64);
    action = fsm.pageReceived(response, now);
  }
  void answer(int status, const std::string& body,
              std::optional<std::chrono::seconds> retryAfter = std::nullopt,
              const std::string& type = "application/json") {
    fsm.streamHead({status, type, retryAfter}, now);
    fsm.streamChunk(body);
    end(std::nullopt, 0s);
  }
  // Synced with a@5 and b@7 at version 10.
  void sync() {
    fsm.streamHead(ok, now);
    lines({added("a", 5), added("b", 7), bookmark(10, true)});
    told.take();
  }

  SteadyTime now = SteadyTime() + 1000s;
  Told told;
  WatchFsm fsm;
  WatchFsm::Action action;
};

TransportError broken() {
  return {TransportError::Kind::Broken, "cut"};
}
TransportError silence() {
  return {TransportError::Kind::Timeout, "silent"};
}

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

// The server does not know WatchList.
struct Listing : Machine {
  explicit Listing(WatchConfig config = {}) : Machine(config) {
    answer(422, status(422, "Invalid", "sendInitialEvents is forbidden"));
    told.take();
  }
};

TEST(WatchFsm, ListsInPagesWhereInitialEventsAreNotKnown) {
  Listing m;
  ASSERT_TRUE(m.lists());
  EXPECT_THAT(m.target(), HasSubstr("limit=500"));
  m.page(200, listOf(10, {object("a", 5)}, "next"));
  EXPECT_THAT(m.target(), HasSubstr("continue=next"));
  m.page(200, listOf(10, {object("b", 6)}));
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "+a@5", "+b@6", "set@10"));
  ASSERT_TRUE(m.streams());
  EXPECT_THAT(m.target(), HasSubstr("resourceVersion=10"));
}

TEST(WatchFsm, TakesAListWhoseItemsAreNullAsEmpty) {
  Listing m;
  m.page(200, R"({"kind":"PodList","metadata":{"resourceVersion":"3"},"items":null})");
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "set@3"));
}

struct PageRow {
  const char* name;
  int status;
  const char* type;
  std::string body;
};
class FailingPage : public testing::TestWithParam<PageRow> {};

TEST_P(FailingPage, DiscardsTheWholeListAndBeginsAnew) {
  Listing m;
  m.page(200, listOf(10, {object("a", 5)}, "next"));
  m.page(GetParam().status, GetParam().body, GetParam().type);
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "+a@5", "discard"));
  EXPECT_FALSE(m.fsm.synced());
  EXPECT_GT(m.wait(), 0ms);
  m.fire();
  EXPECT_TRUE(m.lists());
  EXPECT_THAT(m.target(), Not(HasSubstr("continue")));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, FailingPage,
    testing::Values(PageRow{"ContinueExpired", 410, "application/json", status(410, "Expired")},
                    PageRow{"ServerError", 500, "application/json", status(500, "InternalError")},
                    PageRow{"Unavailable", 503, "text/plain", "unavailable"},
                    PageRow{"GatewayTimeout", 504, "text/html", "<html>"},
                    PageRow{"HtmlWith200", 200, "text/html", "<html>"},
                    PageRow{"TruncatedJson", 200, "application/json",
                            listOf(10, {object("b", 6)}).substr(0, 90)},
                    PageRow{"NotAList", 200, "application/json", object("b", 6)},
                    PageRow{"ItemWithoutName", 200, "application/json",
                            listOf(10, {"{\"metadata\":{}}"})}),
    [](const auto& row) { return row.param.name; });

TEST(WatchFsm, AsksForSmallerPagesWhenOneIsTooLarge) {
  Listing m;
  m.action = m.fsm.pageFailed({TransportError::Kind::TooLarge, "too large"}, m.now);
  m.fire();
  EXPECT_THAT(m.target(), HasSubstr("limit=50"));
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
