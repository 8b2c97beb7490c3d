#include "kube/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <algorithm>
#include <ctime>
#include <map>
#include <vector>

namespace bailiwick::kube {
namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;

Bio reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A key with a passphrase must not make OpenSSL ask for it on the terminal.
int noPassphrase(char*, int, int, void*) {
  return 0;
}

Result<std::vector<Certificate>> certificates(const std::string& pem, const std::string& what) {
  const Bio bio = reader(pem);
  std::vector<Certificate> out;
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, noPassphrase, nullptr)}) {
    out.push_back(std::move(next));
  }
  const bool atEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (out.empty()) return fail(what + " holds no PEM certificate");
  if (!atEnd) return fail(what + " holds a PEM block that is no certificate");
  return out;
}

Result<Key> privateKey(const Secret& pem) {
  const Bio bio = reader(pem.reveal());
  Key key{PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr)};
  ERR_clear_error();
  if (!key) return fail("the client key is no PEM private key without a passphrase");
  return key;
}

Result<api::Time> endOf(const X509& certificate) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &utc) != 1) {
    return fail("a certificate says no readable time of its end");
  }
  return api::Time(std::chrono::seconds(timegm(&utc)));
}

// In one line, its letters escaped where they are not plain.
std::string subjectOf(const X509& certificate) {
  const Bio bio{BIO_new(BIO_s_mem())};
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// Owns a reference to the policy for as long as the context (and so any connection made with it).
void freeOwner(void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::shared_ptr<TlsPolicy>*>(pointer);
}

int ownerIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, freeOwner);
  return index;
}

int verify(X509_STORE_CTX* chain, void* policy) {
  const int ok = X509_verify_cert(chain);
  const int error = X509_STORE_CTX_get_error(chain);
  static_cast<TlsPolicy*>(policy)->refused(ok > 0 ? "" : X509_verify_cert_error_string(error));
  return ok;
}

Result<void> trustOnly(SSL_CTX* context, const std::string& caPem) {
  auto authorities = certificates(caPem, "the certificate authority");
  if (!authorities) return tl::unexpected(authorities.error());
  X509_STORE* store = X509_STORE_new();
  SSL_CTX_set_cert_store(context, store);  // takes it over; what was trusted before is gone
  for (const auto& authority : *authorities) X509_STORE_add_cert(store, authority.get());
  return {};
}

Result<void> expectName(SSL_CTX* context, const std::string& name) {
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int ok = isIpAddress(name)
                     ? X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str())
                     : X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size());
  if (ok != 1) return fail("the server name cannot be verified");
  return {};
}

Result<void> present(SSL_CTX* context, const Credentials& credentials) {
  if (credentials.certificatePem.empty()) return {};
  auto chain = certificates(credentials.certificatePem, "the client certificate");
  if (!chain) return tl::unexpected(chain.error());
  auto key = privateKey(credentials.keyPem);
  if (!key) return tl::unexpected(key.error());
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key->get()) != 1) {
    ERR_clear_error();
    return fail("the client key does not belong to the client certificate");
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    SSL_CTX_add1_chain_cert(context, (*chain)[i].get());
  }
  return {};
}

}  // namespace

bool isIpAddress(const std::string& host) {
  in6_addr buffer;
  return inet_pton(AF_INET, host.c_str(), &buffer) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &buffer) == 1;
}

void TlsPolicy::apply(SSL_CTX* context) {
  if (const auto done = tryApply(context); !done) {
    refused(done.error().message);
    SSL_CTX_set_cert_store(context, X509_STORE_new());
  }
}

Result<void> TlsPolicy::tryApply(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_read_ahead(context, 1);  // all that has come at once, not each record in two pieces
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_ex_data(context, ownerIndex(), new std::shared_ptr<TlsPolicy>(shared_from_this()));
  SSL_CTX_set_cert_verify_callback(context, verify, this);
  if (auto done = trustOnly(context, credentials_->caPem); !done) return done;
  if (auto done = expectName(context, serverName_); !done) return done;
  return present(context, *credentials_);
}

void TlsPolicy::refused(std::string reason) {
  std::lock_guard lock(mutex_);
  refusal_ = std::move(reason);
}

std::string TlsPolicy::refusal() {
  std::lock_guard lock(mutex_);
  return refusal_;
}

Result<void> checkTlsMaterial(const Credentials& credentials) {
  const std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context(SSL_CTX_new(TLS_client_method()));
  if (auto done = trustOnly(context.get(), credentials.caPem); !done) return done;
  return present(context.get(), credentials);
}

Result<void> checkValidity(const Credentials& credentials, api::Time now) {
  if (credentials.certificatePem.empty()) return {};
  auto chain = certificates(credentials.certificatePem, "the client certificate");
  if (!chain) return tl::unexpected(chain.error());
  auto at = std::chrono::system_clock::to_time_t(std::chrono::system_clock::time_point(now));
  if (X509_cmp_time(X509_get0_notAfter(chain->front().get()), &at) < 0) {
    return fail("the client certificate has expired; have a new one issued");
  }
  return {};
}

Result<api::Time> firstExpiry(const std::string& pem) {
  auto all = certificates(pem, "the certificate");
  if (!all) return tl::unexpected(all.error());
  auto first = api::Time::max();
  for (const auto& certificate : *all) {
    const auto end = endOf(*certificate);
    if (!end) return tl::unexpected(end.error());
    first = std::min(first, *end);
  }
  return first;
}

Result<Lapse> firstLapse(const std::string& pem) {
  auto all = certificates(pem, "the certificate");
  if (!all) return tl::unexpected(all.error());
  std::map<std::string, api::Time> lasts;  // by subject
  for (const auto& certificate : *all) {
    const auto end = endOf(*certificate);
    if (!end) return tl::unexpected(end.error());
    auto& last = lasts.try_emplace(subjectOf(*certificate), *end).first->second;
    last = std::max(last, *end);
  }
  const auto first =
      std::min_element(lasts.begin(), lasts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return Lapse{first->first, first->second};
}

}  // namespace bailiwick::kube
