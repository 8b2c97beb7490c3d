#include "http/chunked.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bailiwick::sidecar::http {
namespace {

struct Decoded {
  std::string data, rest;
  bool done;
  Fault fault;
};

Decoded decode(const std::string& bytes, std::size_t piece) {
  ChunkDecoder decoder;
  Decoded result{};
  std::size_t at = 0;
  while (at < bytes.size() && !decoder.done() && decoder.fault() == Fault::None) {
    std::string_view in(bytes.data() + at, std::min(piece, bytes.size() - at));
    const auto before = in.size();
    while (!in.empty() && !decoder.done() && decoder.fault() == Fault::None)
      result.data += decoder.next(in);
    at += before - in.size();
  }
  result.rest = bytes.substr(at);
  result.done = decoder.done();
  result.fault = decoder.fault();
  return result;
}

Fault faultOf(const std::string& bytes) {
  const auto whole = decode(bytes, bytes.size());
  const auto slow = decode(bytes, 1);
  EXPECT_EQ(whole.fault, slow.fault) << bytes;
  EXPECT_EQ(whole.data, slow.data) << bytes;
  EXPECT_EQ(whole.done, slow.done) << bytes;
  EXPECT_TRUE(whole.done || whole.fault != Fault::None) << "undecided: " << bytes;
  return whole.fault;
}

TEST(ChunkDecoder, YieldsTheDataAndLeavesWhatFollows) {
  const std::string bytes = "5\r\nhello\r\n00A;x=\"a;\\\"b\";y\r\n0123456789\r\n0\r\nA: b\r\n\r\nGET";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, bytes.size()}) {
    const auto decoded = decode(bytes, piece);
    EXPECT_EQ(decoded.data, "hello0123456789");
    EXPECT_EQ(decoded.rest, "GET");
    EXPECT_TRUE(decoded.done);
  }
}

TEST(ChunkDecoder, RefusesSizesThatAreReadInTwoWays) {
  for (const char* bytes : {"\r\n", ";a\r\n", "g\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1 \r\n",
                            "1\n", "1\rx", "1\t\r\n", "10000000000000000\r\n",
                            "0000000000000001\r\n"})
    EXPECT_EQ(faultOf(bytes), Fault::ChunkSize) << bytes;
}

TEST(ChunkDecoder, RefusesExtensionsWithLineEndsAndEndlessOnes) {
  for (const std::string bytes : {"1;a\nb", "1; a\r\n", "1;a=\"\r\n", "1;a=\"\n", "1;\x01"})
    EXPECT_EQ(faultOf(bytes), Fault::ChunkExtension) << bytes;
  EXPECT_EQ(faultOf("1;a\rb"), Fault::ChunkSize);
  EXPECT_EQ(faultOf("1;" + std::string(5000, 'a')), Fault::ChunkExtension);
  std::string many;
  for (int i = 0; i < 300; ++i) many += "1;" + std::string(20, 'a') + "\r\nx\r\n";
  EXPECT_EQ(faultOf(many), Fault::ChunkExtension);
}

TEST(ChunkDecoder, RefusesChunksThatDoNotEndWhereTheySay) {
  for (const char* bytes : {"1\r\nab", "1\r\na\n", "1\r\na\rb"})
    EXPECT_EQ(faultOf(bytes), Fault::ChunkEnd) << bytes;
}

TEST(ChunkDecoder, RefusesTrailersThatChangeTheMessage) {
  for (const std::string bytes :
       {"0\r\n\n", "0\r\n\rx", "0\r\nA b: c\r\n\r\n", "0\r\n: c\r\n", "0\r\nA: b\nC: d\r\n\r\n",
        "0\r\n A: b\r\n\r\n", "0\r\nContent-Length: 5\r\n\r\n", "0\r\ntransfer-encoding: x\r\n\r\n",
        "0\r\nHost: b\r\n\r\n"})
    EXPECT_EQ(faultOf(bytes), Fault::Trailer) << bytes;
  EXPECT_EQ(faultOf("0\r\nA: " + std::string(70000, 'b')), Fault::Trailer);
}

TEST(ChunkSizeLine, IsHexadecimal) {
  EXPECT_EQ(ChunkSizeLine(0).text(), "0\r\n");
  EXPECT_EQ(ChunkSizeLine(26).text(), "1a\r\n");
  EXPECT_EQ(ChunkSizeLine(~std::uint64_t{0}).text(), "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace bailiwick::sidecar::http
