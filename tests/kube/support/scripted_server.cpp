#include <utility>  // before Boost.Asio 1.74

#include "kube/support/scripted_server.hpp"

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

namespace bailiwick::kube::test {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

std::string chunked(const std::string& bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}

std::unique_ptr<asio::ssl::context> contextOf(const Identity& identity,
                                              const std::string& clientCa) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  context->use_certificate_chain(asio::buffer(identity.certificatePem));
  context->use_private_key(asio::buffer(identity.keyPem), asio::ssl::context::pem);
  if (!clientCa.empty()) {
    context->add_certificate_authority(asio::buffer(clientCa));
    context->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  return context;
}

std::string clientNameOf(SSL* ssl) {
  X509* certificate = SSL_get1_peer_certificate(ssl);
  if (!certificate) return {};
  char name[128] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  X509_free(certificate);
  return name;
}

}  // namespace

Reply Reply::body(int status, std::string contentType, std::string body, std::string extra) {
  Reply reply;
  const auto head = "HTTP/1.1 " + std::to_string(status) +
                    " Scripted\r\nContent-Type: " + contentType +
                    "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + extra + "\r\n";
  return std::move(reply.bytes(head + body));
}

Reply Reply::json(int status, std::string text, std::string extra) {
  return body(status, "application/json", std::move(text), std::move(extra));
}

Reply Reply::stream(std::string contentType) {
  Reply reply;
  return std::move(reply.bytes("HTTP/1.1 200 OK\r\nContent-Type: " + contentType +
                               "\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

Reply Reply::raw(std::string bytes) {
  Reply reply;
  return std::move(reply.bytes(std::move(bytes)));
}

Reply& Reply::chunk(std::string part) {
  return bytes(chunked(part));
}

Reply& Reply::lines(const std::vector<std::string>& all) {
  for (const auto& line : all) chunk(line + "\n");
  return *this;
}

Reply& Reply::trickle(std::string all) {
  for (const char c : all) chunk(std::string(1, c));
  return *this;
}

Reply& Reply::bytes(std::string raw) {
  steps_.push_back({Step::Kind::Write, std::move(raw), {}});
  return *this;
}

Reply& Reply::pause(std::chrono::milliseconds duration) {
  steps_.push_back({Step::Kind::Pause, {}, duration});
  return *this;
}

Reply& Reply::hold() {
  steps_.push_back({Step::Kind::Hold, {}, {}});
  return *this;
}

Reply& Reply::cut() {
  steps_.push_back({Step::Kind::Cut, {}, {}});
  return *this;
}

Reply& Reply::end() {
  return bytes("0\r\n\r\n");
}

struct ScriptedServer::Impl {
  asio::io_context io;
  tcp::acceptor acceptor{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::string clientCa;
  std::shared_ptr<asio::ssl::context> context;
};

struct ScriptedServer::Connection {
  Connection(tcp::socket socket, std::shared_ptr<asio::ssl::context> context_, int number_)
      : context(std::move(context_)), stream(std::move(socket), *context), number(number_) {}

  std::shared_ptr<asio::ssl::context> context;
  asio::ssl::stream<tcp::socket> stream;
  int number;
  asio::streambuf buffer;
};

ScriptedServer::ScriptedServer(const Identity& identity, Options options)
    : impl_(std::make_unique<Impl>()), otherwise_(Reply::raw("").cut()) {
  impl_->clientCa = std::move(options.clientCa);
  impl_->context = contextOf(identity, impl_->clientCa);
  port_ = impl_->acceptor.local_endpoint().port();
  acceptor_ = std::thread([this] { accept(); });
}

ScriptedServer::~ScriptedServer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    for (const auto& connection : connections_) {
      ::shutdown(connection->stream.next_layer().native_handle(), SHUT_RDWR);
    }
  }
  ::shutdown(impl_->acceptor.native_handle(), SHUT_RDWR);
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
}

void ScriptedServer::accept() {
  while (true) {
    error_code error;
    tcp::socket socket(impl_->io);
    impl_->acceptor.accept(socket, error);
    std::lock_guard lock(mutex_);
    if (error || stopping_) return;
    auto connection = std::make_shared<Connection>(std::move(socket), impl_->context,
                                                   static_cast<int>(connections_.size()) + 1);
    connections_.push_back(connection);
    threads_.emplace_back([this, connection] { serve(connection); });
  }
}

void ScriptedServer::serve(const std::shared_ptr<Connection>& connection) {
  auto& stream = connection->stream;
  error_code error;
  stream.next_layer().set_option(tcp::no_delay(true), error);
  stream.handshake(asio::ssl::stream_base::server, error);
  while (!error) {
    const auto size = asio::read_until(stream, connection->buffer, "\r\n\r\n", error);
    if (error) break;
    std::istream in(&connection->buffer);
    SeenRequest request;
    std::string line;
    in >> request.method >> request.target;
    std::getline(in, line);
    while (std::getline(in, line) && line != "\r") {
      const auto colon = line.find(':');
      auto name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(), ::tolower);
      const auto start = line.find_first_not_of(' ', colon + 1);
      request.headers[name] = line.substr(start, line.size() - start - 1);
    }
    (void)size;
    const auto length =
        request.headers.count("content-length") ? std::stoul(request.headers["content-length"]) : 0;
    if (connection->buffer.size() < length) {
      asio::read(stream, connection->buffer,
                 asio::transfer_exactly(length - connection->buffer.size()), error);
    }
    request.body.resize(length);
    in.read(request.body.data(), static_cast<std::streamsize>(length));
    request.connection = connection->number;
    request.clientName = clientNameOf(stream.native_handle());
    if (!perform(*connection, next(request))) break;
  }
  ::shutdown(stream.next_layer().native_handle(), SHUT_RDWR);
}

Reply ScriptedServer::next(const SeenRequest& request) {
  std::function<Reply(const SeenRequest&)> answer;
  {
    std::lock_guard lock(mutex_);
    seen_.push_back(request);
    changed_.notify_all();
    if (!answer_) {
      if (script_.empty()) return otherwise_;
      auto reply = std::move(script_.front());
      script_.pop_front();
      return reply;
    }
    answer = answer_;
  }
  return answer(request);
}

bool ScriptedServer::perform(Connection& connection, const Reply& reply) {
  for (const auto& step : reply.steps_) {
    error_code error;
    switch (step.kind) {
      case Reply::Step::Kind::Write:
        asio::write(connection.stream, asio::buffer(step.bytes), error);
        if (error) return false;
        break;
      case Reply::Step::Kind::Pause:
        if (!sleep(step.duration)) return false;
        break;
      case Reply::Step::Kind::Hold: {
        char byte = 0;
        connection.stream.read_some(asio::buffer(&byte, 1), error);
        return false;
      }
      case Reply::Step::Kind::Cut:
        return false;
    }
  }
  return true;
}

bool ScriptedServer::sleep(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, duration, [this] { return stopping_; });
}

ScriptedServer& ScriptedServer::then(Reply reply) {
  std::lock_guard lock(mutex_);
  script_.push_back(std::move(reply));
  return *this;
}

ScriptedServer& ScriptedServer::otherwise(Reply reply) {
  std::lock_guard lock(mutex_);
  otherwise_ = std::move(reply);
  return *this;
}

void ScriptedServer::answer(std::function<Reply(const SeenRequest&)> answer) {
  std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

std::vector<SeenRequest> ScriptedServer::seen() const {
  std::lock_guard lock(mutex_);
  return seen_;
}

bool ScriptedServer::waitForRequests(std::size_t count, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return seen_.size() >= count; });
}

int ScriptedServer::connections() const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(connections_.size());
}

void ScriptedServer::replaceIdentity(const Identity& identity) {
  std::lock_guard lock(mutex_);
  impl_->context = contextOf(identity, impl_->clientCa);
}

}  // namespace bailiwick::kube::test
