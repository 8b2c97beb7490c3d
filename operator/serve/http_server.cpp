#include "serve/http_server.hpp"

#include <fmt/format.h>

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <thread>

#include "serve/listener.hpp"

namespace bailiwick::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr auto connectionDeadline = std::chrono::seconds(10);
constexpr std::uint32_t maxHead = 16 << 10;
constexpr int maxConnections = 128;

using Response = http::response<http::string_body>;

// What a handler throws ends its request and nothing else.
Answer answerOf(const Handler& handler, std::string_view path) {
  try {
    return handler(path);
  } catch (const std::exception& error) {
    return {500, "text/plain; charset=utf-8", fmt::format("{}\n", error.what())};
  }
}

Response answerTo(const http::request<http::empty_body>& request, const Handler& handler) {
  Answer answer;
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    answer = {405, "text/plain; charset=utf-8", "only GET is served here\n"};
  } else {
    const std::string_view target(request.target().data(), request.target().size());
    answer = answerOf(handler, target.substr(0, target.find('?')));
  }
  Response response{static_cast<http::status>(answer.status), request.version()};
  response.set(http::field::content_type, answer.contentType);
  response.keep_alive(false);
  if (request.method() != http::verb::head) response.body() = std::move(answer.body);
  response.prepare_payload();
  return response;
}

// Only the head is parsed: a body, chunked or not, is left on the connection, which is closed.
asio::awaitable<void> serveConnection(beast::tcp_stream stream, const Handler& handler,
                                      int& connections) {
  beast::error_code ec;
  beast::flat_buffer buffer(maxHead);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(maxHead);
  stream.expires_after(connectionDeadline);
  co_await http::async_read_header(stream, buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, ec));
  if (!ec) {
    auto response = answerTo(parser.get(), handler);
    co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, ec));
  }
  stream.socket().shutdown(tcp::socket::shutdown_send, ec);
  --connections;
}

// While too many are open nothing is accepted; the backlog and the probes' timeouts do the rest.
asio::awaitable<void> acceptAll(tcp::acceptor& acceptor, const Handler& handler,
                                int& connections) {
  asio::steady_timer pause(acceptor.get_executor());
  while (acceptor.is_open()) {
    boost::system::error_code ec;
    if (connections < maxConnections) {
      tcp::socket socket =
          co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
      if (!ec) {
        ++connections;
        asio::co_spawn(acceptor.get_executor(),
                       serveConnection(beast::tcp_stream(std::move(socket)), handler, connections),
                       asio::detached);
        continue;
      }
    }
    pause.expires_after(std::chrono::milliseconds(50));
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
}

}  // namespace

struct HttpServer::Impl {
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  Handler handler;
  int connections = 0;
  std::jthread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

int HttpServer::port() const { return impl_->acceptor.local_endpoint().port(); }

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const std::string& address,
                                                       Handler handler) {
  auto impl = std::make_unique<Impl>();
  impl->handler = std::move(handler);
  if (const auto open = openAt(address, impl->acceptor); !open) {
    return tl::unexpected(open.error());
  }
  asio::co_spawn(impl->io, acceptAll(impl->acceptor, impl->handler, impl->connections),
                 asio::detached);
  impl->thread = std::jthread([io = &impl->io] { io->run(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace bailiwick::serve
