#include "kube/expectations.hpp"

#include <gtest/gtest.h>

#include "kube/support/fake_transport.hpp"
#include "kube/support/samples.hpp"
#include "kube/support/thing.hpp"

namespace bailiwick::kube::test {
namespace {

const api::Key owner{"ns", "owner"};

struct Expecting : testing::Test {
  Expecting() {
    informer.start(transport);
    transport.waitForStream(1);
  }
  ~Expecting() override { informer.stop(); }
  void sync() {
    transport.feed(added("a", 5));
    transport.feed(bookmark(10, true));
  }

  FakeTransport transport;
  Informer<Thing> informer{WatchConfig{resources::pods, {}, {}, {}}, decodeThing};
  Expectations expectations;
};

TEST_F(Expecting, NothingIsExpectedOfWhoWroteNothing) {
  EXPECT_TRUE(expectations.satisfied(owner));
}

TEST_F(Expecting, AWriteIsAwaitedUntilTheCacheHasSeenIt) {
  sync();
  expectations.wrote(owner, informer, "12");
  EXPECT_FALSE(expectations.satisfied(owner));
  transport.feed(modified("b", 11));
  EXPECT_FALSE(expectations.satisfied(owner));
  transport.feed(modified("a", 12));
  EXPECT_TRUE(expectations.satisfied(owner));
}

TEST_F(Expecting, ABookmarkBeyondTheWriteShowsItToo) {
  sync();
  expectations.wrote(owner, informer, "12");
  transport.feed(bookmark(15));
  EXPECT_TRUE(expectations.satisfied(owner));
}

TEST_F(Expecting, OfSeveralWritesTheNewestIsAwaited) {
  sync();
  expectations.wrote(owner, informer, "14");
  expectations.wrote(owner, informer, "12");
  transport.feed(modified("a", 12));
  EXPECT_FALSE(expectations.satisfied(owner));
  transport.feed(modified("a", 14));
  EXPECT_TRUE(expectations.satisfied(owner));
}

TEST_F(Expecting, AWriteThatChangedNothingIsSeenAlready) {
  sync();
  expectations.wrote(owner, informer, "5");
  EXPECT_TRUE(expectations.satisfied(owner));
}

TEST_F(Expecting, ADeletionIsAwaitedUntilThatVeryObjectIsGoneOrGoing) {
  sync();
  expectations.deleted(owner, informer, {"ns", "a"}, "uid-a");
  EXPECT_FALSE(expectations.satisfied(owner));
  transport.feed(deleted("a", 12));
  EXPECT_TRUE(expectations.satisfied(owner));
  expectations.deleted(owner, informer, {"ns", "a"}, "uid-of-an-earlier-one");
  EXPECT_TRUE(expectations.satisfied(owner));
}

TEST(Expectations, NothingIsAwaitedOfAnApiThatWasTakenAway) {
  WatchConfig config{resources::pods, {}, {}, {}};
  config.optional = true;
  config.watchList = false;
  FakeTransport transport([](const Request&) -> tl::expected<Response, TransportError> {
    return Response{{404, "text/plain", std::nullopt}, "404 page not found\n"};
  });
  Informer<Thing> informer(config, decodeThing);
  informer.start(transport);
  ASSERT_TRUE(informer.waitSettled(std::chrono::seconds(5)));
  Expectations expectations;
  expectations.wrote(owner, informer, "12");
  EXPECT_TRUE(expectations.satisfied(owner));
  informer.stop();
}

TEST_F(Expecting, ACacheThatHasSeenNothingSatisfiesNothing) {
  expectations.wrote(owner, informer, "1");
  EXPECT_FALSE(expectations.satisfied(owner));
  expectations.forget(owner);
  EXPECT_TRUE(expectations.satisfied(owner));
}

}  // namespace
}  // namespace bailiwick::kube::test
