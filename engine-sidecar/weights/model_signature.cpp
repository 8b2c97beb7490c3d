#include "weights/model_signature.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace bailiwick::sidecar {
namespace {

using nlohmann::json;

constexpr std::string_view payloadType = "application/vnd.in-toto+json";

template <auto release>
struct Free {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Input = std::unique_ptr<BIO, Free<BIO_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

struct PublicKey {
  Key key;
  const EVP_MD* digest = nullptr;  // that goes with its curve
};

Result<PublicKey> parseKey(std::string_view pem) {
  const Input input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  PublicKey result{Key(PEM_read_bio_PUBKEY(input.get(), nullptr, nullptr, nullptr))};
  if (!result.key)
    return fail(
        "cannot be checked: the public key is no PEM text that begins with BEGIN PUBLIC KEY");
  std::array<char, 32> curve{};
  EVP_PKEY_get_utf8_string_param(result.key.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.data(),
                                 curve.size(), nullptr);
  const std::string_view name = curve.data();
  if (name == "prime256v1") result.digest = EVP_sha256();
  if (name == "secp384r1") result.digest = EVP_sha384();
  if (name == "secp521r1") result.digest = EVP_sha512();
  if (!result.digest)
    return fail(
        "cannot be checked: the public key is on none of the curves P-256, P-384 and P-521");
  return result;
}

std::optional<std::string> decodeBase64(const std::string& text) {
  if (text.size() % 4 != 0 || text.empty()) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (size < 0 || static_cast<std::size_t>(size) != out.size()) return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

// What is signed in place of the payload itself (DSSE v1, pre-authentication encoding).
std::string preAuthentication(const std::string& payload) {
  return "DSSEv1 " + std::to_string(payloadType.size()) + " " + std::string(payloadType) + " " +
         std::to_string(payload.size()) + " " + payload;
}

bool verifies(const PublicKey& key, const std::string& text, const std::string& signature) {
  const Context context(EVP_MD_CTX_new());
  const auto bytes = [](const std::string& s) {
    return reinterpret_cast<const unsigned char*>(s.data());
  };
  return EVP_DigestVerifyInit(context.get(), nullptr, key.digest, nullptr, key.key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text),
                          text.size()) == 1;
}

// The text at `path`, or "" where there is none.
std::string textAt(const json& document, const char* path) {
  const json::json_pointer pointer(path);
  if (!document.contains(pointer) || !document.at(pointer).is_string()) return "";
  return document.at(pointer).get<std::string>();
}

Result<std::string> signedPayload(const json& bundle, const PublicKey& key) {
  if (!textAt(bundle, "/mediaType").starts_with("application/vnd.dev.sigstore.bundle"))
    return fail("is no Sigstore bundle");
  const std::string type = textAt(bundle, "/dsseEnvelope/payloadType");
  if (type != payloadType)
    return fail("signs a payload of type \"" + type + "\", no in-toto statement");
  const json::json_pointer signatures("/dsseEnvelope/signatures");
  if (!bundle.contains(signatures) || bundle.at(signatures).size() != 1)
    return fail("must have exactly one signature");
  const auto payload = decodeBase64(textAt(bundle, "/dsseEnvelope/payload"));
  const auto signature = decodeBase64(textAt(bundle, "/dsseEnvelope/signatures/0/sig"));
  if (!payload || !signature) return fail("has a payload or signature that is no base64");
  if (!verifies(key, preAuthentication(*payload), *signature))
    return fail("was not made with the passport's public key, or what it signs was changed");
  return *payload;
}

// The resources' digests, one after the other, are the statement's subject.
bool matchesSubject(const json& statement, const std::vector<Sha256>& digests) {
  std::string all;
  for (const Sha256& digest : digests) all.append(digest.begin(), digest.end());
  const json::json_pointer subject("/subject");
  return statement.contains(subject) && statement.at(subject).size() == 1 &&
         textAt(statement, "/subject/0/digest/sha256") == hex(sha256(all));
}

Result<SignedFiles> filesOf(const json& statement) {
  if (textAt(statement, "/_type") != "https://in-toto.io/Statement/v1" ||
      textAt(statement, "/predicateType") != "https://model_signing/signature/v1.0")
    return fail("signs no statement of OpenSSF Model Signing v1.0");
  if (textAt(statement, "/predicate/serialization/method") != "files" ||
      textAt(statement, "/predicate/serialization/hash_type") != "sha256")
    return fail("signs other digests than SHA-256 of whole files: sign with method files, sha256");
  const json::json_pointer resources("/predicate/resources");
  if (!statement.contains(resources) || !statement.at(resources).is_array())
    return fail("signs no files");
  SignedFiles files;
  std::vector<Sha256> digests;
  for (const json& resource : statement.at(resources)) {
    const std::string name = textAt(resource, "/name");
    const auto digest = parseHex(textAt(resource, "/digest"));
    if (!isPlainName(name) || !digest || textAt(resource, "/algorithm") != "sha256")
      return fail("signs a resource that is no file with its SHA-256: " + resource.dump());
    if (!files.emplace(name, *digest).second) return fail("signs " + name + " twice");
    digests.push_back(*digest);
  }
  if (!matchesSubject(statement, digests))
    return fail("contradicts itself: its subject is not the digest of the files that it lists");
  return files;
}

}  // namespace

Result<SignedFiles> verifySignature(std::string_view bundle, std::string_view publicKey) {
  const auto key = parseKey(publicKey);
  if (!key) return tl::unexpected<Error>(key.error());
  const json document = json::parse(bundle, nullptr, false);
  if (!document.is_object()) return fail("is no JSON object");
  const auto payload = signedPayload(document, *key);
  if (!payload) return tl::unexpected<Error>(payload.error());
  const json statement = json::parse(*payload, nullptr, false);
  if (!statement.is_object()) return fail("signs no JSON object");
  return filesOf(statement);
}

bool isLeftUnsigned(std::string_view name) {
  return name == ".gitattributes" || name == ".gitignore" || name.starts_with(".git/") ||
         name.starts_with(".github/");
}

}  // namespace bailiwick::sidecar
