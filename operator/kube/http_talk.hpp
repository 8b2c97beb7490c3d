#pragma once
// One HTTP/1.1 request over a Beast stream, on the caller's thread. Only for the .cpp files of
// transports. However the server behaves, no more than the buffers here are held of its answer: what
// a chunk brings is handed on as it comes, and a head, a chunk's own head or a trailer that is longer
// than any honest one breaks the exchange.

#include <utility>  // before Boost.Asio 1.74, which uses std::exchange without it

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http.hpp>
#include <boost/version.hpp>
#include <exception>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>

#include "kube/exchange.hpp"
#include "kube/request.hpp"
#include "kube/secret.hpp"
#include "kube/transport.hpp"

static_assert(BOOST_VERSION == 107400,
              "libcpprest exports boost::asio symbols of the version it was built with");

namespace bailiwick::kube {

// Who asks whom, for the head of a request.
struct TalkNames {
  std::string server;      // for messages
  std::string host;        // the field Host
  std::string pathPrefix;  // before the request's own path
  std::string userAgent;
};

// How long it may take. Without `idle` the end holds for all of it; with it for all up to the head,
// and each silence after that may take `idle`.
struct TalkTimes {
  std::chrono::steady_clock::time_point end;
  std::optional<std::chrono::milliseconds> idle;

  TalkTimes(const Request& request, std::optional<std::chrono::milliseconds> idle);
};

using TalkMessage = boost::beast::http::request<boost::beast::http::string_body>;
// `token` empty: none is shown.
TalkMessage talkMessage(const Request& request, const TalkNames& names, const Secret& token);
ResponseHead talkHead(const boost::beast::http::response_header<>& from);

template <class Stream>
class HttpTalk {
  using Kind = TransportError::Kind;

 public:
  // All of it outlives this object.
  HttpTalk(Stream& stream, TalkMessage& message, StreamSink& sink, const TalkTimes& times,
           const std::string& server)
      : stream_(stream), message_(message), sink_(sink), times_(times), server_(server) {
    // None would refuse every body: Beast 1.74 compares the length with the empty option.
    parser_.body_limit(std::numeric_limits<std::uint64_t>::max());
    parser_.header_limit(maxHead);
  }

  // `open` makes the connection: a coroutine that says whether it stands. Returns when all is over.
  template <class Open>
  tl::expected<void, TransportError> run(boost::asio::io_context& io, Open& open,
                                         const std::stop_token& stop) {
    const std::stop_callback cancel(stop, [&] { boost::asio::post(io, [this] { giveUp(); }); });
    try {
      boost::asio::co_spawn(io, all(open), [this](const std::exception_ptr& thrown) {
        if (thrown) std::rethrow_exception(thrown);
        over_ = true;
      });
      io.run();
    } catch (const std::exception& error) {
      over_ = false;
      broken_ = error.what();
    }
    // Beast's parser may throw out of the event loop, past the coroutine.
    if (!over_) problem_ = {Kind::Broken, "the connection to " + server_ + " broke: " + broken_};
    if (problem_) return tl::unexpected(*problem_);
    return {};
  }

  // For `open`: what an operation is told to end with, and whether the last one failed.
  auto token() { return boost::asio::redirect_error(boost::asio::use_awaitable, error_); }
  // Without `why` the operation's own words are told.
  bool failed(Kind kind, const char* what, std::string why = {}) {
    if (!error_ && !cancelled_) return false;
    if (why.empty()) why = error_.message();
    if (cancelled_) {
      problem_ = {Kind::Cancelled, "cancelled"};
    } else if (error_ == boost::beast::error::timeout) {
      problem_ = {Kind::Timeout, server_ + " gave no answer in time"};
    } else {
      problem_ = {kind, what + (" " + server_) + ": " + why};
    }
    return true;
  }

 private:
  static constexpr std::uint32_t maxHead = 32 << 10;
  static constexpr std::size_t maxBuffer = 64 << 10;

  template <class Open>
  boost::asio::awaitable<void> all(Open& open) {
    namespace http = boost::beast::http;
    auto& lowest = boost::beast::get_lowest_layer(stream_);
    lowest.expires_at(times_.end);
    if (cancelled_) {
      failed(Kind::Cancelled, "");
      co_return;
    }
    if (!co_await open(*this)) co_return;
    co_await http::async_write(stream_, message_, token());
    if (failed(Kind::Broken, "cannot write to")) co_return;
    co_await http::async_read_header(stream_, buffer_, parser_, token());
    if (failed(Kind::Broken, "no whole head came from")) co_return;
    if (!give([&] { return sink_.onHead(talkHead(parser_.get())); })) co_return;
    while (!parser_.is_done()) {
      if (times_.idle) lowest.expires_after(*times_.idle);
      auto& body = parser_.get().body();
      body.data = piece_.data();
      body.size = piece_.size();
      co_await http::async_read_some(stream_, buffer_, parser_, token());
      if (error_ == http::error::need_buffer) error_ = {};
      if (failed(Kind::Broken, "no whole answer came from")) co_return;
      const std::string_view bytes(piece_.data(), piece_.size() - body.size);
      if (!bytes.empty() && !give([&] { return sink_.onChunk(bytes); })) co_return;
    }
  }

  template <class Call>
  bool give(Call&& call) {
    auto given = giveToSink(call);
    if (given) return *given;
    problem_ = std::move(given.error());
    return false;
  }

  // Closed and not only cancelled: between two operations there is nothing to cancel.
  void giveUp() {
    cancelled_ = true;
    boost::beast::get_lowest_layer(stream_).close();
  }

  Stream& stream_;
  TalkMessage& message_;
  StreamSink& sink_;
  const TalkTimes times_;
  const std::string& server_;
  boost::beast::http::response_parser<boost::beast::http::buffer_body> parser_;
  boost::beast::flat_buffer buffer_{maxBuffer};
  std::array<char, 16384> piece_;
  boost::system::error_code error_;
  bool cancelled_ = false, over_ = false;
  std::string broken_ = "it ended without a word";
  std::optional<TransportError> problem_;
};

}  // namespace bailiwick::kube
