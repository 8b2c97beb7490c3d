#include "evidence/key.hpp"

#include <gtest/gtest.h>

namespace bailiwick::evidence {
namespace {

// RFC 8032, 7.1, test 2: its secret key as PKCS #8, its public key and the signature of "r".
constexpr char rfcPem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
    "-----END PRIVATE KEY-----\n";

constexpr char rfcPublic[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
constexpr char rfcSignature[] =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

TEST(Key, SignsAsRfc8032Does) {
  const auto key = SigningKey::fromPem(rfcPem);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->publicKey().hex(), rfcPublic);
  EXPECT_EQ(key->sign("r"), rfcSignature);
}

TEST(Key, VerifiesTheSignatureOfRfc8032) {
  const auto key = PublicKey::fromHex(rfcPublic);
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->verifies("r", rfcSignature));
  EXPECT_FALSE(key->verifies("s", rfcSignature));
}

TEST(Key, KnowsOneSpellingOfASignature) {
  const auto key = SigningKey::generate();
  ASSERT_TRUE(key);
  auto signature = key->sign("text");
  EXPECT_FALSE(key->publicKey().verifies("text", signature + "00"));
  EXPECT_FALSE(key->publicKey().verifies("text", signature.substr(2)));
  for (char& c : signature) c = static_cast<char>(std::toupper(c));
  EXPECT_FALSE(key->publicKey().verifies("text", signature));
  EXPECT_FALSE(key->publicKey().verifies("text", ""));
}

TEST(Key, ComesBackFromItsPemWithTheSameFingerprint) {
  const auto key = SigningKey::generate();
  ASSERT_TRUE(key);
  const auto again = SigningKey::fromPem(key->privatePem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->publicKey(), key->publicKey());
  const auto publicKey = PublicKey::fromPem(key->publicKey().pem());
  ASSERT_TRUE(publicKey);
  EXPECT_EQ(publicKey->fingerprint(), key->publicKey().fingerprint());
  EXPECT_TRUE(key->publicKey().fingerprint().starts_with("sha256:"));
  EXPECT_NE(SigningKey::generate()->publicKey(), key->publicKey());
}

TEST(Key, RefusesWhatIsNoEd25519Key) {
  EXPECT_FALSE(SigningKey::fromPem(""));
  EXPECT_FALSE(SigningKey::fromPem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  EXPECT_FALSE(SigningKey::fromPem(std::string(1 << 20, 'A')));
  EXPECT_FALSE(PublicKey::fromPem(rfcPem)) << "a private key is not taken for a public one";
  EXPECT_FALSE(PublicKey::fromHex("3d40"));
  EXPECT_FALSE(PublicKey::fromHex(std::string(64, 'G')));
}

}  // namespace
}  // namespace bailiwick::evidence
