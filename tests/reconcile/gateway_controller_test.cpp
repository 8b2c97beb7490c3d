#include "reconcile/gateway_controller.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcile/region_in_memory.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char configMaps[] = "/api/v1/namespaces/bailiwick-system/configmaps/";

class GatewayControllerTest : public ::testing::Test {
 protected:
  RegionInMemory region;
  bool enabled = true;
  int told = 0;
  std::unique_ptr<reconcile::GatewayController> gateway;

  void SetUp() override {
    region.h200Deployment("one");
    region.h200Deployment("two");
    peer("zrh", "enJo");
    region.start();
    reconcile::GatewayController::Config config;
    config.transport = &region.api;
    config.caches = &region.caches;
    config.planner = region.planner.get();
    config.environment = [this](const api::Region& own) {
      render::Environment environment{&own, &testCatalog(), "sidecar:1", {}, {}, {}};
      if (enabled) environment.gateway = render::OwnGateway{"bailiwick-system", "gw"};
      return environment;
    };
    config.changed = [this] { ++told; };
    gateway = std::make_unique<reconcile::GatewayController>(std::move(config));
  }

  void peer(const std::string& name, const std::string& authority) {
    region.api.put("/apis/bailiwick.dev/v1alpha1/regions/" + name,
                   {{"spec",
                     {{"provider", "on-premises"}, {"location", "rack"}, {"jurisdiction", "CH"},
                      {"gateway", {{"address", "gw.example:8443"}, {"caBundle", authority}}}}}});
  }
  kube::Outcome turn() {
    region.plan();
    return gateway->reconcile({});
  }
  void setBoth() {
    gateway->set({"team", "one"}, "first");
    gateway->set({"team", "two"}, "second");
  }
  // Of all shards: a file's text by its name.
  std::map<std::string, std::string> tables() const {
    std::map<std::string, std::string> found;
    for (int shard = 0; shard < render::gatewayShards; ++shard) {
      const auto object = region.api.get(configMaps + ("gw-routes-" + std::to_string(shard)));
      if (!object.contains("data")) continue;
      for (const auto& [file, text] : object.at("data").items()) {
        found.emplace(file, text.get<std::string>());
      }
    }
    return found;
  }
  std::vector<std::string> writesSince(std::size_t before) const {
    const auto all = region.api.writes();
    return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
  }
};

TEST_F(GatewayControllerTest, NothingIsWrittenWhileADeploymentHasNotToldItsTable) {
  gateway->set({"team", "one"}, "first");
  EXPECT_TRUE(std::holds_alternative<kube::RequeueAfter>(turn()));
  EXPECT_THAT(region.api.writes(), IsEmpty());
}

TEST_F(GatewayControllerTest, ItsConfigurationItsPeersAndEveryTableAreWritten) {
  setBoth();
  EXPECT_TRUE(std::holds_alternative<kube::Done>(turn()));
  EXPECT_EQ(tables(), (std::map<std::string, std::string>{{"team.one.yaml", "first"},
                                                          {"team.two.yaml", "second"}}));
  EXPECT_EQ(region.api.get(configMaps + std::string("gw-peers")).at("binaryData"),
            (nlohmann::json{{"zrh.crt", "enJo"}}))
      << "one's own authority lets no peer in";
  const auto config = region.api.get(configMaps + std::string("gw"));
  EXPECT_NE(config.at("data").at("sidecar.yaml").get<std::string>().find("region: \"fra\""),
            std::string::npos);
  region.plan();
  const auto meta = region.caches.meta(kube::resources::configMaps, {"bailiwick-system", "gw"});
  ASSERT_TRUE(meta);
  EXPECT_TRUE(reconcile::GatewayController::owns(*meta));
}

TEST_F(GatewayControllerTest, WhatIsThereAlreadyIsNotWrittenAgain) {
  setBoth();
  turn();
  const auto before = region.api.writes().size();
  turn();
  EXPECT_THAT(writesSince(before), IsEmpty());
}

TEST_F(GatewayControllerTest, ATableThatChangesIsToldAndItsShardAloneIsWritten) {
  setBoth();
  turn();
  const auto before = region.api.writes().size();
  told = 0;
  gateway->set({"team", "one"}, "first");
  EXPECT_EQ(told, 0) << "it is the same";
  gateway->set({"team", "one"}, "third");
  EXPECT_EQ(told, 1);
  turn();
  EXPECT_THAT(writesSince(before), SizeIs(1));
  EXPECT_EQ(tables().at("team.one.yaml"), "third");
}

TEST_F(GatewayControllerTest, TheTableOfADeploymentThatIsGoneIsTakenAway) {
  setBoth();
  turn();
  region.api.erase(mdepsPath + "one");
  told = 0;
  gateway->forget({"team", "one"});
  gateway->forget({"team", "never"});
  EXPECT_EQ(told, 1);
  turn();
  EXPECT_EQ(tables(), (std::map<std::string, std::string>{{"team.two.yaml", "second"}}));
}

TEST_F(GatewayControllerTest, WhoeverTakesOneAwayGetsItBack) {
  setBoth();
  turn();
  region.api.erase(configMaps + std::string("gw-peers"));
  turn();
  EXPECT_FALSE(region.api.get(configMaps + std::string("gw-peers")).is_null());
}

TEST_F(GatewayControllerTest, AnotherAuthorityOfAPeerAndANewPeerAreFollowed) {
  setBoth();
  turn();
  peer("zrh", "bmV3");
  peer("sto", "c3Rv");
  turn();
  EXPECT_EQ(region.api.get(configMaps + std::string("gw-peers")).at("binaryData"),
            (nlohmann::json{{"sto.crt", "c3Rv"}, {"zrh.crt", "bmV3"}}));
}

TEST_F(GatewayControllerTest, ARegionWithoutAGatewayHasNoneOfIt) {
  enabled = false;
  setBoth();
  EXPECT_TRUE(std::holds_alternative<kube::Done>(turn()));
  EXPECT_THAT(region.api.writes(), IsEmpty());
}

TEST_F(GatewayControllerTest, ARefusedWriteIsTriedAgain) {
  setBoth();
  region.api.answer = [](const kube::Request&) {
    return std::optional(statusResponse(500, "InternalError", "etcd is busy"));
  };
  EXPECT_FALSE(std::holds_alternative<kube::Done>(turn()));
  region.api.answer = nullptr;
  turn();
  EXPECT_THAT(tables(), SizeIs(2));
}

}  // namespace
}  // namespace bailiwick::testing
