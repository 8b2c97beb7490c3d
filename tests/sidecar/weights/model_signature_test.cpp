#include "weights/model_signature.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sidecar/weights/signer.hpp"

namespace bailiwick::sidecar {
namespace {

using nlohmann::json;
using testing::Signer;
using testing::statementOf;

std::string dataFile(const std::string& name) {
  std::ifstream in(std::string(WEIGHTS_DATA) + "/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

json statement() {
  return statementOf({{"a.bin", sha256("a")}, {"b/c.bin", sha256("c")}});
}

std::string errorOf(const json& bundle, const std::string& key) {
  const auto files = verifySignature(bundle.dump(), key);
  return files ? "" : files.error().message;
}

TEST(ModelSignature, OfTheReferenceImplementationVerifies) {
  const auto files = verifySignature(dataFile("model.sig"), dataFile("publisher.pub"));
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->size(), 4U);
  EXPECT_EQ(hex(files->at("model.safetensors")), hex(sha256("weights\n")));
  EXPECT_EQ(hex(files->at("sub/a.bin")), hex(sha256("a\n")));
  EXPECT_TRUE(files->contains(manifestName));
}

TEST(ModelSignature, VerifiesOnEveryCurveOfTheFormat) {
  for (const char* curve : {"P-256", "P-384", "P-521"}) {
    const Signer signer(curve);
    const auto files = verifySignature(signer.sign(statement().dump()).dump(), signer.publicKey());
    ASSERT_TRUE(files) << curve << " " << files.error().message;
    EXPECT_EQ(hex(files->at("b/c.bin")), hex(sha256("c")));
  }
  const Signer other("secp256k1");
  EXPECT_EQ(errorOf(other.sign(statement().dump()), other.publicKey()),
            "cannot be checked: the public key is on none of the curves P-256, P-384 and P-521");
}

TEST(ModelSignature, IsOfOneKeyAndOneText) {
  const Signer signer, stranger;
  constexpr char refused[] =
      "was not made with the passport's public key, or what it signs was changed";
  const json good = signer.sign(statement().dump());
  EXPECT_EQ(errorOf(good, signer.publicKey()), "");
  EXPECT_EQ(errorOf(good, stranger.publicKey()), refused);
  json changed = good;
  changed["dsseEnvelope"]["payload"] = testing::encodeBase64(statement().dump() + " ");
  EXPECT_EQ(errorOf(changed, signer.publicKey()), refused);
  changed = good;
  changed["dsseEnvelope"]["signatures"][0]["sig"] = testing::encodeBase64("no signature");
  EXPECT_EQ(errorOf(changed, signer.publicKey()), refused);
}

TEST(ModelSignature, IsRefusedInAnyOtherForm) {
  const Signer signer;
  const json good = signer.sign(statement().dump());
  const struct {
    const char* at;
    json value;
    const char* error;
  } cases[] = {
      {"/mediaType", "application/json", "is no Sigstore bundle"},
      {"/mediaType", 3, "is no Sigstore bundle"},
      {"/dsseEnvelope/payloadType", "text/plain",
       "signs a payload of type \"text/plain\", no in-toto statement"},
      {"/dsseEnvelope/signatures", json::array(), "must have exactly one signature"},
      {"/dsseEnvelope/signatures", json::array({1, 2}), "must have exactly one signature"},
      {"/dsseEnvelope/signatures/0/sig", "", "has a payload or signature that is no base64"},
      {"/dsseEnvelope/signatures/0/sig", "abc", "has a payload or signature that is no base64"},
      {"/dsseEnvelope/payload", "****", "has a payload or signature that is no base64"},
      {"/dsseEnvelope/payload", 7, "has a payload or signature that is no base64"},
  };
  for (const auto& c : cases) {
    json bundle = good;
    bundle[json::json_pointer(c.at)] = c.value;
    EXPECT_EQ(errorOf(bundle, signer.publicKey()), c.error) << c.at;
  }
  for (const char* text : {"", "[]", "{", "\"x\"", "\xff"}) {
    const auto files = verifySignature(text, signer.publicKey());
    ASSERT_FALSE(files) << text;
    EXPECT_EQ(files.error().message, "is no JSON object");
  }
  EXPECT_EQ(errorOf(good, "x"),
            "cannot be checked: the public key is no PEM text that begins with BEGIN PUBLIC KEY");
}

TEST(ModelSignature, SignsAStatementAboutWholeFiles) {
  const Signer signer;
  const struct {
    const char* at;
    json value;
    const char* error;
  } cases[] = {
      {"/_type", "https://in-toto.io/Statement/v0.1",
       "signs no statement of OpenSSF Model Signing v1.0"},
      {"/predicateType", "https://slsa.dev/provenance/v1",
       "signs no statement of OpenSSF Model Signing v1.0"},
      {"/predicate/serialization/method", "shards",
       "signs other digests than SHA-256 of whole files: sign with method files, sha256"},
      {"/predicate/serialization/hash_type", "blake3",
       "signs other digests than SHA-256 of whole files: sign with method files, sha256"},
      {"/predicate/resources", json::object(), "signs no files"},
      {"/predicate/resources/0/name", "../a",
       R"(signs a resource that is no file with its SHA-256: {"algorithm":"sha256","digest":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","name":"../a"})"},
      {"/predicate/resources/0/digest", "ca97",
       R"(signs a resource that is no file with its SHA-256: {"algorithm":"sha256","digest":"ca97","name":"a.bin"})"},
      {"/predicate/resources/0/algorithm", "md5",
       R"(signs a resource that is no file with its SHA-256: {"algorithm":"md5","digest":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","name":"a.bin"})"},
      {"/predicate/resources/1/name", "a.bin", "signs a.bin twice"},
      {"/predicate/resources/0/digest", hex(sha256("x")),
       "contradicts itself: its subject is not the digest of the files that it lists"},
      {"/subject", json::array(),
       "contradicts itself: its subject is not the digest of the files that it lists"},
  };
  for (const auto& c : cases) {
    json changed = statement();
    changed[json::json_pointer(c.at)] = c.value;
    EXPECT_EQ(errorOf(signer.sign(changed.dump()), signer.publicKey()), c.error) << c.at;
  }
  EXPECT_EQ(errorOf(signer.sign("[]"), signer.publicKey()), "signs no JSON object");
}

TEST(ModelSignature, LeavesOutWhatBelongsToGit) {
  for (const char* left : {".gitattributes", ".gitignore", ".git/config", ".github/x.yml"})
    EXPECT_TRUE(isLeftUnsigned(left)) << left;
  for (const char* other : {"config.json", "a/.gitattributes", ".gitx", "README.md"})
    EXPECT_FALSE(isLeftUnsigned(other)) << other;
}

}  // namespace
}  // namespace bailiwick::sidecar
