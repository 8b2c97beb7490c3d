#include "render/network_policy.hpp"

#include "render/world.hpp"

namespace bailiwick::render {
namespace {

json specOf(const World& world, const api::ModelDeployment& deployment) {
  const auto objects = world.sharedOf(deployment);
  return find(objects, "NetworkPolicy", "assistant").body.at("spec");
}

TEST(NetworkPolicy, LetsOthersReachDataAndObserveOnly) {
  const World world;
  const json spec = specOf(world, assistant().variant(h200()).obj());
  EXPECT_EQ(spec.at("policyTypes"), (json{"Ingress", "Egress"}));
  ASSERT_EQ(spec.at("ingress").size(), 1U);
  EXPECT_EQ(at(spec, "/ingress/0/ports"),
            (json{{{"protocol", "TCP"}, {"port", 8080}}, {{"protocol", "TCP"}, {"port", 9091}}}));
}

TEST(NetworkPolicy, LetsPodsReachDnsTheApiServerAndTheirOwnGroup) {
  World world;
  world.environment.apiServer = {{"10.0.0.1", 6443}, {"2001:db8::1", 6443}};
  const json egress = specOf(world, assistant().variant(h200()).obj()).at("egress");
  ASSERT_EQ(egress.size(), 4U);
  EXPECT_EQ(at(egress, "/0/ports/0/port"), 53);
  EXPECT_EQ(at(egress, "/1/to/0/ipBlock/cidr"), "10.0.0.1/32");
  EXPECT_EQ(at(egress, "/2/to/0/ipBlock/cidr"), "2001:db8::1/128");
  EXPECT_EQ(at(egress, "/2/ports"), (json{{{"protocol", "TCP"}, {"port", 6443}}}));
  EXPECT_EQ(at(egress, "/3/ports"), (json{{{"protocol", "TCP"}, {"port", 8080}}}));
  for (const json& rule : egress) EXPECT_TRUE(rule.contains("to") && rule.contains("ports"));
}

TEST(NetworkPolicy, LetsEnginesThatSpanNodesAgreeOnPortsAmongThemselvesOnly) {
  const World world;
  const json spec = specOf(world, assistant().variant(h200().nodes(2)).obj());
  const json group = {
      {"podSelector",
       {{"matchLabels",
         {{"bailiwick.dev/deployment", "assistant"}, {"bailiwick.dev/role", "engine"}}}}}};
  EXPECT_EQ(spec.at("egress").back(), (json{{"to", json::array({group})}}));
  EXPECT_EQ(spec.at("ingress").back(), (json{{"from", json::array({group})}}));
}

TEST(NetworkPolicy, LetsPodsReachTheNetworksOfTheRegion) {
  World world;
  world.region.egressGateways = {"10.1.0.0/16"};
  world.region.egressWeightSources = {"192.0.2.0/24"};
  world.region.egressProviders = {"not a network"};
  const json rule = specOf(world, assistant().variant(h200()).obj()).at("egress")[1];
  EXPECT_EQ(rule.at("to"), (json{{{"ipBlock", {{"cidr", "10.1.0.0/16"}}}},
                                 {{"ipBlock", {{"cidr", "192.0.2.0/24"}}}}}));
}

TEST(IpBlock, NeverReachesTheAddressesThatHandOutCredentials) {
  struct Row {
    const char* cidr;
    const char* result;
  };
  const Row rows[] = {
      {"10.0.0.0/8", R"({"cidr": "10.0.0.0/8"})"},
      {"10.1.2.3/8", R"({"cidr": "10.0.0.0/8"})"},
      {"0.0.0.0/0",
       R"({"cidr": "0.0.0.0/0",
           "except": ["169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32"]})"},
      {"100.64.0.0/10", R"({"cidr": "100.64.0.0/10", "except": ["100.100.100.200/32"]})"},
      {"::/0", R"({"cidr": "::/0",
                   "except": ["fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128"]})"},
      {"2001:db8::1/33", R"({"cidr": "2001:db8::/33"})"},
      {"169.254.169.254/32", "null"},
      {"169.254.0.0/16", "null"},
      {"100.100.100.200/32", "null"},
      {"fe80::/64", "null"},
      {"10.0.0.0", "null"},
      {"10.0.0.0/33", "null"},
      {"10.0.0.0/-1", "null"},
      {"10.0.0.0/8x", "null"},
      {"x/8", "null"},
      {"", "null"},
  };
  for (const Row& row : rows) {
    const auto block = ipBlock(row.cidr);
    EXPECT_EQ(block ? *block : json(), json::parse(row.result)) << row.cidr;
  }
}

}  // namespace
}  // namespace bailiwick::render
