#include "kube/http_talk.hpp"  // first: Boost.Asio 1.74 needs what it includes

#include "kube/tls_transport.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <mutex>

#include "kube/exchanging_transport.hpp"
#include "kube/tls.hpp"

namespace bailiwick::kube {
namespace {

namespace net = boost::asio;
namespace ssl = net::ssl;
using Stream = boost::beast::ssl_stream<boost::beast::tcp_stream>;
using Talk = HttpTalk<Stream>;
using Kind = TransportError::Kind;

const std::string& verifiedName(const ClusterConfig& config) {
  return config.tlsServerName.empty() ? config.server.host : config.tlsServerName;
}

// As cpprestsdk and curl write it: with the port, where it is no name that was given.
std::string hostField(const ClusterConfig& config) {
  if (!config.tlsServerName.empty()) return config.tlsServerName;
  const auto& [host, port, prefix] = config.server;
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

class TlsTransport final : public ExchangingTransport {
 public:
  TlsTransport(ClusterConfig config, const TransportOptions& options)
      : ExchangingTransport(options.maxBody),
        names_{config.server.str(), hostField(config), config.server.pathPrefix,
               options.userAgent},
        credentials_(std::move(config)) {}

 private:
  // Tells the credentials of an answer 401 before it is handed on.
  class Watching final : public StreamSink {
   public:
    Watching(CredentialStore& credentials, StreamSink& sink)
        : credentials_(credentials), sink_(sink) {}
    bool onHead(const ResponseHead& head) override {
      if (head.status == 401) credentials_.invalidate();
      return sink_.onHead(head);
    }
    bool onChunk(std::string_view bytes) override { return sink_.onChunk(bytes); }

   private:
    CredentialStore& credentials_;
    StreamSink& sink_;
  };

  tl::expected<void, TransportError> exchange(const Request& request, StreamSink& sink,
                                              std::optional<std::chrono::milliseconds> idle,
                                              const std::stop_token& stop) override {
    const auto refuse = [](Kind kind, std::string why) {
      return tl::unexpected(TransportError{kind, std::move(why)});
    };
    if (Exchange::insideSink()) return refuse(Kind::Misuse, "a request from within a sink");
    const auto credentials = credentials_.current();
    if (!credentials) return refuse(Kind::Credentials, credentials.error().message);
    const auto& server = credentials_.config().server;
    boost::system::error_code unreadable;
    const net::ip::tcp::endpoint endpoint(net::ip::make_address(server.host, unreadable),
                                          server.port);
    if (unreadable) return refuse(Kind::Unreachable, server.host + " is no address");
    const TalkTimes times(request, idle);
    if (times.end <= std::chrono::steady_clock::now()) {
      return refuse(Kind::Fenced, "too late to be sent: it was not sent");
    }
    const auto context = contextFor(*credentials);
    net::io_context io(1);
    Stream stream(io, *context);
    const auto& name = verifiedName(credentials_.config());
    if (!isIpAddress(name)) askFor(name, stream.native_handle());
    auto message = talkMessage(request, names_, (*credentials)->token);
    Watching watching(credentials_, sink);
    Talk talk(stream, message, watching, times, names_.server);
    auto open = [&](Talk& with) { return connect(stream, endpoint, with); };
    return talk.run(io, open, stop);
  }

  // OpenSSL's macro for it has a cast of C's.
  static void askFor(const std::string& name, SSL* connection) {
    SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
  }

  static net::awaitable<bool> connect(Stream& stream, const net::ip::tcp::endpoint& endpoint,
                                      Talk& with) {
    auto& lowest = boost::beast::get_lowest_layer(stream);
    co_await lowest.async_connect(endpoint, with.token());
    if (with.failed(Kind::Unreachable, "cannot connect to")) co_return false;
    boost::system::error_code ignored;
    lowest.socket().set_option(net::ip::tcp::no_delay(true), ignored);
    co_await stream.async_handshake(ssl::stream_base::client, with.token());
    const auto refusal = SSL_get_verify_result(stream.native_handle());
    if (refusal != X509_V_OK) {
      co_return !with.failed(Kind::Certificate, "TLS failed with",
                             X509_verify_cert_error_string(refusal));
    }
    // A server that dies in the middle of a handshake is none that was refused.
    co_return !with.failed(Kind::Unreachable, "TLS broke off with");
  }

  // One for all connections that are made with the same TLS material.
  std::shared_ptr<ssl::context> contextFor(const std::shared_ptr<const Credentials>& credentials) {
    const std::lock_guard lock(mutex_);
    if (context_ && contextTls_ == credentials->tls) return context_;
    context_ = std::make_shared<ssl::context>(ssl::context::tls_client);
    std::make_shared<TlsPolicy>(credentials, verifiedName(credentials_.config()))
        ->apply(context_->native_handle());
    contextTls_ = credentials->tls;
    return context_;
  }

  const TalkNames names_;
  CredentialStore credentials_;
  std::mutex mutex_;
  std::shared_ptr<ssl::context> context_;
  std::uint64_t contextTls_ = 0;
};

}  // namespace

std::unique_ptr<Transport> makeTlsTransport(ClusterConfig config, TransportOptions options) {
  return std::make_unique<TlsTransport>(std::move(config), options);
}

}  // namespace bailiwick::kube
