// An answer of a server that is not trusted, as it comes in pieces: a byte before it chooses how
// large they are. However it is cut up, it is the same answer, and what is held of it is bounded.
#include "kube/http_talk.hpp"  // first: Boost.Asio 1.74 needs what it includes

#include <algorithm>
#include <memory>
#include <string>

#include "fuzz/fuzz.hpp"
#include "kube/body_sink.hpp"

namespace {

using namespace bailiwick;
namespace net = boost::asio;
using boost::system::error_code;

// Takes whatever is written, and gives `text` in pieces and then the end.
class Script {
 public:
  using executor_type = net::io_context::executor_type;

  Script(net::io_context& io, std::string_view text, std::size_t piece)
      : io_(io), text_(text), piece_(piece) {}

  executor_type get_executor() { return io_.get_executor(); }
  void expires_at(std::chrono::steady_clock::time_point) {}
  void expires_after(std::chrono::milliseconds) {}
  void close() { text_ = {}; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    const auto next = text_.substr(0, piece_);
    const auto size = net::buffer_copy(buffers, net::buffer(next.data(), next.size()));
    text_.remove_prefix(size);
    const bool over = size == 0 && net::buffer_size(buffers) > 0;
    const error_code error = over ? error_code(net::error::eof) : error_code();
    return done(error, size, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return done({}, net::buffer_size(buffers), std::forward<Token>(token));
  }

 private:
  template <class Token>
  auto done(error_code error, std::size_t size, Token&& token) {
    return net::async_initiate<Token, void(error_code, std::size_t)>(
        [this, error, size](auto handler) {
          net::post(io_, boost::beast::bind_front_handler(std::move(handler), error, size));
        },
        token);
  }

  net::io_context& io_;
  std::string_view text_;
  const std::size_t piece_;
};

struct Heard {
  bool whole = false;
  int status = 0;
  std::string type, body;
  friend bool operator==(const Heard&, const Heard&) = default;
};

Heard hear(std::string_view answer, std::size_t piece) {
  using Talk = kube::HttpTalk<Script>;
  constexpr std::size_t most = 2048;
  kube::Request request;
  request.path = "/api";
  const kube::TalkNames names{"peer", "peer", "", "fuzz"};
  const std::string server = "peer";
  net::io_context io(1);
  Script script(io, answer, piece);
  auto message = kube::talkMessage(request, names, kube::Secret());
  kube::BodySink sink(most);
  Talk talk(script, message, sink, kube::TalkTimes(request, std::nullopt), server);
  auto open = [](Talk&) -> net::awaitable<bool> { co_return true; };
  const auto done = talk.run(io, open, {});
  fuzz::require(done || done.error().kind == kube::TransportError::Kind::Broken);
  if (!done) return {};
  const auto response = sink.take();
  fuzz::require(response || response.error().kind == kube::TransportError::Kind::TooLarge);
  if (!response) return {true, -1, {}, {}};
  const auto& head = response->head;
  fuzz::require(head.status >= 0 && head.status <= 999 && response->body.size() <= most);
  fuzz::require(!head.retryAfter || head.retryAfter->count() >= 0);
  return {true, head.status, head.contentType, response->body};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto answer = fuzz::textOf(data + 1, size - 1);
  const auto atOnce = hear(answer, std::max<std::size_t>(answer.size(), 1));
  fuzz::require(atOnce == hear(answer, data[0] % 32 + 1));
  return 0;
}
