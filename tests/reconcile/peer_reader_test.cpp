// Reads for the handover: what a peer says it holds counts only where its gateway serves it.

#include "reconcile/peer_reader.hpp"

#include "peers/peers_in_memory.hpp"
#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using nlohmann::json;

const std::string mdep = "/apis/bailiwick.dev/v1alpha1/namespaces/team/modeldeployments/assistant";

// One's own gateway.
class Gateway final : public kube::Transport {
 public:
  Gateway(const std::atomic<int>& status, std::atomic<int>& asked)
      : status_(status), asked_(asked) {}
  tl::expected<kube::Response, kube::TransportError> send(const kube::Request&,
                                                          std::stop_token) override {
    return tl::unexpected(kube::TransportError{});
  }
  tl::expected<void, kube::TransportError> stream(const kube::Request&, kube::StreamSink& sink,
                                                  std::chrono::milliseconds,
                                                  std::stop_token) override {
    ++asked_;
    sink.onHead({status_.load(), "application/json", std::nullopt});
    return {};
  }

 private:
  const std::atomic<int>& status_;
  std::atomic<int>& asked_;
};

struct FreshReads : ::testing::Test, PeersInMemory {
  std::atomic<int> says{200}, asked{0};
  std::unique_ptr<reconcile::FreshReader> reader;

  static json withGateway(const std::string& country, const json& access, json gateway) {
    auto region = regionJson(country, access);
    region["spec"]["gateway"] = std::move(gateway);
    return region;
  }
  json gateway() const {
    return {{"address", "gw.example:8443"}, {"caBundle", kube::encodeBase64(ca.pem())}};
  }
  void begin(bool probes = true) {
    zrh.put(mdep, {{"metadata", {{"namespace", "team"}}},
                   {"spec",
                    {{"servedName", "m"}, {"placement", {{"jurisdictions", {"EU"}}}},
                     {"variants", {{{"name", "h200"}, {"passport", "p"}}}}}}});
    start();
    ASSERT_TRUE(eventually([this] { return status().health == "Live"; }));
    std::unique_ptr<peers::GatewayProbe> probe;
    if (probes) {
      probe = std::make_unique<peers::GatewayProbe>(
          kube::ServerUrl{"127.0.0.1", 8443, ""}, "gw.bailiwick-system.svc",
          [this](kube::ClusterConfig) { return std::make_unique<Gateway>(says, asked); });
    }
    reader = std::make_unique<reconcile::FreshReader>(*peers, regions->store(), testCatalog(),
                                                      "fra", std::move(probe));
  }
  bool counts() {
    const auto ours = makeDeployment("assistant", "team").in({"EU"}).obj();
    return reader->readAfresh("zrh", ours, {}).has_value();
  }
};

TEST_F(FreshReads, WithGatewaysAPeerIsAskedThroughOnesOwn) {
  home.put(regionsPath + "fra", withGateway("DE", {}, gateway()));
  home.put(regionsPath + "zrh", withGateway("CH", accessJson(), gateway()));
  begin();
  EXPECT_TRUE(counts());
  EXPECT_EQ(asked, 1);
  says = 503;
  EXPECT_FALSE(counts());
}

TEST_F(FreshReads, OfADeploymentThatMayNotPassThroughThisRegionItsWordIsTaken) {
  home.put(regionsPath + "fra", withGateway("US", {}, gateway()));
  home.put(regionsPath + "zrh", withGateway("CH", accessJson(), gateway()));
  says = 503;
  begin();
  EXPECT_TRUE(counts());
  EXPECT_EQ(asked, 0);
}

TEST_F(FreshReads, WithoutAGatewayThereItsWordIsTaken) {
  home.put(regionsPath + "fra", withGateway("DE", {}, gateway()));
  begin();
  EXPECT_TRUE(counts());
  EXPECT_EQ(asked, 0);
}

// The connection to it stays where its object becomes unreadable.
TEST_F(FreshReads, WhoseRegionObjectCannotBeReadMayHaveAGatewayAndIsNotCounted) {
  home.put(regionsPath + "fra", withGateway("DE", {}, gateway()));
  begin();
  home.put(regionsPath + "zrh", withGateway("CH", accessJson(), {{"caBundle", "eA=="}}));
  ASSERT_TRUE(eventually([this] {
    return !regions->store().get(api::Key{"", "zrh"})->decodeError.empty();
  }));
  EXPECT_FALSE(counts());
  EXPECT_EQ(asked, 0);
}

TEST_F(FreshReads, WithoutAProbeNobodyIsAskedThroughAGateway) {
  home.put(regionsPath + "fra", withGateway("DE", {}, gateway()));
  home.put(regionsPath + "zrh", withGateway("CH", accessJson(), gateway()));
  begin(false);
  EXPECT_TRUE(counts());
}

}  // namespace
}  // namespace bailiwick::testing
