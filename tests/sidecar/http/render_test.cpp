#include "http/render.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bailiwick::sidecar::http {
namespace {

std::string render(const std::string& bytes, const OutgoingRequest& how) {
  RequestParser parser({});
  EXPECT_EQ(parser.parse(bytes), RequestParser::Step::Done) << describe(parser.fault());
  std::string out;
  appendRequest(out, parser.head(), how);
  return out;
}

TEST(AppendRequest, WritesFramingAndHostAnew) {
  EXPECT_EQ(render("POST http://a/v1/x?q=1 HTTP/1.1\r\nhost: a\r\nContent-Length: 3\r\n"
                   "Expect: 100-continue\r\nA:  b\t\r\n\r\n",
                   {.authority = "engine:8000", .path = "/v1/x", .length = 9}),
            "POST /v1/x?q=1 HTTP/1.1\r\nHost: engine:8000\r\nA: b\r\nContent-Length: 9\r\n\r\n");
  EXPECT_EQ(render("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                   {.authority = "e", .path = "/x"}),
            "POST /x HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(render("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", {.authority = "e", .path = "/x"}),
            "GET /x HTTP/1.1\r\nHost: e\r\n\r\n");
}

TEST(AppendRequest, DropsWhatIsForOneHopOrForged) {
  EXPECT_EQ(render("GET /x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n"
                   "Keep-Alive: 5\r\nTE: trailers\r\nTrailer: A\r\nProxy-Authorization: x\r\n"
                   "X-Bailiwick-Region: zrh\r\nx-bailiwick-hop: 1\r\nImpersonate-User: root\r\n"
                   "X-Forwarded-For: 1.2.3.4\r\nForwarded: for=x\r\nX-Real-IP: 1.2.3.4\r\n"
                   "x_data_residency: none\r\nAuthorization: Bearer secret\r\nCookie: a=b\r\n"
                   "X-Data-Residency: eu\r\n\r\n",
                   {.authority = "e", .path = "/x"}),
            "GET /x HTTP/1.1\r\nHost: e\r\n\r\n");
}

TEST(AppendRequest, SendsTheProvidersKeyAndNeverTheClients) {
  const std::string request = "GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer mine\r\n\r\n";
  EXPECT_EQ(render(request, {.authority = "e", .path = "/x", .passAuthorization = true}),
            "GET /x HTTP/1.1\r\nHost: e\r\nAuthorization: Bearer mine\r\n\r\n");
  EXPECT_EQ(
      render(request, {.authority = "e", .path = "/x", .passAuthorization = true, .bearer = "k"}),
      "GET /x HTTP/1.1\r\nHost: e\r\nAuthorization: Bearer k\r\n\r\n");
}

TEST(AppendRequest, MarksAHopAndTellsWhoAsked) {
  EXPECT_EQ(
      render("GET /x HTTP/1.1\r\nHost: a\r\nTraceparent: old\r\nx-data-jurisdiction: DE\r\n\r\n",
             {.authority = "e",
              .path = "/x",
              .passResidency = true,
              .forwardedFor = "10.0.0.1",
              .traceParent = "new",
              .deployment = "ns/d",
              .hop = "1",
              .region = "zrh"}),
      "GET /x HTTP/1.1\r\nHost: e\r\nx-data-jurisdiction: DE\r\n"
      "X-Forwarded-For: 10.0.0.1\r\ntraceparent: new\r\nx-bailiwick-deployment: ns/d\r\n"
      "x-bailiwick-hop: 1\r\nx-bailiwick-region: zrh\r\n\r\n");
}

TEST(AppendRequest, PassesTheStateOfATraceThatGoesOnOnly) {
  const std::string request = "GET /x HTTP/1.1\r\nHost: a\r\nTracestate: a=b\r\n\r\n";
  EXPECT_EQ(render(request, {.authority = "e", .path = "/x", .passTraceState = true}),
            "GET /x HTTP/1.1\r\nHost: e\r\nTracestate: a=b\r\n\r\n");
  EXPECT_EQ(render(request, {.authority = "e", .path = "/x"}),
            "GET /x HTTP/1.1\r\nHost: e\r\n\r\n");
}

TEST(AppendResponse, WritesFramingAnewAndTellsWhoServed) {
  ResponseParser parser({});
  ASSERT_EQ(parser.parse("HTTP/1.1 200 Fine\r\nServer: x\r\nTransfer-Encoding: chunked\r\n"
                         "x-bailiwick-region: forged\r\nConnection: A\r\nA: b\r\nC: d\r\n\r\n"),
            ResponseParser::Step::Done);
  std::string out;
  appendResponse(
      out, parser.head(),
      {.answerHeaders = "x-bailiwick-region: fra\r\n", .chunked = true, .connection = "close"});
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nC: d\r\nx-bailiwick-region: fra\r\nTransfer-Encoding: chunked\r\n"
            "Connection: close\r\n\r\n");
}

}  // namespace
}  // namespace bailiwick::sidecar::http
