#include "evidence/key.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <optional>
#include <stdexcept>

#include "api/hash.hpp"

namespace bailiwick::evidence {
namespace {

constexpr std::size_t keySize = 32, signatureSize = 64;
// SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410).
constexpr std::string_view spkiPrefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);

struct Deleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string toHex(std::string_view raw) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

// Lower case only: a signature has one spelling.
std::optional<std::string> fromLowerHex(std::string_view hex, std::size_t size) {
  if (hex.size() != 2 * size) return std::nullopt;
  const auto value = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string raw;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = value(hex[i]), low = value(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    raw.push_back(static_cast<char>(high << 4 | low));
  }
  return raw;
}

Owned<BIO> reading(std::string_view pem) {
  return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string written(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

// Nothing is asked for where a key is encrypted: it is refused.
int noPassphrase(char*, int, int, void*) { return 0; }

std::optional<std::string> rawPublic(EVP_PKEY* key) {
  std::array<unsigned char, keySize> raw{};
  std::size_t size = raw.size();
  if (EVP_PKEY_id(key) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1 || size != keySize) {
    return std::nullopt;
  }
  return std::string(raw.begin(), raw.end());
}

constexpr std::size_t maxPem = 16 * 1024;

}  // namespace

Result<PublicKey> PublicKey::fromHex(std::string_view hex) {
  auto raw = fromLowerHex(hex, keySize);
  if (!raw) return fail("a public key is written as 64 lower-case hexadecimal digits");
  return PublicKey(*std::move(raw));
}

Result<PublicKey> PublicKey::fromPem(std::string_view pem) {
  const auto wrong = [] {
    return fail("this is no Ed25519 public key: it begins with -----BEGIN PUBLIC KEY-----");
  };
  if (pem.size() > maxPem) return wrong();
  const auto bio = reading(pem);
  const Owned<EVP_PKEY> key(PEM_read_bio_PUBKEY(bio.get(), nullptr, noPassphrase, nullptr));
  auto raw = key ? rawPublic(key.get()) : std::nullopt;
  if (!raw) return wrong();
  return PublicKey(*std::move(raw));
}

std::string PublicKey::hex() const { return toHex(raw_); }

std::string PublicKey::pem() const {
  const Owned<EVP_PKEY> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(raw_), raw_.size()));
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key.get());
  return written(bio.get());
}

std::string PublicKey::fingerprint() const {
  return "sha256:" + api::sha256Hex(std::string(spkiPrefix) + raw_);
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  const auto raw = fromLowerHex(signature, signatureSize);
  if (!raw) return false;
  const Owned<EVP_PKEY> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(raw_), raw_.size()));
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(*raw), raw->size(), bytes(message),
                          message.size()) == 1;
}

void SigningKey::Free::operator()(void* key) const { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); }

SigningKey::SigningKey(Handle handle, PublicKey publicKey)
    : handle_(std::move(handle)), public_(std::move(publicKey)) {}

Result<SigningKey> SigningKey::of(Handle handle) {
  auto raw = handle ? rawPublic(static_cast<EVP_PKEY*>(handle.get())) : std::nullopt;
  if (!raw) {
    return fail("this is no Ed25519 private key: it begins with -----BEGIN PRIVATE KEY-----");
  }
  return SigningKey(std::move(handle), PublicKey(*std::move(raw)));
}

Result<SigningKey> SigningKey::generate() {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_keygen(context.get(), &key) != 1) {
    return fail("an Ed25519 key cannot be made: the system has no randomness");
  }
  return of(Handle(key));
}

Result<SigningKey> SigningKey::fromPem(std::string_view pem) {
  if (pem.size() > maxPem) return of(nullptr);
  const auto bio = reading(pem);
  return of(Handle(PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr)));
}

std::string SigningKey::privatePem() const {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), static_cast<EVP_PKEY*>(handle_.get()), nullptr, nullptr,
                                0, nullptr, nullptr);
  return written(bio.get());
}

std::string SigningKey::sign(std::string_view message) const {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  std::array<unsigned char, signatureSize> signature{};
  std::size_t size = signature.size();
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr,
                         static_cast<EVP_PKEY*>(handle_.get())) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes(message), message.size()) != 1) {
    throw std::runtime_error("OpenSSL does not sign");
  }
  return toHex({reinterpret_cast<const char*>(signature.data()), size});
}

}  // namespace bailiwick::evidence
