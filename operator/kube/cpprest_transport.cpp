// The one file that knows cpprestsdk. What it must get right:
// - Its exceptions end here, and an exception nobody looks at inside a task would end the process.
// - Its timer is switched off: deadlines and idle times are ours, on the waiting thread.
// - It repeats a request by itself when a pooled connection turns out to be closed. A write may
// then
//   have been applied already, so writes have bodies that cannot be rewound.
// - It trusts the system's authorities: TlsPolicy replaces them.
// - It reads a whole HTTP chunk before it passes it on, of up to 2 GiB, and takes "-1" for the size of
//   one. So it is only for the API server of one's own cluster: see tls_transport.hpp.

#include <utility>  // before Boost.Asio 1.74, which uses std::exchange without it

#include "kube/cpprest_transport.hpp"

#include <malloc.h>

#include <cpprest/astreambuf.h>
#include <cpprest/http_client.h>
#include <cpprest/producerconsumerstream.h>
#include <pplx/threadpool.h>
#include <algorithm>
#include <boost/version.hpp>
#include <limits>
#include <mutex>

#include "kube/exchange.hpp"
#include "kube/exchanging_transport.hpp"
#include "kube/response_head.hpp"
#include "kube/tls.hpp"

static_assert(BOOST_VERSION == 107400,
              "libcpprest exports boost::asio symbols of the version it was built with");

namespace bailiwick::kube {
namespace {

namespace http = web::http;
namespace streams = concurrency::streams;
using Kind = TransportError::Kind;
using ByteBuffer = streams::details::streambuf_state_manager<std::uint8_t>;

// cpprestsdk writes the body of an answer into this as it comes; it hands each piece on at once.
class SinkBuffer final : public ByteBuffer {
 public:
  explicit SinkBuffer(std::shared_ptr<Exchange> exchange)
      : ByteBuffer(std::ios_base::out), exchange_(std::move(exchange)) {}

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return nowhere(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return nowhere(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return nowhere();
  }
  bool acquire(std::uint8_t*& data, std::size_t& size) override {
    data = nullptr;
    size = 0;
    return false;
  }
  void release(std::uint8_t*, std::size_t) override {}
  // The base class would wrap each piece in three more tasks, to keep a failure that is ours.
  pplx::task<std::size_t> putn_nocopy(const std::uint8_t* data, std::size_t size) override {
    return _putn(data, size);
  }

 protected:
  pplx::task<std::size_t> _putn(const std::uint8_t* data, std::size_t size) override {
    // Of a chunk whose size was no size there are no such bytes.
    if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) return unwanted();
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    pplx::task_completion_event<std::size_t> event;
    const auto settle = [event, size](Exchange::Taken taken) {
      taken == Exchange::Taken::Yes ? event.set(size)
                                    : event.set_exception(http::http_exception("not wanted"));
    };
    switch (exchange_->chunk(bytes, settle)) {
      case Exchange::Taken::Yes:
        return pplx::task_from_result(size);
      case Exchange::Taken::Later:
        return pplx::create_task(event);
      case Exchange::Taken::Stop:
        break;
    }
    return unwanted();
  }
  pplx::task<int_type> _putc(std::uint8_t byte) override {
    return _putn(&byte, 1).then([byte](std::size_t) { return static_cast<int_type>(byte); });
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  std::uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}
  // It is never read from.
  pplx::task<int_type> _bumpc() override { return end(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return end(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return end(); }
  pplx::task<int_type> _ungetc() override { return end(); }
  pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override {
    return pplx::task_from_result(std::size_t{0});
  }
  std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }

 private:
  static pos_type nowhere() { return static_cast<pos_type>(traits::eof()); }
  static pplx::task<std::size_t> unwanted() {
    return pplx::task_from_exception<std::size_t>(http::http_exception("not wanted"));
  }
  static pplx::task<int_type> end() {
    return pplx::task_from_result(static_cast<int_type>(traits::eof()));
  }

  std::shared_ptr<Exchange> exchange_;
};

// Runs continuations where their task ended, which is on the pool's thread: all of ours are short.
// cpprestsdk would post each of them, and so each chunk, once more.
struct InlineScheduler final : pplx::default_scheduler_t {
  void schedule(pplx::TaskProc_t run, void* task) override { run(task); }
};

ResponseHead headFrom(const http::http_response& response) {
  const auto& headers = response.headers();
  const auto field = [&](const char* name) -> std::string_view {
    const auto it = headers.find(name);
    return it == headers.end() ? std::string_view() : it->second;
  };
  return headOf(response.status_code(),
                {field("Content-Type"), field("Retry-After"), field("Date")});
}

// One pool of connections that were made with the same TLS material.
struct Endpoint {
  std::string name;  // for messages
  std::shared_ptr<TlsPolicy> tls;
  std::shared_ptr<http::client::http_client> client;
};

// cpprestsdk tells its errors apart by text only.
TransportError errorOf(const std::exception& exception, Endpoint& endpoint) {
  const std::string_view what = exception.what();
  const auto begins = [&](std::string_view text) { return what.substr(0, text.size()) == text; };
  if (begins("Error in SSL handshake")) {
    const auto refusal = endpoint.tls->refusal();
    if (!refusal.empty()) {
      return {Kind::Certificate, "TLS with " + endpoint.name + " failed: " + refusal};
    }
    // A server that dies in the middle of a handshake is none that was refused.
    return {Kind::Unreachable, "TLS with " + endpoint.name + " broke off"};
  }
  if (begins("Error resolving") || begins("Failed to resolve")) {
    return {Kind::Unreachable, "cannot resolve " + endpoint.name};
  }
  if (begins("Failed to connect")) return {Kind::Unreachable, "cannot connect to " + endpoint.name};
  return {Kind::Broken, "the connection to " + endpoint.name + " broke: " + std::string(what)};
}

template <class F>
std::optional<TransportError> failureOf(Endpoint& endpoint, F&& action) {
  try {
    action();
    return std::nullopt;
  } catch (const std::exception& exception) {
    return errorOf(exception, endpoint);
  } catch (...) {
    return TransportError{Kind::Broken, "the exchange with " + endpoint.name + " failed"};
  }
}

class CpprestTransport final : public ExchangingTransport {
 public:
  CpprestTransport(ClusterConfig config, TransportOptions options)
      : ExchangingTransport(options.maxBody),
        credentials_(std::move(config)),
        options_(std::move(options)) {}

 private:
  tl::expected<void, TransportError> exchange(const Request& request, StreamSink& sink,
                                              std::optional<std::chrono::milliseconds> idle,
                                              const std::stop_token& stop) override {
    if (Exchange::insideSink()) {
      return tl::unexpected(TransportError{Kind::Misuse, "a request from within a sink"});
    }
    const auto credentials = credentials_.current();
    if (!credentials) {
      return tl::unexpected(TransportError{Kind::Credentials, credentials.error().message});
    }
    const auto exchange = std::make_shared<Exchange>(sink);
    pplx::cancellation_token_source cancellation;
    if (auto error = start(request, *credentials, exchange, cancellation.get_token())) {
      exchange->finished(std::move(error));
    }
    auto result = exchange->wait(timeLeft(request), idle, stop);
    if (!exchange->complete()) cancellation.cancel();  // closes the connection
    if (exchange->status() == 401) credentials_.invalidate();
    return result;
  }

  static std::chrono::milliseconds timeLeft(const Request& request) {
    if (!request.notAfter) return request.deadline;
    const auto left = *request.notAfter - std::chrono::steady_clock::now();
    return std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                      std::chrono::milliseconds{0}, request.deadline);
  }

  std::optional<TransportError> start(const Request& request,
                                      const std::shared_ptr<const Credentials>& credentials,
                                      const std::shared_ptr<Exchange>& exchange,
                                      const pplx::cancellation_token& token) {
    std::shared_ptr<Endpoint> endpoint;
    http::http_request message;
    Endpoint unknown{credentials_.config().server.str(), nullptr, nullptr};
    auto unsendable = failureOf(unknown, [&] {
      endpoint = endpointFor(credentials);
      message = messageOf(request, *credentials);
      message.set_response_stream(streams::basic_ostream<std::uint8_t>(
          streams::streambuf<std::uint8_t>(std::make_shared<SinkBuffer>(exchange))));
    });
    if (unsendable) return unsendable;
    if (timeLeft(request) <= std::chrono::milliseconds{0}) {
      return TransportError{TransportError::Kind::Fenced, "too late to be sent: it was not sent"};
    }
    return failureOf(*endpoint, [&] {
      endpoint->client->request(message, token)
          .then([exchange, endpoint](const pplx::task<http::http_response>& task) {
            onHead(task, exchange, endpoint);
          });
    });
  }

  static void onHead(const pplx::task<http::http_response>& task,
                     const std::shared_ptr<Exchange>& exchange,
                     const std::shared_ptr<Endpoint>& endpoint) {
    auto error = failureOf(*endpoint, [&] {
      const auto response = task.get();
      exchange->head(headFrom(response));  // before the end can be told, which may be now
      response.content_ready().then(
          [exchange, endpoint, response](const pplx::task<http::http_response>& whole) {
            exchange->finished(failureOf(*endpoint, [&] { whole.get(); }));
          });
    });
    if (error) exchange->finished(std::move(error));
  }

  http::http_request messageOf(const Request& request, const Credentials& credentials) const {
    http::http_request message{std::string(methodName(request.method))};
    message.set_request_uri(web::uri(request.target()));
    auto& headers = message.headers();
    for (const auto& [name, value] : request.headers) headers.add(name, value);
    headers["Accept"] = "application/json";
    headers["User-Agent"] = options_.userAgent;
    // Also the name for SNI and for the certificate.
    const auto& serverName = credentials_.config().tlsServerName;
    if (!serverName.empty()) headers["Host"] = serverName;
    if (!credentials.token.empty()) {
      headers["Authorization"] = "Bearer " + credentials.token.reveal();
    }
    if (request.mutating()) setBody(message, request);
    return message;
  }

  static void setBody(http::http_request& message, const Request& request) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(request.body.data());
    streams::producer_consumer_buffer<std::uint8_t> buffer(request.body.size() + 1);
    buffer.putn_nocopy(bytes, request.body.size()).wait();  // complete: it only copies
    buffer.close(std::ios_base::out);
    message.set_body(buffer.create_istream(), request.body.size(), request.contentType);
  }

  std::shared_ptr<Endpoint> endpointFor(const std::shared_ptr<const Credentials>& credentials) {
    std::lock_guard lock(mutex_);
    if (endpoint_ && endpointTls_ == credentials->tls) return endpoint_;
    const auto& config = credentials_.config();
    const auto& name = config.tlsServerName.empty() ? config.server.host : config.tlsServerName;
    auto endpoint = std::make_shared<Endpoint>();
    endpoint->name = config.server.str();
    endpoint->tls = std::make_shared<TlsPolicy>(credentials, name);
    http::client::http_client_config options;
    options.set_timeout(std::chrono::hours{24});
    options.set_max_redirects(0);
    options.set_proxy(web::web_proxy(web::web_proxy::disabled));
    options.set_tlsext_sni_enabled(!isIpAddress(name));
    options.set_ssl_context_callback([tls = endpoint->tls](boost::asio::ssl::context& context) {
      tls->apply(context.native_handle());
    });
    endpoint->client =
        std::make_shared<http::client::http_client>(web::uri(config.server.str()), options);
    endpoint_ = endpoint;
    endpointTls_ = credentials->tls;
    return endpoint;
  }

  CredentialStore credentials_;
  TransportOptions options_;
  std::mutex mutex_;
  std::shared_ptr<Endpoint> endpoint_;
  std::uint64_t endpointTls_ = 0;
};

}  // namespace

void initialiseTransportThreads(int threads) {
  static std::once_flag once;
  std::call_once(once, [threads] {
    // cpprestsdk loads the system's authorities into the TLS context of every connection, which costs
    // 50 ms and 11 MB in all; ours trusts the cluster's own authority alone.
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    setenv("SSL_CERT_DIR", "/dev/null", 1);
    // What the pool's thread decodes stays. The heap of a thread of its own grows by single pages, at
    // a system call each: a fifth of the CPU of a first list.
    mallopt(M_ARENA_MAX, 1);
    try {
      pplx::set_ambient_scheduler(std::make_shared<InlineScheduler>());
      crossplat::threadpool::initialize_with_threads(
          static_cast<std::size_t>(std::clamp(threads, 1, 8)));
    } catch (const std::exception&) {
      // Somebody was quicker: the pool exists, only its size is another.
    }
  });
}

std::unique_ptr<Transport> makeTransport(ClusterConfig config, TransportOptions options) {
  initialiseTransportThreads();
  return std::make_unique<CpprestTransport>(std::move(config), std::move(options));
}

}  // namespace bailiwick::kube
