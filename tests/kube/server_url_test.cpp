#include "kube/server_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bailiwick::kube {
namespace {

TEST(ServerUrl, AcceptsNamesAddressesPortsAndAPathPrefix) {
  const auto url = parseServerUrl("https://API.example.com:6443/k8s/clusters/c-1/");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(*url, (ServerUrl{"api.example.com", 6443, "/k8s/clusters/c-1"}));
  EXPECT_EQ(url->str(), "https://api.example.com:6443/k8s/clusters/c-1");
  EXPECT_EQ(parseServerUrl("https://10.0.0.1")->port, 443);
}

TEST(ServerUrl, AcceptsLoopback) {
  EXPECT_TRUE(parseServerUrl("https://127.0.0.1:6443"));
  EXPECT_TRUE(parseServerUrl("https://localhost:6443"));
  EXPECT_EQ(parseServerUrl("https://[::1]:6443")->str(), "https://[::1]:6443");
}

struct BadUrl {
  const char* url;
  const char* why;
};
class ServerUrlTable : public testing::TestWithParam<BadUrl> {};

TEST_P(ServerUrlTable, RefusesWithItsReason) {
  const auto url = parseServerUrl(GetParam().url);
  ASSERT_FALSE(url) << url->str();
  EXPECT_THAT(url.error().message, testing::HasSubstr(GetParam().why));
  EXPECT_THAT(url.error().message, testing::Not(testing::HasSubstr("s3cret")));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ServerUrlTable,
    testing::Values(
        BadUrl{"http://api.example.com", "use https://"},
        BadUrl{"api.example.com", "must begin with https://"},
        BadUrl{"HTTPS://api.example.com", "must begin with https://"},
        BadUrl{"https://", "no valid host"},
        BadUrl{"https://me:s3cret@api.example.com", "user or password"},
        BadUrl{"https://s3cret@api", "user or password"},
        BadUrl{"https://api?token=x", "query or a fragment"},
        BadUrl{"https://api#x", "query or a fragment"}, BadUrl{"https://api:0", "no valid port"},
        BadUrl{"https://api:65536", "no valid port"}, BadUrl{"https://api:6443x", "no valid port"},
        BadUrl{"https://api:", "no valid port"}, BadUrl{"https://api/../x", "path"},
        BadUrl{"https://api/a%2e", "path"}, BadUrl{"https://api//a", "path"},
        BadUrl{"https://a b", "no valid host"}, BadUrl{"https://-a", "no valid host"},
        BadUrl{"https://a..b", "no valid host"},
        BadUrl{"https://\xd0\xb0pi.example.com", "no valid host"},
        BadUrl{"https://::1", "no valid"}, BadUrl{"https://[127.0.0.1]", "no valid host"},
        BadUrl{"https://[::1", "no valid host"}, BadUrl{"https://169.254.169.254", "link-local"},
        BadUrl{"https://169.254.0.1:6443", "link-local"}, BadUrl{"https://[fe80::1]", "link-local"},
        BadUrl{"https://[::ffff:169.254.169.254]", "link-local"},
        BadUrl{"https://2852039166", "unusual spelling"},
        BadUrl{"https://0xa9fea9fe", "unusual spelling"},
        BadUrl{"https://169.254.43518", "unusual spelling"},
        BadUrl{"https://0251.0376.0251.0376", "unusual spelling"},
        BadUrl{"https://127.1", "unusual spelling"}, BadUrl{"https://100.100.100.200", "metadata"},
        BadUrl{"https://168.63.129.16", "metadata"}, BadUrl{"https://[fd00:ec2::254]", "metadata"},
        BadUrl{"https://[fd00:ec2::23]", "metadata"}, BadUrl{"https://[fd00:42:0::42]", "metadata"},
        BadUrl{"https://Metadata.Google.Internal", "metadata"},
        BadUrl{"https://0.0.0.0", "unspecified"}, BadUrl{"https://[::]", "unspecified"},
        BadUrl{"https://224.0.0.1", "multicast"}, BadUrl{"https://255.255.255.255", "multicast"}));

}  // namespace
}  // namespace bailiwick::kube
