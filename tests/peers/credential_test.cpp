#include "peers/credential.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "kube/base64.hpp"
#include "kube/support/test_ca.hpp"

namespace bailiwick::peers {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr api::Time issued{1'800'000'000s};

std::string url(std::string text) {
  auto encoded = kube::encodeBase64(text);
  encoded.erase(encoded.find_last_not_of('=') + 1);
  std::replace(encoded.begin(), encoded.end(), '+', '-');
  std::replace(encoded.begin(), encoded.end(), '/', '_');
  return encoded;
}

std::string tokenOf(const std::string& claims) {
  return url(R"({"alg":"RS256"})") + "." + url(claims) + ".c2ln";
}

CredentialSecret secretOf(const std::string& token) {
  CredentialSecret secret;
  secret.meta.key = {"bailiwick-system", "peer-zrh"};
  secret.token = kube::Secret(token);
  return secret;
}

std::string claims(api::Time until, const std::string& subject) {
  const auto seconds = [](api::Time time) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
  };
  return R"({"sub":")" + subject + R"(","iat":)" + seconds(issued) + R"(,"exp":)" + seconds(until) +
         "}";
}

const std::string account = "system:serviceaccount:bailiwick-system:bailiwick-peer-fra";

TEST(Credentials, ATokenWithAnEndIsRenewedAtTwoThirdsOfItsLife) {
  const auto credential = readCredential(secretOf(tokenOf(claims(issued + 3h, account))));
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_FALSE(credential->isStatic());
  EXPECT_EQ(credential->account, (api::Key{"bailiwick-system", "bailiwick-peer-fra"}));
  EXPECT_EQ(renewAt(*credential), issued + 2h);
}

TEST(Credentials, ATokenThatSaysNothingOfItselfIsStaticAndSaysSo) {
  for (const auto& token : {std::string("opaque"), tokenOf(R"({"sub":"x"})"), tokenOf("no json"),
                            std::string("a.b.c"), tokenOf("[]")}) {
    const auto credential = readCredential(secretOf(token));
    ASSERT_TRUE(credential);
    EXPECT_TRUE(credential->isStatic()) << token;
    EXPECT_EQ(renewAt(*credential), std::nullopt);
    EXPECT_THAT(warningOf(*credential, issued), HasSubstr("static"));
  }
}

TEST(Credentials, NoNameThatIsNoneLeadsTheRenewalElsewhere) {
  for (const auto* subject :
       {"system:serviceaccount:a/../b:c", "system:serviceaccount:only", "system:node:x",
        "system:serviceaccount:a:b?c=d", "system:serviceaccount::", "system:serviceaccount:..:x"}) {
    const auto credential = readCredential(secretOf(tokenOf(claims(issued + 3h, subject))));
    ASSERT_TRUE(credential);
    EXPECT_FALSE(credential->renewable()) << subject;
  }
}

TEST(Credentials, WhatCannotBeRenewedIsWarnedOfFourteenDaysBefore) {
  const kube::test::TestCa ca;
  const auto identity = ca.issue({.validUntil = 3600s, .client = true});
  CredentialSecret secret;
  secret.certificatePem = identity.certificatePem;
  secret.keyPem = kube::Secret(identity.keyPem);
  const auto credential = readCredential(secret);
  ASSERT_TRUE(credential) << credential.error().message;
  const auto end = *credential->expiresAt;
  EXPECT_EQ(warningOf(*credential, end - 15 * 24h), "");
  EXPECT_THAT(warningOf(*credential, end - 13 * 24h), HasSubstr("client certificate expires at"));
  EXPECT_THAT(warningOf(*credential, end + 1s), HasSubstr("expired"));
}

TEST(Credentials, TheFirstCertificateOfABundleToEndIsWarnedOfByName) {
  const kube::test::TestCa ca;
  const auto lasting = [&](const std::string& name, std::chrono::seconds until) {
    return ca.issue({.commonName = name, .validUntil = until}).certificatePem;
  };
  const auto lapse = kube::firstLapse(lasting("long", 90 * 24h) + lasting("short", 20 * 24h));
  ASSERT_TRUE(lapse) << lapse.error().message;
  EXPECT_EQ(warningOf(*lapse, lapse->at - 15 * 24h), "");
  EXPECT_THAT(warningOf(*lapse, lapse->at - 13 * 24h),
              HasSubstr("certificate \"CN=short\" of access.caBundle expires at"));
  EXPECT_THAT(warningOf(*lapse, lapse->at), HasSubstr("expired"));
}

TEST(Credentials, ACertificateWhoseSuccessorIsInTheBundleIsNotWarnedOf) {
  const kube::test::TestCa ca;
  const auto lasting = [&](const std::string& name, std::chrono::seconds until) {
    return ca.issue({.commonName = name, .validUntil = until}).certificatePem;
  };
  const auto lapse = kube::firstLapse(lasting("a", 60 * 24h) + lasting("a", 2h) + lasting("b", 30 * 24h));
  ASSERT_TRUE(lapse) << lapse.error().message;
  EXPECT_EQ(lapse->subject, "CN=b");
}

TEST(Credentials, AShortTokenIsWarnedOfOnlyWhenItsRenewalIsLate) {
  const auto credential = readCredential(secretOf(tokenOf(claims(issued + 4h, account))));
  ASSERT_TRUE(credential);
  EXPECT_EQ(warningOf(*credential, issued + 2h + 50min), "");
  EXPECT_THAT(warningOf(*credential, issued + 3h + 10min), HasSubstr("could not be renewed"));
}

TEST(Credentials, NeitherFormOrHalfOfOneIsRefusedWithWhatToDo) {
  EXPECT_THAT(readCredential(secretOf("")).error().message, HasSubstr("must hold either token"));
  auto both = secretOf("t");
  both.certificatePem = "x";
  EXPECT_THAT(readCredential(both).error().message, HasSubstr("must hold either token"));
  auto half = secretOf("");
  half.certificatePem = "x";
  EXPECT_THAT(readCredential(half).error().message, HasSubstr("only one of"));
}

}  // namespace
}  // namespace bailiwick::peers
