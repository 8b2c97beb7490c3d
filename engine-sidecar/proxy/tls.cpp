#include "proxy/tls.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <string_view>

#include "proxy/files.hpp"

namespace bailiwick::sidecar {
namespace {

std::string lastError() {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  ERR_clear_error();
  return text;
}

TlsContext newContext(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  return context;
}

Result<void> loadPair(SSL_CTX* context, const std::string& certFile, const std::string& keyFile) {
  if (SSL_CTX_use_certificate_chain_file(context, certFile.c_str()) != 1)
    return fail(fmt::format("{} is no certificate chain in PEM: {}", certFile, lastError()));
  if (SSL_CTX_use_PrivateKey_file(context, keyFile.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(fmt::format("{} is no private key in PEM: {}", keyFile, lastError()));
  if (SSL_CTX_check_private_key(context) != 1)
    return fail(fmt::format("{} is not the key of {}", keyFile, certFile));
  return {};
}

Result<void> loadAuthorities(SSL_CTX* context, const std::string& caFile) {
  if (SSL_CTX_load_verify_locations(context, caFile.c_str(), nullptr) != 1)
    return fail(fmt::format("{} has no certificate authority in PEM: {}", caFile, lastError()));
  return {};
}

constexpr std::string_view regionScheme = "bailiwick://region/";

}  // namespace

Result<TlsContext> serverContext(const ServerTls& files) {
  TlsContext context = newContext(TLS_server_method());
  if (!context) return fail("no TLS context: " + lastError());
  if (auto loaded = loadPair(context.get(), files.certFile, files.keyFile); !loaded)
    return tl::unexpected(loaded.error());
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (files.clientCaFile.empty()) return context;
  if (auto loaded = loadAuthorities(context.get(), files.clientCaFile); !loaded)
    return tl::unexpected(loaded.error());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

Result<void> ServerCertificates::refresh() {
  const std::string stamp = stampOf({files_.certFile, files_.keyFile, files_.clientCaFile});
  if (stamp == stamp_) return {};
  stamp_ = stamp;
  auto context = serverContext(files_);
  if (!context) return tl::unexpected(context.error());
  context_.store(std::move(*context));
  return {};
}

Result<TlsContext> clientContext(const ClientFiles& files) {
  TlsContext context = newContext(TLS_client_method());
  if (!context) return fail("no TLS context: " + lastError());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (files.caFile.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else if (auto loaded = loadAuthorities(context.get(), files.caFile); !loaded) {
    return tl::unexpected(loaded.error());
  }
  if (files.certFile.empty()) return context;
  if (auto loaded = loadPair(context.get(), files.certFile, files.keyFile); !loaded)
    return tl::unexpected(loaded.error());
  return context;
}

Result<TlsContext> ClientContexts::get(const ClientFiles& files) {
  const std::string stamp = stampOf({files.caFile, files.certFile, files.keyFile});
  Entry& entry = entries_[files];
  if (entry.context && entry.stamp == stamp) return entry.context;
  auto context = clientContext(files);
  if (context) entry = {stamp, *context};
  return context;
}

void startClientTls(Stream& stream, SSL_CTX* context, const std::string& serverName) {
  stream.startTls(context, false);
  SSL* ssl = stream.ssl();
  if (!ssl) return;
  in6_addr address;
  const bool isAddress = ::inet_pton(AF_INET, serverName.c_str(), &address) == 1 ||
                         ::inet_pton(AF_INET6, serverName.c_str(), &address) == 1;
  const bool set = isAddress
                       ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), serverName.c_str()) == 1
                       : SSL_set1_host(ssl, serverName.c_str()) == 1 &&
                             SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                      const_cast<char*>(serverName.c_str())) == 1;
  if (!set) stream.close();
}

std::string regionOfPeer(SSL* ssl) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl),
                                                                &X509_free);
  if (!certificate) return {};
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  std::string region;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                                static_cast<std::size_t>(ASN1_STRING_length(uri)));
    if (!text.starts_with(regionScheme)) continue;
    if (!region.empty()) return {};
    region = text.substr(regionScheme.size());
  }
  return region;
}

}  // namespace bailiwick::sidecar
