#include "http/chunked.hpp"

#include <string>

#include "fuzz/fuzz.hpp"

namespace {

using namespace bailiwick;

struct Read {
  std::string body;
  bool done = false, failed = false;
  friend bool operator==(const Read&, const Read&) = default;
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
    }
  }
  read.done = decoder.done();
  read.failed = decoder.fault() != sidecar::http::Fault::None;
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::textOf(data, size);
  fuzz::require(readIn(text, size + 1) == readIn(text, size % 5 + 1));
  return 0;
}
