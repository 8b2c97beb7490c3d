// `join` and `fleet`, as far as no cluster is needed.

#include <gmock/gmock.h>

#include <sstream>

#include "kube/base64.hpp"
#include "plugin/fleet_report.hpp"
#include "plugin/join_manifests.hpp"
#include "plugin/run.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using nlohmann::ordered_json;

// (kind, rule) of everything that is granted.
std::vector<std::pair<std::string, ordered_json>> grants() {
  std::vector<std::pair<std::string, ordered_json>> all;
  for (const auto& one : plugin::accountManifests("fra", "zrh", "bailiwick-system")) {
    for (const auto& rule : one.value("rules", ordered_json::array())) {
      all.emplace_back(one["kind"], rule);
    }
  }
  return all;
}

TEST(Join, GrantsToReadTheFiveKindsAndTheHeartbeatAndToRenewItself) {
  const auto rules = grants();
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_EQ(rules[0].second["resources"],
            ordered_json({"modeldeployments", "modelpassports", "sovereigntypolicies", "regions",
                          "exitorders"}));
  EXPECT_EQ(rules[0].second["verbs"], ordered_json({"get", "list", "watch"}));
  EXPECT_EQ(rules[1].second["resourceNames"], ordered_json({"bailiwick-region-fra"}));
  EXPECT_EQ(rules[1].second["verbs"], ordered_json({"get", "list", "watch"}));
  EXPECT_EQ(rules[2].second["resources"], ordered_json({"serviceaccounts/token"}));
  EXPECT_EQ(rules[2].second["resourceNames"], ordered_json({"bailiwick-peer-zrh"}));
  EXPECT_EQ(rules[2].second["verbs"], ordered_json({"create"}));
}

TEST(Join, BindsNobodyButThePeersOwnAccount) {
  for (const auto& one : plugin::accountManifests("fra", "zrh", "bailiwick-system")) {
    for (const auto& subject : one.value("subjects", ordered_json::array())) {
      EXPECT_EQ(subject["name"], "bailiwick-peer-zrh");
      EXPECT_EQ(subject["kind"], "ServiceAccount");
    }
  }
}

TEST(Join, FindsTheAccountByTheBindingOfTheHeartbeatWhateverItsName) {
  const auto binding = [](const std::string& peer, const std::string& ns, const std::string& name) {
    return ordered_json{{"metadata", {{"labels", {{plugin::peerLabel, peer}}}}},
                        {"subjects",
                         {{{"kind", "ServiceAccount"}, {"namespace", ns}, {"name", name}},
                          {{"kind", "User"}, {"name", "zrh"}}}}};
  };
  auto made = plugin::accountManifests("fra", "zrh", "bailiwick-system");
  EXPECT_EQ(plugin::accountsOf("zrh", made),
            (std::set<api::Key>{{"bailiwick-system", "bailiwick-peer-zrh"}}));
  EXPECT_TRUE(plugin::accountsOf("iad", made).empty());
  made = {binding("zrh", "ops", "platform-bailiwick-peer-zrh"), binding("iad", "ops", "x"),
          {{"metadata", {{"name", "bailiwick-peer-zrh"}}}, {"subjects", nullptr}}};
  EXPECT_EQ(plugin::accountsOf("zrh", made),
            (std::set<api::Key>{{"ops", "platform-bailiwick-peer-zrh"}}));
}

TEST(Join, GivesThePeerTheSecretThatTheRegionObjectNames) {
  const auto secret = plugin::credentialManifest("fra", "token");
  EXPECT_EQ(secret["metadata"]["name"], "peer-fra");
  EXPECT_EQ(*kube::decodeBase64(secret["data"]["token"].get<std::string>()), "token");
  const ordered_json object = {
      {"metadata", {{"name", "fra"}, {"uid", "u"}, {"resourceVersion", "7"}, {"labels", {{"a", "b"}}}}},
      {"spec", {{"provider", "aws"}, {"jurisdiction", "DE"}}},
      {"status", {{"health", "Live"}}}};
  const auto region = plugin::regionManifest(object, "https://fra:6443", "Y2E=");
  EXPECT_EQ(region["metadata"], ordered_json({{"name", "fra"}, {"labels", {{"a", "b"}}}}));
  EXPECT_FALSE(region.contains("status"));
  EXPECT_EQ(region["spec"]["access"]["server"], "https://fra:6443");
  EXPECT_EQ(region["spec"]["access"]["credentialSecret"]["name"], "peer-fra");
}

TEST(Join, KeepsTheAccessThatTheFleetHasAgreedOn) {
  const ordered_json object = {{"metadata", {{"name", "fra"}}},
                               {"spec", {{"access", {{"server", "https://agreed"}}}}}};
  EXPECT_EQ(plugin::regionManifest(object, "", "")["spec"]["access"]["server"], "https://agreed");
}

api::Region region(const std::string& name, const std::string& health, const std::string& reason) {
  api::Region made;
  made.meta.key.name = name;
  made.jurisdiction = "DE";
  made.access.emplace();
  made.status.health = health;
  made.status.conditions.push_back(
      {"Reachable", reason == "Unreachable" ? "False" : "True", 1, {}, reason, "cannot connect"});
  return made;
}

api::ModelDeployment serving(const std::string& where, int share, int ready) {
  api::ModelDeployment deployment;
  api::RegionEntry entry;
  entry.name = where;
  entry.share = {{"h200", share}};
  entry.ready = {{"h200", ready}};
  deployment.status.regions.push_back(entry);
  return deployment;
}

TEST(Fleet, ShowsEachRegionWithWhatItServesAsSeenFromHere) {
  const auto rows = plugin::fleetOf({region("zrh", "Lost", "Unreachable"), region("fra", "Live", "Self")},
                                    {serving("fra", 2, 1), serving("fra", 3, 3), serving("zrh", 0, 0)});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "fra");
  EXPECT_TRUE(rows[0].self);
  EXPECT_FALSE(rows[0].concern);
  EXPECT_EQ(rows[0].deployments, 2);
  EXPECT_EQ(rows[0].share, 5);
  EXPECT_EQ(rows[0].ready, 4);
  EXPECT_EQ(rows[1].deployments, 0);
  EXPECT_TRUE(rows[1].concern);
  std::ostringstream out, err;
  std::istringstream in;
  const plugin::Terminal terminal{out, err, in, 100};
  const auto text = plugin::fleetText(rows, false, terminal, testTime);
  EXPECT_THAT(text, HasSubstr("fra *"));
  EXPECT_THAT(text, HasSubstr("4/5"));
  EXPECT_THAT(text, HasSubstr("zrh: cannot connect"));
  EXPECT_THAT(text, Not(HasSubstr("CLUSTER")));
  EXPECT_THAT(plugin::fleetText(rows, true, terminal, testTime), HasSubstr("CLUSTER"));
  EXPECT_EQ(plugin::fleetJson(rows)["regions"][1]["health"], "Lost");
}

TEST(Fleet, DoesNotCallReadyWhatNobodyHearsOf) {
  std::ostringstream out, err;
  std::istringstream in;
  const plugin::Terminal terminal{out, err, in, 100};
  const auto text = [&](const std::string& health) {
    return plugin::fleetText(plugin::fleetOf({region("zrh", health, "x")}, {serving("zrh", 3, 2)}),
                             false, terminal, testTime);
  };
  for (const auto* health : {"Lost", "Unknown"}) EXPECT_THAT(text(health), HasSubstr(" ?/3 "));
  for (const auto* health : {"Live", "Suspect"}) EXPECT_THAT(text(health), HasSubstr(" 2/3 "));
}

TEST(Fleet, HasHelpAndRefusesWhatItDoesNotKnow) {
  for (const auto* command : {"fleet", "join", "adopt"}) {
    EXPECT_EQ(runPlugin({command, "--help"}).code, 0);
    EXPECT_THAT(runPlugin({command, "--help"}).out, HasSubstr("kubectl bailiwick"));
    EXPECT_EQ(runPlugin({command, "--no-such-flag"}).code, 2);
  }
  EXPECT_EQ(runPlugin({"join"}).code, 2);
  EXPECT_EQ(runPlugin({"adopt", "pod/x"}).code, 2);
}

TEST(Join, RefusesANameThatNoRegionCanHave) {
  for (const auto& name : {std::string("ZRH"), std::string("a/b"), std::string("zrh-"),
                           std::string("a.b"), std::string(64, 'a')}) {
    const auto ran = runPlugin({"join", name});
    EXPECT_EQ(ran.code, 2) << name;
    EXPECT_THAT(ran.err, HasSubstr(name + ": no name of a Region")) << name;
  }
}

TEST(Join, RefusesAnAddressThatNoPeerWouldDial) {
  for (const auto* server : {"http://10.0.0.1", "fra.example", "https://169.254.169.254"}) {
    const auto ran = runPlugin({"join", "zrh", "--credential", "--server", server});
    EXPECT_EQ(ran.code, 2) << server;
    EXPECT_THAT(ran.err, HasSubstr(std::string("--server \"") + server)) << server;
  }
}

}  // namespace
}  // namespace bailiwick::testing
