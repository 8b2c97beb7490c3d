#include "proxy/request_body.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace bailiwick::sidecar {
namespace {

using Pulled = RequestBody::Pulled;

constexpr std::string_view prefix = "{\"prompt\":\"";

// A client over a pair of sockets; head and body come in as a session would read them.
struct Client {
  Client(std::int64_t maxCopy, std::int64_t total)
      : copies({maxCopy, total}), readAhead({1 << 22, total}) {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ::fcntl(pair[0], F_SETFL, O_NONBLOCK);
    ::fcntl(pair[1], F_SETFL, O_NONBLOCK);
    stream = Stream(Socket(io, pair[0]));
    other = pair[1];
  }
  ~Client() { ::close(other); }

  void begin(const std::string& head, const std::string& first) {
    const std::string bytes = head + first;
    std::copy(bytes.begin(), bytes.end(), in.bytes.get());
    in.end = bytes.size();
    ASSERT_EQ(parser.parse(in.view()), http::RequestParser::Step::Done);
    in.begin += parser.size();
    body.begin(parser.head(), in, {.maxSize = 1 << 22, .copies = &copies, .readAhead = &readAhead},
               true);
  }
  // Sends `rest` as the sockets take it and pulls until nothing more comes.
  Pulled feed(std::string_view rest) {
    while (true) {
      const ssize_t sent = rest.empty() ? 0 : ::write(other, rest.data(), rest.size());
      if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
      const Pulled pulled = body.pull(stream);
      io.restart();
      io.poll();
      if (body.complete()) return pulled;
      if (pulled == Pulled::Again && rest.empty()) return pulled;
      if (pulled != Pulled::Again && pulled != Pulled::Progress) return pulled;
    }
  }
  std::string gather(std::uint64_t from = 0) const {
    iovec parts[3];
    const int count = body.gather(from, ~std::uint64_t{0}, parts);
    std::string out;
    for (int i = 0; i < count; ++i)
      out.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    return out;
  }

  asio::io_context io;
  CopyMemory copies, readAhead;
  InBuffer in;
  http::RequestParser parser{{}};
  RequestBody body;
  Stream stream;
  int other = -1;
};

std::string headOf(std::size_t length) {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

TEST(RequestBody, IsNotCopiedWhereItCameWithItsHead) {
  Client client(1 << 20, 1 << 20);
  const std::string text = "{\"model\":\"a\",\"n\":1}";
  client.begin(headOf(text.size()), text + "GET");
  EXPECT_TRUE(client.body.complete());
  EXPECT_EQ(client.copies.used(), 0);
  EXPECT_EQ(client.in.view(), "GET");
  client.body.replaceModel("\"other\"");
  EXPECT_EQ(client.gather(), "{\"model\":\"other\",\"n\":1}");
  EXPECT_EQ(client.body.outgoingLength(), text.size() + 4);
  for (std::size_t at = 0; at <= text.size() + 4; ++at)
    EXPECT_EQ(client.gather(at), std::string("{\"model\":\"other\",\"n\":1}").substr(at));
  EXPECT_TRUE(client.body.endsAt(text.size() + 4));
}

TEST(RequestBody, IsKeptWholeWithinItsMemoryAndGivenBack) {
  const std::string text = std::string(prefix) + std::string(300'000, 'x') + "\",\"model\":\"a\"}";
  {
    Client client(1 << 20, 1 << 20);
    client.begin(headOf(text.size()), text.substr(0, 1000));
    client.feed(std::string_view(text).substr(1000));
    ASSERT_TRUE(client.body.complete());
    EXPECT_TRUE(client.body.isKept());
    EXPECT_EQ(client.copies.used(), static_cast<std::int64_t>(text.size()));
    EXPECT_EQ(client.gather(), text);
    EXPECT_EQ(client.body.scanner()->model(), "a");
  }
}

TEST(RequestBody, PassesThroughAWindowWhereNoCopyIsAllowed) {
  const std::string text = "{\"model\":\"a\",\"prompt\":\"" + std::string(500'000, 'y') + "\"}";
  Client client(0, 0);
  client.begin(headOf(text.size()), text.substr(0, 100));
  std::string_view rest = std::string_view(text).substr(100);
  std::string out;
  while (!client.body.complete()) {
    const ssize_t sent = ::write(client.other, rest.data(), rest.size());
    if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
    const Pulled pulled = client.body.pull(client.stream);
    ASSERT_NE(pulled, Pulled::Gone);
    client.io.restart();
    client.io.poll();
    out += client.gather(out.size());
    client.body.sentUpTo(out.size());
  }
  EXPECT_EQ(out, text);
  EXPECT_FALSE(client.body.isKept());
  EXPECT_EQ(client.copies.used(), 0);
}

TEST(RequestBody, ReadsAheadForTheModelOnlyWithinItsMemory) {
  const std::string text = std::string(prefix) + std::string(500'000, 'z') + "\",\"model\":\"a\"}";
  Client enough(0, 1 << 20);
  enough.begin(headOf(text.size()), "");
  enough.feed(text);
  EXPECT_TRUE(enough.body.complete());
  EXPECT_EQ(enough.gather(), text);
  Client little(0, 1 << 16);
  little.begin(headOf(text.size()), "");
  EXPECT_EQ(little.feed(text), Pulled::OverLimit);
}

TEST(RequestBody, DecodesChunksAndLeavesTheNextRequest) {
  Client client(1 << 20, 1 << 20);
  client.begin("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "9\r\n{\"mod");
  EXPECT_EQ(client.body.outgoingLength(), std::nullopt);
  client.feed("el\":\r\n4\r\n\"a\"}\r\n0\r\n\r\nGET");
  ASSERT_TRUE(client.body.complete());
  EXPECT_EQ(client.gather(), "{\"model\":\"a\"}");
  EXPECT_EQ(client.body.outgoingLength(), 13u);
  EXPECT_EQ(client.in.view(), "GET");
}

TEST(RequestBody, SaysWhatIsWrong) {
  Client malformed(1 << 20, 1 << 20);
  malformed.begin("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "x\r\n");
  EXPECT_EQ(malformed.body.pull(malformed.stream), Pulled::Malformed);
  Client gone(1 << 20, 1 << 20);
  gone.begin(headOf(10), "{");
  EXPECT_EQ(gone.body.pull(gone.stream), Pulled::Progress);
  ::shutdown(gone.other, SHUT_WR);
  EXPECT_EQ(gone.body.pull(gone.stream), Pulled::Gone);
}

}  // namespace
}  // namespace bailiwick::sidecar
