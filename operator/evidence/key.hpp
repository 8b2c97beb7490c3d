#pragma once
// Ed25519 (RFC 8032) keys. A private key never leaves its object but by privatePem().

#include <memory>
#include <string>
#include <string_view>

#include "api/result.hpp"

namespace bailiwick::evidence {

class PublicKey {
 public:
  // 64 hexadecimal digits, as a record has them.
  static Result<PublicKey> fromHex(std::string_view hex);
  // "-----BEGIN PUBLIC KEY-----"
  static Result<PublicKey> fromPem(std::string_view pem);

  std::string hex() const;
  std::string pem() const;
  // "sha256:…" of its SubjectPublicKeyInfo: openssl pkey -pubin -outform DER | sha256sum
  std::string fingerprint() const;
  // The signature as 128 hexadecimal digits.
  bool verifies(std::string_view message, std::string_view signature) const;
  friend bool operator==(const PublicKey&, const PublicKey&) = default;

 private:
  friend class SigningKey;
  explicit PublicKey(std::string raw) : raw_(std::move(raw)) {}
  std::string raw_;  // 32 bytes
};

class SigningKey {
 public:
  static Result<SigningKey> generate();
  // PKCS #8: "-----BEGIN PRIVATE KEY-----"
  static Result<SigningKey> fromPem(std::string_view pem);

  const PublicKey& publicKey() const { return public_; }
  std::string privatePem() const;
  // 128 hexadecimal digits.
  std::string sign(std::string_view message) const;

 private:
  struct Free {
    void operator()(void* key) const;
  };
  using Handle = std::unique_ptr<void, Free>;  // an EVP_PKEY
  SigningKey(Handle handle, PublicKey publicKey);
  static Result<SigningKey> of(Handle handle);

  Handle handle_;
  PublicKey public_;
};

}  // namespace bailiwick::evidence
