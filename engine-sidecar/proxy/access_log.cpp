#include "proxy/access_log.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "http/body_scanner.hpp"
#include "http/render.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t maxWaiting = std::size_t{16} << 20;

void writeAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void appendTime(std::string& out, std::chrono::system_clock::time_point now) {
  using std::chrono::duration_cast;
  const auto second = std::chrono::time_point_cast<std::chrono::seconds>(now);
  thread_local std::chrono::system_clock::time_point formatted;
  thread_local std::string text;
  if (formatted != second || text.empty()) {
    formatted = second;
    text = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(second));
  }
  const auto millis = duration_cast<std::chrono::milliseconds>(now - second).count();
  out.append(text);
  out += '.';
  out += static_cast<char>('0' + millis / 100);
  out += static_cast<char>('0' + millis / 10 % 10);
  out += static_cast<char>('0' + millis % 10);
  out += 'Z';
}

void appendText(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(",\"").append(name).append("\":");
  http::appendQuoted(out, value);
}

void appendCount(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(",\"").append(name).append("\":");
  http::appendNumber(out, value);
}

// In milliseconds with three decimals.
void appendMillis(std::string& out, std::string_view name, std::chrono::microseconds value) {
  const auto micros = static_cast<std::uint64_t>(value.count());
  appendCount(out, name, micros / 1000);
  const auto rest = micros % 1000;
  out += '.';
  out += static_cast<char>('0' + rest / 100);
  out += static_cast<char>('0' + rest / 10 % 10);
  out += static_cast<char>('0' + rest % 10);
}

}  // namespace

Result<std::unique_ptr<LogWriter>> LogWriter::open(const std::string& path) {
  int descriptor = STDOUT_FILENO;
  const bool owned = path != "-";
  if (path.empty()) {
    descriptor = -1;
  } else if (owned) {
    descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (descriptor < 0) return fail(fmt::format("accessLog {}: {}", path, std::strerror(errno)));
  }
  return std::unique_ptr<LogWriter>(new LogWriter(descriptor, owned));
}

LogWriter::LogWriter(int descriptor, bool owned)
    : descriptor_(descriptor), owned_(owned && descriptor >= 0) {
  if (descriptor_ >= 0) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

LogWriter::~LogWriter() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  if (owned_) ::close(descriptor_);
}

void LogWriter::write(std::string lines) {
  if (descriptor_ < 0 || lines.empty()) return;
  const std::lock_guard lock(mutex_);
  if (waiting_.size() + lines.size() > maxWaiting) {
    ++dropped_;
    return;
  }
  if (waiting_.empty()) {
    waiting_ = std::move(lines);
  } else {
    waiting_ += lines;
  }
  wake_.notify_one();
}

std::uint64_t LogWriter::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

// Writes what is left before it ends.
void LogWriter::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, stop, [this] { return !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::string lines = std::exchange(waiting_, {});
    lock.unlock();
    writeAll(descriptor_, lines);
    lock.lock();
  }
}

void appendLine(std::string& out, std::chrono::system_clock::time_point now, const Record& record) {
  out.append("{\"time\":\"");
  appendTime(out, now);
  out += '"';
  appendText(out, "method", record.method);
  appendText(out, "path", record.path);
  appendCount(out, "status", static_cast<std::uint64_t>(record.status));
  appendText(out, "code", record.code);
  appendText(out, "key", record.key);
  appendText(out, "backend", record.backend);
  appendText(out, "variant", record.variant);
  appendText(out, "region", record.region);
  appendText(out, "trace", record.trace);
  if (record.attempts > 1) {
    appendCount(out, "attempts", static_cast<std::uint64_t>(record.attempts));
  }
  if (record.stream) out.append(",\"stream\":true");
  appendCount(out, "request_bytes", record.requestBytes);
  appendCount(out, "response_bytes", record.responseBytes);
  appendMillis(out, "ms", record.took);
  if (record.firstByte.count() > 0) appendMillis(out, "first_byte_ms", record.firstByte);
  out.append("}\n");
}

}  // namespace bailiwick::sidecar
