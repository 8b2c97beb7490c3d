#include "kube/http_talk.hpp"  // first: Boost.Asio 1.74 needs what it includes

#include "kube/local_transport.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>

#include "kube/exchanging_transport.hpp"

namespace bailiwick::kube {
namespace {

namespace net = boost::asio;
using Local = net::local::stream_protocol;
using Stream = boost::beast::basic_stream<Local>;
using Kind = TransportError::Kind;

class LocalTransport final : public ExchangingTransport {
 public:
  LocalTransport(const std::string& path, const TransportOptions& options)
      : ExchangingTransport(options.maxBody),
        path_(path),
        names_{path, "localhost", "", options.userAgent} {}

 private:
  tl::expected<void, TransportError> exchange(const Request& request, StreamSink& sink,
                                              std::optional<std::chrono::milliseconds> idle,
                                              const std::stop_token& stop) override {
    if (Exchange::insideSink()) {
      return tl::unexpected(TransportError{Kind::Misuse, "a request from within a sink"});
    }
    if (path_.size() >= sizeof(sockaddr_un::sun_path)) {
      return tl::unexpected(TransportError{Kind::Unreachable, "the socket's path is too long"});
    }
    net::io_context io(1);
    Stream stream(io);
    auto message = talkMessage(request, names_, Secret());
    HttpTalk<Stream> talk(stream, message, sink, TalkTimes(request, idle), path_);
    auto open = [&](HttpTalk<Stream>& with) -> net::awaitable<bool> {
      co_await stream.async_connect(Local::endpoint(path_), with.token());
      co_return !with.failed(Kind::Unreachable, "cannot connect to");
    };
    return talk.run(io, open, stop);
  }

  const std::string path_;
  const TalkNames names_;
};

}  // namespace

std::unique_ptr<Transport> makeLocalTransport(std::string socketPath, TransportOptions options) {
  return std::make_unique<LocalTransport>(socketPath, options);
}

}  // namespace bailiwick::kube
