#include "kube/self_signed.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

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

std::string contents(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

bool extend(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool numberAndName(X509* certificate, const std::string& name) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto* bytes = reinterpret_cast<const unsigned char*>(name.c_str());
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, bytes, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

bool setValidity(X509* certificate, api::Time now, std::chrono::seconds validity) {
  const auto from = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  constexpr long allowance = 3600;
  return ASN1_TIME_set(X509_getm_notBefore(certificate), from - allowance) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), from + validity.count()) != nullptr;
}

std::string alternativeNames(const std::vector<std::string>& dnsNames) {
  std::string value;
  for (const auto& name : dnsNames) value += (value.empty() ? "DNS:" : ",DNS:") + name;
  return value;
}

}  // namespace

Result<ServerIdentity> selfSigned(const std::vector<std::string>& dnsNames, api::Time now,
                                  std::chrono::seconds validity) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate || dnsNames.empty()) return fail("no certificate could be made");
  auto* x509 = certificate.get();
  const bool made = numberAndName(x509, "bailiwick-webhook") && setValidity(x509, now, validity) &&
                    X509_set_pubkey(x509, key.get()) == 1 &&
                    extend(x509, NID_basic_constraints, "critical,CA:TRUE") &&
                    extend(x509, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
                    extend(x509, NID_ext_key_usage, "serverAuth") &&
                    extend(x509, NID_subject_alt_name, alternativeNames(dnsNames)) &&
                    X509_sign(x509, key.get(), EVP_sha256()) > 0;
  const Bio pem(BIO_new(BIO_s_mem())), secret(BIO_new(BIO_s_mem()));
  if (!made || PEM_write_bio_X509(pem.get(), x509) != 1 ||
      PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return fail("no certificate could be made");
  }
  return ServerIdentity{contents(pem.get()), Secret(contents(secret.get()))};
}

Result<api::Time> expiryOf(const std::string& text) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  std::tm end{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return fail("holds no PEM certificate");
  }
  return api::Time(std::chrono::seconds(timegm(&end)));
}

}  // namespace bailiwick::kube
