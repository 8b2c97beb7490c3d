#pragma once
// An HTTPS server for one path: POST of a bounded JSON body with a Content-Length, one thread. What
// is not exactly that is refused before its body is read. New connections take the certificate that
// was given last; those that are open go on with theirs.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/result.hpp"

namespace bailiwick::serve {

struct TlsFiles {
  std::string certificate, key;  // PEM
  // Clients must show a certificate of this authority (PEM); empty: none is asked for.
  std::string clientCa;
  // One of these must be the common name of that certificate; empty: any of the authority's.
  std::vector<std::string> clientNames;
  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

struct WebhookReply {
  int status = 200;
  std::string contentType;
  std::string body;
};
// Called on the server's thread.
using WebhookHandler = std::function<WebhookReply(const std::string& body)>;

struct WebhookLimits {
  std::size_t maxBody = 8 << 20;
  std::chrono::milliseconds request{10'000};  // from the first byte to the last of the answer
  std::chrono::milliseconds idle{120'000};    // between requests of a connection
  int maxConnections = 128;
};

class WebhookServer {
 public:
  // Starts at once; until use() was called every handshake fails.
  static Result<std::unique_ptr<WebhookServer>> listen(const std::string& address,
                                                       std::string path, WebhookHandler handler,
                                                       const WebhookLimits& limits = {});
  ~WebhookServer();

  // Fails, and keeps what it has, where these do not fit together.
  Result<void> use(const TlsFiles& files);
  int port() const;

 private:
  struct Impl;
  explicit WebhookServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bailiwick::serve
