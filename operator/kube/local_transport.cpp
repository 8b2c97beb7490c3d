// The one file that knows Boost.Beast's client. Beast's parser may throw out of the event loop (a
// chunked answer with a long trailer): what it throws ends here.

#include <utility>  // before Boost.Asio 1.74, which uses std::exchange without it

#include "kube/local_transport.hpp"

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/version.hpp>
#include <charconv>
#include <simdjson.h>

static_assert(BOOST_VERSION == 107400,
              "libcpprest exports boost::asio symbols of the version it was built with");

namespace bailiwick::kube {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Local = net::local::stream_protocol;
using Stream = beast::basic_stream<Local>;
using Kind = TransportError::Kind;
using Clock = std::chrono::steady_clock;

class Collector final : public StreamSink {
 public:
  explicit Collector(std::size_t most) : most_(most) {}
  bool onHead(const ResponseHead& head) override {
    response_.head = head;
    return true;
  }
  bool onChunk(std::string_view bytes) override {
    tooLarge_ = response_.body.size() + bytes.size() > most_;
    if (!tooLarge_) response_.body.append(bytes);
    return !tooLarge_;
  }
  tl::expected<Response, TransportError> take() {
    if (tooLarge_) return tl::unexpected(TransportError{Kind::TooLarge, "the answer is too large"});
    response_.body.reserve(response_.body.size() + simdjson::SIMDJSON_PADDING);
    return std::move(response_);
  }

 private:
  const std::size_t most_;
  Response response_;
  bool tooLarge_ = false;
};

http::verb verbOf(Method method) {
  switch (method) {
    case Method::Post:
      return http::verb::post;
    case Method::Patch:
      return http::verb::patch;
    case Method::Delete:
      return http::verb::delete_;
    case Method::Get:
      break;
  }
  return http::verb::get;
}

ResponseHead headOf(const http::response_header<>& from) {
  ResponseHead head;
  head.status = static_cast<int>(from.result_int());
  const auto type = from[http::field::content_type];
  for (const char c : type.substr(0, type.find(';'))) {
    if (c != ' ') head.contentType += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const auto after = from[http::field::retry_after];
  int seconds = 0;
  if (std::from_chars(after.begin(), after.end(), seconds).ec == std::errc{} && seconds >= 0) {
    head.retryAfter = std::chrono::seconds(seconds);
  }
  return head;
}

// One request under way, on the caller's thread.
class Talk {
 public:
  Talk(net::io_context& io, const Request& request, const std::string& userAgent,
       StreamSink& sink, std::optional<std::chrono::milliseconds> idle)
      : stream_(io), sink_(sink), idle_(idle), end_(Clock::now() + request.deadline) {
    if (request.notAfter) end_ = std::min(end_, *request.notAfter);
    message_.method(verbOf(request.method));
    message_.target(request.target());
    message_.version(11);
    message_.set(http::field::host, "localhost");
    message_.set(http::field::user_agent, userAgent);
    message_.set(http::field::accept, "application/json");
    message_.set(http::field::connection, "close");
    for (const auto& [name, value] : request.headers) message_.set(name, value);
    if (!request.contentType.empty()) message_.set(http::field::content_type, request.contentType);
    message_.body() = request.body;
    message_.prepare_payload();
    parser_.body_limit(boost::none);
  }

  auto token() { return net::redirect_error(net::use_awaitable, error_); }

  net::awaitable<void> run(std::string path) {
    stream_.expires_at(end_);
    co_await stream_.async_connect(Local::endpoint(path), token());
    if (failed(Kind::Unreachable)) co_return;
    co_await http::async_write(stream_, message_, token());
    if (failed(Kind::Broken)) co_return;
    co_await http::async_read_header(stream_, buffer_, parser_, token());
    if (failed(Kind::Broken) || !sink_.onHead(headOf(parser_.get()))) co_return;
    while (!parser_.is_done()) {
      if (idle_) stream_.expires_after(*idle_);
      auto& body = parser_.get().body();
      body.data = chunk_.data();
      body.size = chunk_.size();
      co_await http::async_read_some(stream_, buffer_, parser_, token());
      if (error_ == http::error::need_buffer) error_ = {};
      if (failed(Kind::Broken)) co_return;
      const auto size = chunk_.size() - body.size;
      if (size > 0 && !sink_.onChunk({chunk_.data(), size})) co_return;
    }
  }

  void cancel() {
    cancelled_ = true;
    stream_.cancel();
  }
  void thrown(const std::exception& error) { problem_ = {Kind::Broken, error.what()}; }
  const std::optional<TransportError>& problem() const { return problem_; }

 private:
  bool failed(Kind kind) {
    if (!error_ && !cancelled_) return false;
    if (cancelled_) {
      problem_ = {Kind::Cancelled, "stopped"};
    } else if (error_ == beast::error::timeout) {
      problem_ = {Kind::Timeout, "no answer in time"};
    } else {
      problem_ = {kind, error_.message()};
    }
    return true;
  }

  Stream stream_;
  StreamSink& sink_;
  const std::optional<std::chrono::milliseconds> idle_;
  Clock::time_point end_;
  http::request<http::string_body> message_;
  http::response_parser<http::buffer_body> parser_;
  beast::flat_buffer buffer_;
  std::array<char, 16384> chunk_;
  boost::system::error_code error_;
  bool cancelled_ = false;
  std::optional<TransportError> problem_;
};

class LocalTransport final : public Transport {
 public:
  LocalTransport(std::string path, LocalTransportOptions options)
      : path_(std::move(path)), options_(std::move(options)) {}

  tl::expected<Response, TransportError> send(const Request& request,
                                              std::stop_token stop) override {
    Collector sink(options_.maxBody);
    const auto done = exchange(request, sink, std::nullopt, stop);
    if (!done) return tl::unexpected(done.error());
    return sink.take();
  }

  tl::expected<void, TransportError> stream(const Request& request, StreamSink& sink,
                                            std::chrono::milliseconds idle,
                                            std::stop_token stop) override {
    return exchange(request, sink, idle, stop);
  }

 private:
  tl::expected<void, TransportError> exchange(const Request& request, StreamSink& sink,
                                              std::optional<std::chrono::milliseconds> idle,
                                              const std::stop_token& stop) {
    if (path_.size() >= sizeof(sockaddr_un::sun_path)) {
      return tl::unexpected(TransportError{Kind::Unreachable, "the socket's path is too long"});
    }
    net::io_context io(1);
    Talk talk(io, request, options_.userAgent, sink, idle);
    const std::stop_callback cancel(stop, [&] { net::post(io, [&talk] { talk.cancel(); }); });
    try {
      net::co_spawn(io, talk.run(path_), net::detached);
      io.run();
    } catch (const std::exception& error) {
      talk.thrown(error);
    }
    if (talk.problem()) return tl::unexpected(*talk.problem());
    return {};
  }

  const std::string path_;
  const LocalTransportOptions options_;
};

}  // namespace

std::unique_ptr<Transport> makeLocalTransport(std::string socketPath,
                                              LocalTransportOptions options) {
  return std::make_unique<LocalTransport>(std::move(socketPath), std::move(options));
}

}  // namespace bailiwick::kube
