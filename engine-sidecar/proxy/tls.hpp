#pragma once
// TLS contexts from PEM files. Whoever holds one keeps it; files that changed make a new one.

#include <openssl/ssl.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "api/result.hpp"
#include "config/config.hpp"
#include "proxy/stream.hpp"

namespace bailiwick::sidecar {

using TlsContext = std::shared_ptr<SSL_CTX>;

// With a CA, a client must show a certificate of it; with a folder of CAs, one of the CA of the very
// region that it names.
Result<TlsContext> serverContext(const ServerTls& files);

// A listener's context, made anew when its files change. get() is for all threads, the rest for
// one.
class ServerCertificates {
 public:
  explicit ServerCertificates(ServerTls files) : files_(std::move(files)) {}

  // Bad files leave what was in force.
  Result<void> refresh();
  TlsContext get() const { return context_.load(); }

 private:
  const ServerTls files_;
  std::string stamp_;
  std::atomic<TlsContext> context_;
};

struct ClientFiles {
  std::string caFile;             // empty: the system's
  std::string certFile, keyFile;  // empty: none is shown

  auto operator<=>(const ClientFiles&) const = default;
};
Result<TlsContext> clientContext(const ClientFiles& files);

// One context for all that use the same files, until these change.
class ClientContexts {
 public:
  Result<TlsContext> get(const ClientFiles& files);

 private:
  struct Entry {
    std::string stamp;
    TlsContext context;
  };
  std::map<ClientFiles, Entry> entries_;
};

// Makes `stream` check that it reaches `serverName`, a DNS name or an IP address, and begins.
void startClientTls(Stream& stream, SSL_CTX* context, const std::string& serverName);

// The region that the client's certificate names as URI SAN "bailiwick://region/NAME"; empty where
// it names none or several.
std::string regionOfPeer(SSL* ssl);

}  // namespace bailiwick::sidecar
