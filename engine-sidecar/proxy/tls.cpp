#include "proxy/tls.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string_view>
#include <vector>

#include "log/log.hpp"
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

// The URI SAN; empty where there is none, or several.
std::string regionNamedBy(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
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

struct FreeCertificates {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using Certificates = std::unique_ptr<STACK_OF(X509), FreeCertificates>;
using Authorities = std::map<std::string, Certificates, std::less<>>;  // by region

Result<Certificates> readCertificates(const std::string& path) {
  const auto text = readFile(path);
  if (!text) return tl::unexpected(text.error());
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(
      BIO_new_mem_buf(text->data(), static_cast<int>(text->size())), &BIO_free);
  Certificates result(sk_X509_new_null());
  while (X509* one = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr))
    sk_X509_push(result.get(), one);
  ERR_clear_error();  // that of the end
  if (sk_X509_num(result.get()) == 0)
    return fail(path + " has no certificate authority in PEM");
  return result;
}

void freeAuthorities(void*, void* authorities, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Authorities*>(authorities);
}

int authoritiesIndex() {
  static const int index =
      SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &freeAuthorities);
  return index;
}

// Instead of OpenSSL's own look at all that the context trusts.
int verifyByRegion(X509_STORE_CTX* store, void* authorities) {
  const auto& known = *static_cast<const Authorities*>(authorities);
  const auto found = known.find(regionNamedBy(X509_STORE_CTX_get0_cert(store)));
  if (found == known.end()) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
  }
  X509_STORE_CTX_set0_trusted_stack(store, found->second.get());
  return X509_verify_cert(store);
}

constexpr std::string_view authoritySuffix = ".crt";

// One that cannot be read shuts its region out and no other.
Result<void> loadPeers(SSL_CTX* context, const std::string& folder) {
  const auto names = filesIn(folder);
  if (!names) return tl::unexpected(names.error());
  auto authorities = std::make_unique<Authorities>();
  for (const std::string& name : *names) {
    if (!name.ends_with(authoritySuffix)) continue;
    auto certificates = readCertificates(folder + "/" + name);
    if (!certificates) {
      log::error("a peer's authority cannot be read", {{"error", certificates.error().message}});
      continue;
    }
    (*authorities)[name.substr(0, name.size() - authoritySuffix.size())] =
        std::move(*certificates);
  }
  SSL_CTX_set_cert_verify_callback(context, &verifyByRegion, authorities.get());
  if (SSL_CTX_set_ex_data(context, authoritiesIndex(), authorities.get()) != 1)
    return fail("no TLS context: " + lastError());
  authorities.release();
  return {};
}

std::vector<std::string> filesOf(const ServerTls& tls) {
  std::vector<std::string> result = {tls.certFile, tls.keyFile, tls.clientCaFile};
  if (tls.clientCaFolder.empty()) return result;
  if (const auto names = filesIn(tls.clientCaFolder))
    for (const std::string& name : *names) result.push_back(tls.clientCaFolder + "/" + name);
  return result;
}

}  // namespace

Result<TlsContext> serverContext(const ServerTls& files) {
  TlsContext context = newContext(TLS_server_method());
  if (!context) return fail("no TLS context: " + lastError());
  if (auto loaded = loadPair(context.get(), files.certFile, files.keyFile); !loaded)
    return tl::unexpected(loaded.error());
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (files.clientCaFile.empty() && files.clientCaFolder.empty()) return context;
  const auto loaded = files.clientCaFolder.empty()
                          ? loadAuthorities(context.get(), files.clientCaFile)
                          : loadPeers(context.get(), files.clientCaFolder);
  if (!loaded) return tl::unexpected(loaded.error());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

Result<void> ServerCertificates::refresh() {
  const std::string stamp = stampOf(filesOf(files_));
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
  return certificate ? regionNamedBy(certificate.get()) : std::string();
}

}  // namespace bailiwick::sidecar
