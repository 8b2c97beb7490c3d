#pragma once
// A small server for probes and metrics: GET only, one answer per connection. No request body is
// ever read, the head is bounded, and every connection has a deadline.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/result.hpp"

namespace bailiwick::serve {

struct Answer {
  int status = 200;
  std::string contentType = "text/plain; charset=utf-8";
  std::string body;
};

// Called on the server's thread with the path of the request, without its query.
using Handler = std::function<Answer(std::string_view path)>;

class HttpServer {
 public:
  // `address` is "[HOST]:PORT" with an IP address for HOST; none means every address, of IPv6 too
  // where the machine has it, and port 0 a free one. Starts at once.
  static Result<std::unique_ptr<HttpServer>> listen(const std::string& address, Handler handler);
  ~HttpServer();

  int port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bailiwick::serve
