#pragma once
// An HTTPS server whose every answer is written down in the test. One thread per connection,
// blocking; port 0.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kube/support/test_ca.hpp"

namespace bailiwick::kube::test {

struct SeenRequest {
  std::string method, target, body;
  std::map<std::string, std::string> headers;  // lower-case names
  int connection = 0;                          // which one, from 1
  std::string clientName;                      // of the client's certificate, or empty
};

// What to do with one request, step by step.
class Reply {
 public:
  // A whole answer with Content-Length.
  static Reply json(int status, std::string body, std::string extraHeaders = "");
  static Reply body(int status, std::string contentType, std::string body,
                    std::string extraHeaders = "");
  // A chunked answer of 200; steps follow.
  static Reply stream(std::string contentType = "application/json");
  // Bytes as they are, without a head.
  static Reply raw(std::string bytes);

  Reply& chunk(std::string bytes);
  Reply& lines(const std::vector<std::string>& lines);  // one chunk each
  Reply& trickle(std::string bytes);                    // a chunk each for every byte
  Reply& bytes(std::string raw);                        // on the wire as they are
  Reply& pause(std::chrono::milliseconds duration);
  Reply& hold();  // until the client goes away or the server is stopped
  Reply& cut();   // close at once, whatever was promised
  Reply& end();   // the last chunk

 private:
  friend class ScriptedServer;
  struct Step {
    enum class Kind { Write, Pause, Hold, Cut } kind;
    std::string bytes;
    std::chrono::milliseconds duration{};
  };
  std::vector<Step> steps_;
};

class ScriptedServer {
 public:
  struct Options {
    std::string clientCa;  // PEM: asks for a client certificate of this authority
  };

  explicit ScriptedServer(const Identity& identity) : ScriptedServer(identity, Options{}) {}
  ScriptedServer(const Identity& identity, Options options);
  ~ScriptedServer();

  std::uint16_t port() const { return port_; }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }

  // Answers in the order of the requests; the last one, once all are used, is `otherwise`.
  ScriptedServer& then(Reply reply);
  ScriptedServer& otherwise(Reply reply);
  // Instead: an answer for each request.
  void answer(std::function<Reply(const SeenRequest&)> answer);

  std::vector<SeenRequest> seen() const;
  // Whether so many requests have come within the time.
  bool waitForRequests(std::size_t count,
                       std::chrono::milliseconds timeout = std::chrono::seconds{10});
  int connections() const;
  // From now on connections present this.
  void replaceIdentity(const Identity& identity);

 private:
  struct Connection;
  void accept();
  void serve(const std::shared_ptr<Connection>& connection);
  bool perform(Connection& connection, const Reply& reply);
  Reply next(const SeenRequest& request);
  bool sleep(std::chrono::milliseconds duration);

  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<Reply> script_;
  Reply otherwise_;
  std::function<Reply(const SeenRequest&)> answer_;
  std::vector<SeenRequest> seen_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace bailiwick::kube::test
