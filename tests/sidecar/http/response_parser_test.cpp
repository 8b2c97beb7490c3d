#include "http/response_parser.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bailiwick::sidecar::http {
namespace {

using Step = ResponseParser::Step;
using Body = ResponseHead::Body;

Fault faultOf(const std::string& bytes) {
  ResponseParser parser({});
  EXPECT_NE(parser.parse(bytes), Step::More) << bytes;
  return parser.fault();
}

struct Read {
  int status;
  Body body;
  std::uint64_t length;
  bool keepAlive;
};

Read read(const std::string& bytes, bool toHead = false) {
  ResponseParser parser({});
  parser.reset(toHead);
  EXPECT_EQ(parser.parse(bytes), Step::Done) << bytes;
  const ResponseHead& head = parser.head();
  return {head.status, head.body, head.length, head.keepAlive};
}

TEST(ResponseParser, KnowsHowTheBodyEnds) {
  auto answer = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(answer.body, Body::Length);
  EXPECT_EQ(answer.length, 5u);
  EXPECT_TRUE(answer.keepAlive);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").body, Body::Chunked);
  answer = read("HTTP/1.1 200\r\n\r\n");
  EXPECT_EQ(answer.body, Body::UntilClose);
  EXPECT_FALSE(answer.keepAlive);
  EXPECT_EQ(read("HTTP/1.1 204 \r\n\r\n").body, Body::None);
  EXPECT_EQ(read("HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n").body, Body::None);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true).body, Body::None);
}

TEST(ResponseParser, SkipsInterimAnswersAndTheirHeaders) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n";
  ResponseParser parser({});
  const std::string bytes = interim + "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 1\r\n\r\nx";
  ASSERT_EQ(parser.parse(bytes), Step::Done);
  EXPECT_EQ(parser.head().status, 200);
  EXPECT_EQ(parser.head().length, 1u);
  EXPECT_EQ(parser.head().fields.size(), 2u);
  EXPECT_EQ(parser.size(), bytes.size() - 1);
  std::string endless;
  for (int i = 0; i < 20; ++i) endless += interim;
  EXPECT_EQ(faultOf(endless), Fault::FirstLine);
}

TEST(ResponseParser, RefusesWhatIsReadInTwoWays) {
  EXPECT_EQ(faultOf("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Fault::LengthAndCoding);
  EXPECT_EQ(faultOf("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
            Fault::Length);
  EXPECT_EQ(faultOf("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Fault::Coding);
  EXPECT_EQ(faultOf("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"), Fault::Folding);
  EXPECT_EQ(faultOf("HTTP/1.1 200 OK\nA: b\r\n\r\n"), Fault::LineEnding);
  EXPECT_EQ(faultOf("HTTP/1.1 101 Switching\r\n\r\n"), Fault::Upgrade);
  EXPECT_EQ(faultOf("HTTP/2.0 200 OK\r\n\r\n"), Fault::FirstLine);
  EXPECT_EQ(faultOf("HTTP/1.1 20 OK   \r\n\r\n"), Fault::FirstLine);
  EXPECT_EQ(faultOf("HTTP/1.1 2000 OK\r\n\r\n"), Fault::FirstLine);
  EXPECT_EQ(faultOf("HTTP/1.1 999 OK\r\n\r\n"), Fault::FirstLine);
  EXPECT_EQ(faultOf("<html>\r\n\r\n"), Fault::FirstLine);
}

}  // namespace
}  // namespace bailiwick::sidecar::http
