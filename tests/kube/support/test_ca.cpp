#include "kube/support/test_ca.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace bailiwick::kube::test {
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

Key newKey() {
  return Key(EVP_EC_gen("P-256"));
}

template <class F>
std::string written(F&& write) {
  const std::unique_ptr<BIO, Free<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

void addExtension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate blank(const std::string& name, EVP_PKEY* key, std::chrono::seconds from,
                  std::chrono::seconds until) {
  static int serial = 0;
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until.count());
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

std::string pemOf(X509* certificate) {
  return written([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
}

}  // namespace

struct TestCa::Impl {
  Key key = newKey();
  Certificate certificate;
};

TestCa::TestCa(const std::string& name) : impl_(std::make_unique<Impl>()) {
  auto certificate = blank(name, impl_->key.get(), std::chrono::hours{-2}, std::chrono::hours{2});
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  addExtension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  addExtension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign");
  X509_sign(certificate.get(), impl_->key.get(), EVP_sha256());
  impl_->certificate = std::move(certificate);
  pem_ = pemOf(impl_->certificate.get());
}

TestCa::~TestCa() = default;

Identity TestCa::issue(const CertificateSpec& spec) const {
  const Key key = newKey();
  const auto certificate = blank(spec.commonName, key.get(), spec.validFrom, spec.validUntil);
  X509* authority = impl_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority));
  std::string names;
  for (const auto& name : spec.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) addExtension(certificate.get(), authority, NID_subject_alt_name, names);
  addExtension(certificate.get(), authority, NID_ext_key_usage,
               spec.client ? "clientAuth" : "serverAuth");
  X509_sign(certificate.get(), impl_->key.get(), EVP_sha256());
  return {pemOf(certificate.get()), written([&](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace bailiwick::kube::test
