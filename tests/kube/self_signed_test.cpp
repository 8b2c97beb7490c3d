#include "kube/self_signed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "kube/base64.hpp"

namespace bailiwick::kube {
namespace {

using ::testing::StartsWith;
using namespace std::chrono_literals;

const api::Time now{std::chrono::seconds(1795428000)};

TEST(SelfSigned, VouchesForItselfByItsNamesAndForItsTime) {
  const auto identity = selfSigned({"a.b.svc", "a.b.svc.cluster.local"}, now, 24h);
  ASSERT_TRUE(identity);
  EXPECT_THAT(identity->key.reveal(), StartsWith("-----BEGIN PRIVATE KEY-----"));
  EXPECT_EQ(*expiryOf(identity->certificate), now + 24h);
  BIO* bio = BIO_new_mem_buf(identity->certificate.data(), -1);
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  EXPECT_EQ(X509_check_host(certificate, "a.b.svc", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate, "evil.svc", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_verify(certificate, X509_get0_pubkey(certificate)), 1);
  X509_free(certificate);
  BIO_free(bio);
}

TEST(SelfSigned, IsAnotherOneEachTime) {
  EXPECT_NE(selfSigned({"a"}, now, 1h)->certificate, selfSigned({"a"}, now, 1h)->certificate);
  EXPECT_FALSE(selfSigned({}, now, 1h));
  EXPECT_FALSE(expiryOf("no certificate"));
}

TEST(Base64, EncodesWhatItDecodes) {
  const std::vector<std::string> texts{"", "a", "ab", "abc", "abcd", {"\0\xff\x80", 3}};
  for (const std::string& text : texts) {
    EXPECT_EQ(decodeBase64(encodeBase64(text)), text);
  }
  EXPECT_EQ(encodeBase64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
}

}  // namespace
}  // namespace bailiwick::kube
