#include "serve/webhook_server.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <utility>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>

#include "log/log.hpp"
#include "serve/listener.hpp"

namespace bailiwick::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using tcp = asio::ip::tcp;
using Stream = beast::ssl_stream<beast::tcp_stream>;
using Context = std::shared_ptr<ssl::context>;
using Response = http::response<http::string_body>;

constexpr std::uint32_t maxHead = 16 << 10;

// One connection's parts, alive as long as its coroutine.
struct Served {
  std::string path;
  WebhookHandler handler;
  WebhookLimits limits;
  int connections = 0;
};

bool isNamed(X509* certificate, const std::vector<std::string>& names) {
  char text[256] = {};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                             text, sizeof text);
  return size > 0 && std::find(names.begin(), names.end(),
                               std::string(text, static_cast<std::size_t>(size))) != names.end();
}

void askForClients(ssl::context& context, const TlsFiles& files) {
  if (files.clientCa.empty()) return;
  context.add_certificate_authority(asio::buffer(files.clientCa));
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  context.set_verify_callback([names = files.clientNames](bool ok, ssl::verify_context& verify) {
    auto* store = verify.native_handle();
    if (!ok || X509_STORE_CTX_get_error_depth(store) > 0 || names.empty()) return ok;
    return isNamed(X509_STORE_CTX_get_current_cert(store), names);
  });
}

Result<Context> contextOf(const TlsFiles& files) {
  try {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    context->use_certificate_chain(asio::buffer(files.certificate));
    context->use_private_key(asio::buffer(files.key), ssl::context::pem);
    if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
      return fail("the key does not belong to the certificate");
    }
    askForClients(*context, files);
    return context;
  } catch (const boost::system::system_error& error) {
    return fail(error.what());
  }
}

Response reply(const http::request<http::string_body>& request, WebhookReply answer) {
  Response response{static_cast<http::status>(answer.status), request.version()};
  response.set(http::field::content_type, answer.contentType);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  response.keep_alive(request.keep_alive() && answer.status == 200);
  return response;
}

WebhookReply plain(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text)};
}

// Before a byte of the body is read. Beast's parser is lax, and chunked bodies can crash it.
std::optional<WebhookReply> objection(const http::request_parser<http::string_body>& parser,
                                      const Served& served) {
  const auto& request = parser.get();
  std::string_view target(request.target().data(), request.target().size());
  target = target.substr(0, target.find('?'));  // the API server adds its timeout
  if (target != served.path) return plain(404, fmt::format("only {} is served here\n", served.path));
  if (request.method() != http::verb::post) return plain(405, "only POST is served here\n");
  if (request.version() != 11) return plain(505, "only HTTP/1.1 is served here\n");
  if (request.count(http::field::transfer_encoding) > 0) {
    return plain(411, "a Content-Length is required\n");
  }
  if (request.count(http::field::content_length) != 1) {
    return plain(411, "a Content-Length is required\n");
  }
  const auto type = request[http::field::content_type];
  if (!type.starts_with("application/json")) {
    return plain(415, "the body must be application/json\n");
  }
  const auto length = parser.content_length();
  if (!length || *length > served.limits.maxBody) {
    return plain(413, fmt::format("at most {} bytes are read\n", served.limits.maxBody));
  }
  return std::nullopt;
}

WebhookReply answerTo(const std::string& body, const Served& served) {
  try {
    return served.handler(body);
  } catch (const std::exception& error) {
    log::error("admission failed", {{"error", error.what()}});
    return plain(500, "the request could not be judged\n");
  }
}

// One request; false ends the connection.
asio::awaitable<bool> serveRequest(Stream& stream, beast::flat_buffer& buffer,
                                   const Served& served) {
  beast::error_code ec;
  http::request_parser<http::string_body> parser;
  parser.header_limit(maxHead);
  // objection() bounds it, with an answer. boost::none is no bound only in later versions.
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  auto& tcpStream = beast::get_lowest_layer(stream);
  tcpStream.expires_after(served.limits.idle);
  if (buffer.size() == 0) {
    const auto size = co_await stream.async_read_some(
        buffer.prepare(4096), asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return false;
    buffer.commit(size);
  }
  tcpStream.expires_after(served.limits.request);
  co_await http::async_read_header(stream, buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return false;
  auto answer = objection(parser, served);
  const bool whole = !answer;
  if (whole) {
    co_await http::async_read(stream, buffer, parser,
                              asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return false;
    answer = answerTo(parser.get().body(), served);
  }
  auto response = reply(parser.get(), std::move(*answer));
  if (!whole) response.keep_alive(false);
  co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, ec));
  co_return !ec && response.keep_alive();
}

asio::awaitable<void> serveConnection(tcp::socket socket, Context context, Served& served) {
  try {
    Stream stream(beast::tcp_stream(std::move(socket)), *context);
    beast::error_code ec;
    beast::get_lowest_layer(stream).expires_after(served.limits.request);
    co_await stream.async_handshake(ssl::stream_base::server,
                                    asio::redirect_error(asio::use_awaitable, ec));
    beast::flat_buffer buffer(maxHead + served.limits.maxBody);
    bool open = !ec;
    while (open) open = co_await serveRequest(stream, buffer, served);
    if (!ec) {
      beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(1));
      co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, ec));
    }
  } catch (const std::exception& error) {
    log::warn("webhook connection ended", {{"error", error.what()}});
  }
  --served.connections;
}

}  // namespace

struct WebhookServer::Impl {
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  Served served;
  std::mutex mutex;
  Context context;  // null until use()
  std::jthread thread;

  Context current() {
    const std::lock_guard lock(mutex);
    return context;
  }
};

namespace {

template <class Impl>
asio::awaitable<void> acceptAll(Impl& impl) {
  asio::steady_timer pause(impl.io);
  while (impl.acceptor.is_open()) {
    boost::system::error_code ec;
    if (impl.served.connections < impl.served.limits.maxConnections) {
      tcp::socket socket =
          co_await impl.acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
      auto context = impl.current();
      if (!ec && context) {
        ++impl.served.connections;
        asio::co_spawn(impl.io, serveConnection(std::move(socket), std::move(context), impl.served),
                       asio::detached);
      }
      if (!ec) continue;
    }
    pause.expires_after(std::chrono::milliseconds(50));
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
}

}  // namespace

WebhookServer::WebhookServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

WebhookServer::~WebhookServer() {
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

int WebhookServer::port() const { return impl_->acceptor.local_endpoint().port(); }

Result<void> WebhookServer::use(const TlsFiles& files) {
  auto context = contextOf(files);
  if (!context) return tl::unexpected(context.error());
  const std::lock_guard lock(impl_->mutex);
  impl_->context = std::move(*context);
  return {};
}

Result<std::unique_ptr<WebhookServer>> WebhookServer::listen(const std::string& address,
                                                             std::string path,
                                                             WebhookHandler handler,
                                                             const WebhookLimits& limits) {
  auto impl = std::make_unique<Impl>();
  impl->served.path = std::move(path);
  impl->served.handler = std::move(handler);
  impl->served.limits = limits;
  if (const auto open = openAt(address, impl->acceptor); !open) {
    return tl::unexpected(open.error());
  }
  asio::co_spawn(impl->io, acceptAll(*impl), asio::detached);
  impl->thread = std::jthread([io = &impl->io] { io->run(); });
  return std::unique_ptr<WebhookServer>(new WebhookServer(std::move(impl)));
}

}  // namespace bailiwick::serve
