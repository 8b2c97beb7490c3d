#include "sidecar/weights/signer.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace bailiwick::sidecar::testing {

using nlohmann::json;

std::string encodeBase64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Signer::Signer(const char* curve)
    : key_(EVP_EC_gen(curve), [](void* key) { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); }) {}

std::string Signer::publicKey() const {
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(out, static_cast<EVP_PKEY*>(key_.get()));
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

json Signer::sign(const std::string& payload) const {
  const std::string text =
      "DSSEv1 28 application/vnd.in-toto+json " + std::to_string(payload.size()) + " " + payload;
  auto* key = static_cast<EVP_PKEY*>(key_.get());
  const int bits = EVP_PKEY_get_bits(key);
  const EVP_MD* digest = bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::string signature(256, '\0');
  std::size_t size = signature.size();
  EVP_DigestSignInit(context, nullptr, digest, nullptr, key);
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return {{"mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json"},
          {"verificationMaterial", {{"publicKey", {{"hint", ""}}}}},
          {"dsseEnvelope",
           {{"payload", encodeBase64(payload)},
            {"payloadType", "application/vnd.in-toto+json"},
            {"signatures", json::array({{{"sig", encodeBase64(signature)}, {"keyid", ""}}})}}}};
}

json statementOf(const std::vector<ManifestEntry>& files) {
  json resources = json::array();
  std::string all;
  for (const ManifestEntry& file : files) {
    resources.push_back(
        {{"name", file.name}, {"algorithm", "sha256"}, {"digest", hex(file.digest)}});
    all.append(file.digest.begin(), file.digest.end());
  }
  const json subject = {{"name", "model"}, {"digest", {{"sha256", hex(sha256(all))}}}};
  const json serialization = {{"method", "files"}, {"hash_type", "sha256"}};
  return {{"_type", "https://in-toto.io/Statement/v1"},
          {"subject", json::array({subject})},
          {"predicateType", "https://model_signing/signature/v1.0"},
          {"predicate", {{"serialization", serialization}, {"resources", resources}}}};
}

}  // namespace bailiwick::sidecar::testing
