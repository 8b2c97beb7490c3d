#include "http/request_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bailiwick::sidecar::http {
namespace {

using Step = RequestParser::Step;

// Whole, and byte by byte in a buffer that moves: the verdicts must be the same.
Fault faultOf(const std::string& bytes, HeadLimits limits = {}) {
  RequestParser whole(limits);
  const Step step = whole.parse(bytes);
  RequestParser slow(limits);
  Step last = Step::More;
  for (std::size_t size = 1; size <= bytes.size() && last == Step::More; ++size)
    last = slow.parse(std::string(bytes, 0, size));
  EXPECT_EQ(step, last) << bytes;
  EXPECT_EQ(whole.fault(), slow.fault()) << bytes;
  EXPECT_NE(step, Step::More) << "undecided: " << bytes;
  return whole.fault();
}

std::string get(const std::string& fields) { return "GET / HTTP/1.1\r\n" + fields + "\r\n"; }
std::string target(const std::string& text) {
  return "GET " + text + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

struct Case {
  std::string bytes;
  Fault fault;
};

void check(const std::vector<Case>& cases) {
  for (const auto& [bytes, fault] : cases) EXPECT_EQ(faultOf(bytes), fault) << bytes;
}

TEST(RequestParser, ReadsARequestAndNoByteOfWhatFollows) {
  const std::string head =
      "POST /v1/chat/completions?a=1 HTTP/1.1\r\nHost: model:8080\r\n"
      "Content-Type:application/json \r\nContent-Length: 12\r\nX-Empty:\r\n\r\n";
  const std::string bytes = head + "{\"model\":1}\n";
  RequestParser parser({});
  ASSERT_EQ(parser.parse(bytes), Step::Done);
  EXPECT_EQ(parser.size(), head.size());
  const RequestHead& request = parser.head();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target.path, "/v1/chat/completions");
  EXPECT_EQ(request.target.query, "a=1");
  EXPECT_EQ(request.host, "model:8080");
  EXPECT_EQ(request.length, 12u);
  EXPECT_TRUE(request.keepAlive);
  ASSERT_EQ(request.fields.size(), 4u);
  EXPECT_EQ(find(request.fields, Known::ContentType)->value, "application/json");
  EXPECT_EQ(request.fields[3].value, "");
}

TEST(RequestParser, IsUsedAgainForTheNextRequest) {
  RequestParser parser({});
  ASSERT_EQ(parser.parse(get("Host: a\r\nConnection: close\r\n")), Step::Done);
  EXPECT_FALSE(parser.head().keepAlive);
  parser.reset();
  const std::string second = get("Host: b\r\n");
  ASSERT_EQ(parser.parse(second), Step::Done);
  EXPECT_TRUE(parser.head().keepAlive);
  EXPECT_EQ(parser.head().host, "b");
  EXPECT_EQ(parser.head().fields.size(), 1u);
}

TEST(RequestParser, IgnoresOneEmptyLineBeforeARequestAndNoMore) {
  check({{"\r\n" + get("Host: a\r\n"), Fault::None},
         {"\r\n\r\n" + get("Host: a\r\n"), Fault::EmptyLines},
         {"\n" + get("Host: a\r\n"), Fault::LineEnding}});
}

TEST(RequestParser, RefusesFirstLinesThatAreReadInTwoWays) {
  check({{"GET /\r\nHost: a\r\n\r\n", Fault::FirstLine},
         {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Target},
         {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Fault::Version},
         {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Method},
         {"get / HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Method},
         {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", Fault::FirstLine},
         {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", Fault::Version},
         {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", Fault::Version},
         {"GET / http/1.1\r\nHost: a\r\n\r\n", Fault::Version},
         {"GET / HTTP/1.1\nHost: a\r\n\r\n", Fault::LineEnding},
         {"GET / HTTP/1.1\rHost: a\r\n\r\n", Fault::LineEnding},
         {std::string("GET /\0 HTTP/1.1\r\n\r\n", 19), Fault::Control},
         {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Upgrade},
         {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Fault::Version},
         {"\x16\x03\x01", Fault::Control}});
}

TEST(RequestParser, RefusesTargetsThatAnotherReaderCouldResolve) {
  for (const char* text :
       {"/..", "/a/../b", "/a/./b", "/.", "/%2e%2e/b", "/a%2Fb", "/a%5cb", "/%00", "/%0a", "/%252e",
        "/a/..;x/b", "/%2", "/%zz"})
    EXPECT_EQ(faultOf(target(text)), Fault::Path) << text;
  for (const char* text : {"*", "a", "/a#b", "/a\\b", "/a\"b", "/a<b", "https://a/", "ftp://a/",
                           "http://", "http://a", "http:///b", "http://u@a/", "/?%0d%0a", "/?a#b",
                           "/\xc3\xa9"})
    EXPECT_EQ(faultOf(target(text)), Fault::Target) << text;
}

TEST(RequestParser, TakesAnAbsoluteFormOnlyOfTheHostThatIsMeant) {
  check({{target("http://a/v1"), Fault::None},
         {target("HTTP://A/v1"), Fault::None},
         {target("http://b/v1"), Fault::Authority},
         {target("http://a:80/v1"), Fault::Authority},
         {"GET http://a/ HTTP/1.0\r\n\r\n", Fault::NoHost}});
  RequestParser parser({});
  const std::string bytes = target("http://a/v1?x=1");
  ASSERT_EQ(parser.parse(bytes), Step::Done);
  EXPECT_EQ(parser.head().target.path, "/v1");
}

TEST(RequestParser, WantsExactlyOneHost) {
  check({{get(""), Fault::NoHost},
         {get("Host:\r\n"), Fault::Host},
         {get("Host: a\r\nHost: a\r\n"), Fault::Host},
         {get("Host: a, b\r\n"), Fault::Host},
         {get("Host: a/b\r\n"), Fault::Host},
         {get("Host: u@a\r\n"), Fault::Host},
         {get("Host: a:123456\r\n"), Fault::Host},
         {get("Host: a:\r\n"), Fault::Host},
         {get("Host: [::1\r\n"), Fault::Host},
         {get("Host: [::1]:80\r\n"), Fault::None},
         {"GET / HTTP/1.0\r\n\r\n", Fault::None}});
}

TEST(RequestParser, RefusesTwoWaysToEndABody) {
  check({{get("Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
          Fault::LengthAndCoding},
         {get("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
          Fault::LengthAndCoding},
         {get("Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n"), Fault::Length},
         {get("Host: a\r\nContent-Length: 1, 1\r\n"), Fault::Length},
         {get("Host: a\r\nContent-Length: +1\r\n"), Fault::Length},
         {get("Host: a\r\nContent-Length: -1\r\n"), Fault::Length},
         {get("Host: a\r\nContent-Length: 0x1\r\n"), Fault::Length},
         {get("Host: a\r\nContent-Length: 1 2\r\n"), Fault::Length},
         {get("Host: a\r\nContent-Length:\r\n"), Fault::Length},
         {get("Host: a\r\nContent-Length: 9999999999999999999\r\n"), Fault::Length},
         {get("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
          Fault::Coding},
         {get("Host: a\r\nTransfer-Encoding: identity\r\n"), Fault::Coding},
         {get("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n"), Fault::Coding},
         {get("Host: a\r\nTransfer-Encoding: chunked, chunked\r\n"), Fault::Coding},
         {get("Host: a\r\nTransfer-Encoding: xchunked\r\n"), Fault::Coding},
         {get("Host: a\r\nTransfer-Encoding: \"chunked\"\r\n"), Fault::Coding},
         {get("Host: a\r\nTransfer-Encoding: chunked;q=1\r\n"), Fault::Coding},
         {get("Host: a\r\nTransfer-Encoding:\r\n"), Fault::Coding},
         {get("Host: a\r\nTransfer-Encoding: Chunked\r\n"), Fault::None},
         {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Fault::Coding}});
}

TEST(RequestParser, RefusesHeadersThatAreReadInTwoWays) {
  check({{get("Host: a\r\nA : b\r\n"), Fault::FieldName},
         {get("Host: a\r\n: b\r\n"), Fault::FieldName},
         {get("Host: a\r\nA\r\n"), Fault::FieldName},
         {get("Host: a\r\nA\xc3: b\r\n"), Fault::FieldName},
         {get("Host: a\r\n A: b\r\n"), Fault::Folding},
         {get("Host: a\r\n\tb\r\n"), Fault::Folding},
         {get("Host: a\nA: b\r\n"), Fault::LineEnding},
         {get("Host: a\r\nA: b\rc\r\n"), Fault::LineEnding},
         {get(std::string("Host: a\r\nA: \0\r\n", 14)), Fault::Control},
         {get("Host: a\r\nA: \x7f\r\n"), Fault::Control},
         {get("Host: a\r\nA: \xe9t\xe9\r\n"), Fault::None},
         {get("Host: a\r\nConnection: content-length\r\n"), Fault::Connection},
         {get("Host: a\r\nConnection: close, Authorization\r\n"), Fault::Connection},
         {get("Host: a\r\nConnection: x-data-residency\r\n"), Fault::Connection},
         {get("Host: a\r\nConnection: upgrade\r\n"), Fault::Upgrade},
         {get("Host: a\r\nUpgrade: h2c\r\n"), Fault::Upgrade},
         {get("Host: a\r\nExpect: 200-ok\r\n"), Fault::Expect},
         {get("Host: a\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\n"),
          Fault::Repeated},
         {get("Host: a\r\nContent-Type: a\r\nContent-Type: b\r\n"), Fault::Repeated}});
}

TEST(RequestParser, BoundsTheHeadAndTheNumberOfHeaders) {
  const HeadLimits limits{.maxSize = 64, .maxFields = 3};
  EXPECT_EQ(faultOf(get("Host: a\r\nA: b\r\nC: d\r\n"), limits), Fault::None);
  EXPECT_EQ(faultOf(get("Host: a\r\nA: b\r\nC: d\r\nE: f\r\n"), limits), Fault::TooManyFields);
  EXPECT_EQ(faultOf(get("Host: a\r\nA: " + std::string(64, 'b') + "\r\n"), limits),
            Fault::TooLarge);
  EXPECT_EQ(faultOf(std::string(65, 'A'), limits), Fault::TooLarge);
}

TEST(RequestParser, KeepsAConnectionOnlyAsTheVersionSays) {
  const auto keeps = [](const std::string& bytes) {
    RequestParser parser({});
    EXPECT_EQ(parser.parse(bytes), Step::Done);
    return parser.head().keepAlive;
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n"));
}

}  // namespace
}  // namespace bailiwick::sidecar::http
