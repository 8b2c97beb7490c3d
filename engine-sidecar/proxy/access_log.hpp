#pragma once
// The access log: a JSON object per request, without prompts, keys or queries. Each thread collects
// its lines; one thread writes them, so that a reader who stops reading never stops the data path.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "api/result.hpp"
#include "metrics/tally.hpp"

namespace bailiwick::sidecar {

class LogWriter {
 public:
  // "-": standard output; empty: nothing is written.
  static Result<std::unique_ptr<LogWriter>> open(const std::string& path);
  ~LogWriter();

  // Takes whole lines; drops them while the reader is 16 MiB behind.
  void write(std::string lines);
  std::uint64_t dropped() const;

 private:
  explicit LogWriter(int descriptor, bool owned);
  void run(const std::stop_token& stop);

  const int descriptor_;
  const bool owned_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::string waiting_;
  std::uint64_t dropped_ = 0;
  std::jthread thread_;
};

// What became of one request.
struct Record {
  std::string_view method, path;
  int status = 0;         // 0: the client went away before there was an answer
  std::string_view code;  // of an answer of our own, or why a stream broke; else empty
  std::string_view key;   // the client's name
  std::string_view backend, variant, region;
  std::string_view trace;
  End end = End::Complete;
  int attempts = 0;
  bool stream = false;
  std::uint64_t requestBytes = 0, responseBytes = 0;  // of bodies
  std::chrono::microseconds took{}, firstByte{};
};

// One line, with its line end.
void appendLine(std::string& out, std::chrono::system_clock::time_point now, const Record& record);

}  // namespace bailiwick::sidecar
