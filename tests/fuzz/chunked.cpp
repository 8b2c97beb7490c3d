#include "http/chunked.hpp"

#include <string>

#include "fuzz/fuzz.hpp"
#include "http/render.hpp"

namespace {

using namespace bailiwick;

struct Read {
  std::string body;
  std::string sentOn;  // as a stream is passed to a client: each piece a chunk of its own
  bool done = false, failed = false;
  bool means(const Read& other) const {
    return body == other.body && done == other.done && failed == other.failed;
  }
};

// What the decoder makes of `text` in pieces of `step` bytes. After its end it takes no more.
Read readIn(std::string_view text, std::size_t step) {
  sidecar::http::ChunkDecoder decoder;
  Read read;
  for (std::size_t at = 0; at < text.size() && !decoder.done(); at += step) {
    std::string_view in = text.substr(at, step);
    while (!in.empty() && !decoder.done() && decoder.fault() == sidecar::http::Fault::None) {
      const std::size_t before = in.size();
      const std::string_view data = decoder.next(in);
      fuzz::require(in.size() < before);
      read.body += data;
      if (data.empty()) continue;
      read.sentOn.append(sidecar::http::ChunkSizeLine(data.size()).text());
      read.sentOn.append(data).append("\r\n");
    }
  }
  read.done = decoder.done();
  if (read.done) read.sentOn.append(sidecar::http::lastChunk);
  read.failed = decoder.fault() != sidecar::http::Fault::None;
  return read;
}

}  // namespace

// A stream means the same however it is cut into pieces, and once it has been passed on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::textOf(data, size);
  const Read whole = readIn(text, size + 1);
  fuzz::require(whole.means(readIn(text, size % 5 + 1)));
  if (whole.done) fuzz::require(whole.means(readIn(whole.sentOn, size % 7 + 1)));
  return 0;
}
