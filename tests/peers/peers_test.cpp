#include "peers/peers_in_memory.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;

struct Peers : ::testing::Test, PeersInMemory {
  void live() {
    start();
    ASSERT_TRUE(eventually([this] { return status().health == "Live"; })) << reason("Reachable");
  }
  void becomes(const std::string& health) {
    EXPECT_TRUE(eventually([&] { return status().health == health; }))
        << status().health << " " << reason("Reachable") << " " << message("Reachable");
  }
};

TEST_F(Peers, ARegionIsUnknownUntilItsHeartbeatIsSeenToChange) {
  fallSilent();
  beatOnce();
  start();
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(status().health, "Unknown") << "what the first look shows may be a year old";
  beatOnce();
  becomes("Live");
}

TEST_F(Peers, ALiveRegionIsReadAndItsClusterIsKnown) {
  zrh.put("/apis/bailiwick.dev/v1alpha1/namespaces/team/modeldeployments/a",
          {{"metadata", {{"namespace", "team"}, {"name", "a"}}}, {"spec", {{"servedName", "a"}}}});
  live();
  EXPECT_TRUE(eventually([this] {
    const auto view = peers->view();
    return view.peers.size() == 1 && view.peers[0].own && view.peers[0].deployments &&
           view.peers[0].deployments->size() == 1;
  }));
  EXPECT_EQ(status().clusterUID, "uid-zrh");
  EXPECT_EQ(reason("SpecInSync"), "SameEverywhere");
  ASSERT_EQ(dialled().size(), 1u);
  EXPECT_EQ(dialled()[0].token.inlineText.reveal(), "opaque");
}

TEST_F(Peers, TheStatusIsTheSameWhileNothingButHeartbeatsComes) {
  live();
  const auto write = [this] {
    auto region = home.get(regionsPath + "zrh");
    region["status"].merge_patch(api::toJson(status()));
    home.put(regionsPath + "zrh", region);
    std::this_thread::sleep_for(300ms);
  };
  write();
  write();  // now of the generation that stays
  const auto written = regions->store().get(api::Key{"", "zrh"})->status;
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(api::toJson(status()), api::toJson(written));
  }
}

TEST_F(Peers, SilenceAndNoAnswerIsSuspectAndThenLost) {
  live();
  fallSilent();
  weather = Weather::Unreachable;
  becomes("Suspect");
  EXPECT_EQ(reason("Reachable"), "Unreachable");
  becomes("Lost");
}

TEST_F(Peers, ARegionThatHangsIsFoundAsFastAsOneThatDied) {
  live();
  fallSilent();
  weather = Weather::Hanging;
  const auto began = std::chrono::steady_clock::now();
  becomes("Lost");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 13s);
}

TEST_F(Peers, AnOperatorThatIsDownWhileItsApiAnswersIsNotLost) {
  live();
  fallSilent();
  becomes("Suspect");
  std::this_thread::sleep_for(8s);
  EXPECT_EQ(status().health, "Suspect");
  EXPECT_EQ(reason("Ready"), "OperatorDown");
}

struct RefusedRow {
  const char* name;
  Weather weather;
};
struct RefusedPeers : Peers, ::testing::WithParamInterface<RefusedRow> {};

TEST_P(RefusedPeers, AreUnknownAndNeverLost) {
  live();
  fallSilent();
  weather = GetParam().weather;
  becomes("Unknown");
  EXPECT_EQ(reason("Reachable"), "CredentialRefused");
  std::this_thread::sleep_for(11s);
  EXPECT_EQ(status().health, "Unknown");
  weather = Weather::Fair;
  beating = true;
  becomes("Live");
}

INSTANTIATE_TEST_SUITE_P(Rows, RefusedPeers,
                         ::testing::Values(RefusedRow{"Unauthorized", Weather::Unauthorized},
                                           RefusedRow{"Forbidden", Weather::Forbidden},
                                           RefusedRow{"Certificate", Weather::WrongCertificate}),
                         [](const auto& row) { return row.param.name; });

TEST_F(Peers, ARefusalNamesTheSecretAndWhatMendsIt) {
  live();
  fallSilent();
  weather = Weather::Unauthorized;
  becomes("Unknown");
  EXPECT_EQ(message("Reachable"),
            "region zrh refuses the credential of Secret bailiwick-system/peer-zrh: Unauthorized; "
            "kubectl bailiwick join --credential there makes a new one");
}

struct PageRow {
  const char* name;
  Weather weather;
};
struct PagesOfOthers : Peers, ::testing::WithParamInterface<PageRow> {};

TEST_P(PagesOfOthers, AreNoAnswerOfTheRegion) {
  live();
  fallSilent();
  weather = GetParam().weather;
  becomes("Suspect");
  EXPECT_EQ(reason("Reachable"), "Unreachable");
  EXPECT_THAT(message("Reachable"), HasSubstr("text/html"));
  becomes("Lost");
}

INSTANTIATE_TEST_SUITE_P(Rows, PagesOfOthers,
                         ::testing::Values(PageRow{"WithSuccess", Weather::Page},
                                           PageRow{"NotFound", Weather::MissingPage}),
                         [](const auto& row) { return row.param.name; });

// PeersInMemory's clock is long after the end of the test's authority.
TEST_F(Peers, TheEndOfItsAuthorityIsWarnedOf) {
  live();
  EXPECT_EQ(reason("Reachable"), "CredentialWarning");
  EXPECT_THAT(message("Reachable"), HasSubstr("its token is static"));
  EXPECT_THAT(message("Reachable"), HasSubstr("certificate \"CN=test CA\" of access.caBundle expired"));
}

TEST_F(Peers, ANewSecretIsUsedWithoutARestart) {
  live();
  secret("another");
  EXPECT_TRUE(eventually([this] {
    return dialled().back().token.inlineText.reveal() == "another";
  }));
  becomes("Live");
}

TEST_F(Peers, AMissingSecretIsSaidByItsName) {
  home.erase(secretPath);
  start();
  EXPECT_TRUE(eventually([this] { return reason("Reachable") == "CredentialMissing"; }));
  EXPECT_THAT(message("Reachable"), HasSubstr("bailiwick-system/peer-zrh"));
  EXPECT_EQ(status().health, "Unknown");
  EXPECT_TRUE(eventually([this] { return reason("Ready") == "CredentialMissing"; }));
}

TEST_F(Peers, AnAddressThatHandsOutCredentialsIsNeverDialled) {
  for (const auto* server : {"https://169.254.169.254", "https://metadata.google.internal",
                             "https://100.100.100.200", "http://127.0.0.1:6443"}) {
    home.put(regionsPath + "zrh", regionJson("CH", accessJson(server)));
    if (!peers) start();
    EXPECT_TRUE(eventually([&] {
      return reason("Reachable") == "AccessInvalid" &&
             message("Reachable").find("server") != std::string::npos;
    })) << server;
  }
  EXPECT_EQ(dials, 0);
}

// As the system's resolver does while its own servers do not answer.
TEST_F(Peers, AResolverThatHangsHoldsUpNeitherAnotherAddressNorTheEnd) {
  auto asked = std::make_shared<std::atomic<int>>(0);
  resolve = [asked](const std::string&) {
    ++*asked;
    std::this_thread::sleep_for(30s);
    return peers::Addresses{};
  };
  home.put(regionsPath + "zrh", regionJson("CH", accessJson("https://zrh.example:6443")));
  start();
  ASSERT_TRUE(eventually([&] { return *asked == 1; }));
  std::this_thread::sleep_for(1s);
  EXPECT_EQ(*asked, 1) << "one at a time";
  home.put(regionsPath + "zrh", regionJson("CH", accessJson()));
  EXPECT_TRUE(eventually([this] { return status().health == "Live"; }, 10s));
  home.put(regionsPath + "zrh", regionJson("CH", accessJson("https://zrh.example:6443")));
  ASSERT_TRUE(eventually([&] { return *asked == 2; }));
  const auto begun = std::chrono::steady_clock::now();
  peers->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

TEST_F(Peers, ANameWithoutAnAddressIsSilenceAndNoRefusal) {
  resolve = [](const std::string&) { return peers::Addresses{}; };
  home.put(regionsPath + "zrh", regionJson("CH", accessJson("https://zrh.example:6443")));
  start();
  ASSERT_TRUE(eventually([this] { return reason("Reachable") == "Unreachable"; }));
  EXPECT_THAT(message("Reachable"), HasSubstr("cannot resolve zrh.example"));
  EXPECT_TRUE(eventually([this] { return status().health == "Lost"; }));
  EXPECT_EQ(dials, 0);
}

// The name of a region that is lost may go with it.
TEST_F(Peers, WhoIsLostStaysSoThoughItsNameMeansNothingAndIsFoundWhereItWas) {
  std::atomic<bool> named = true;
  std::atomic<int> asked = 0;
  resolve = [&](const std::string&) {
    ++asked;
    return named ? peers::Addresses{"192.0.2.7"} : peers::Addresses{};
  };
  home.put(regionsPath + "zrh", regionJson("CH", accessJson("https://zrh.example:6443")));
  start();
  ASSERT_TRUE(eventually([this] { return status().health == "Live"; }));
  named = false;
  weather = Weather::Unreachable;
  beating = false;
  ASSERT_TRUE(eventually([this] { return status().health == "Lost"; }));
  ASSERT_TRUE(eventually([&] { return asked >= 2; }, 30s)) << "it is looked up again";
  std::this_thread::sleep_for(1s);
  EXPECT_EQ(status().health, "Lost");
  EXPECT_EQ(reason("Reachable"), "Unreachable");
  weather = Weather::Fair;
  beating = true;
  EXPECT_TRUE(eventually([this] { return status().health == "Returning"; }));
  for (const auto& cluster : dialled()) EXPECT_EQ(cluster.server.host, "192.0.2.7");
  peers->stop();
}

TEST_F(Peers, AnotherClusterInItsPlaceIsNotTheRegionThatIsKnown) {
  auto region = regionJson("CH", accessJson());
  region["status"] = {{"clusterUID", "uid-of-the-old-one"}, {"health", "Live"}};
  home.put(regionsPath + "zrh", region);
  start();
  EXPECT_TRUE(eventually([this] { return reason("Reachable") == "OtherCluster"; }));
  EXPECT_THAT(message("Reachable"), HasSubstr("uid-zrh"));
  EXPECT_EQ(status().clusterUID, "uid-of-the-old-one") << "it stays the one that is known";
  becomes("Lost");
}

TEST_F(Peers, AnOperatorThatTakesItselfForAnotherRegionIsNotBelieved) {
  zrh.erase(regionsPath + "zrh");
  zrh.put(regionsPath + "fra", ownRegionJson("uid-x"));
  start();
  EXPECT_TRUE(eventually([this] { return reason("Reachable") == "NameConflict"; }));
  EXPECT_EQ(status().health, "Unknown");
}

TEST_F(Peers, AnotherRegionThatWasReachedInItsPlaceIsNamedThoughItShowsNoHeartbeat) {
  weather = Weather::ForbiddenHeartbeat;
  zrh.put(regionsPath + "iad", ownRegionJson("uid-x"));
  zrh.erase(regionsPath + "zrh");
  start();
  EXPECT_TRUE(eventually([this] { return reason("Reachable") == "NameConflict"; }))
      << reason("Reachable");
  EXPECT_THAT(message("Reachable"), HasSubstr("says that it is region iad, not zrh"));
  EXPECT_EQ(status().health, "Unknown");
}

TEST_F(Peers, AWatchThatStandsStillIsNoHeartbeat) {
  live();
  zrh.holdWatches(true);
  std::this_thread::sleep_for(2s);
  EXPECT_EQ(status().health, "Live") << "it is asked for";
  fallSilent();
  becomes("Suspect");
}

// Its cluster may have been restored from a backup meanwhile.
TEST_F(Peers, WhoWasAwayForThreeSecondsIsReadAnew) {
  live();
  ASSERT_EQ(firstSets, 1);
  fallSilent();
  weather = Weather::Unreachable;
  ASSERT_TRUE(eventually([this] { return reason("Reachable") == "Unreachable"; }));
  std::this_thread::sleep_for(3500ms);
  weather = Weather::Fair;
  beating = true;
  EXPECT_TRUE(eventually([this] { return firstSets == 2; })) << firstSets;
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(firstSets, 2) << "once";
}

TEST_F(Peers, WhoWasAwayForAMomentIsNotReadAnew) {
  live();
  fallSilent();
  weather = Weather::Unreachable;
  std::this_thread::sleep_for(2s);
  weather = Weather::Fair;
  beating = true;
  std::this_thread::sleep_for(2s);
  EXPECT_EQ(status().health, "Live");
  EXPECT_EQ(firstSets, 1);
}

TEST_F(Peers, WhoIsReachedForTheFirstTimeIsReadOnce) {
  weather = Weather::Unreachable;
  start();
  std::this_thread::sleep_for(4500ms);
  weather = Weather::Fair;
  becomes("Live");
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(firstSets, 1);
}

TEST_F(Peers, WhatAPeerSaysOfAnotherRegionIsComparedAnew) {
  home.put(regionsPath + "iad", regionJson("US", {}));
  zrh.put(regionsPath + "iad", regionJson("US", {}));
  live();
  std::this_thread::sleep_for(600ms);
  const auto times = [this] {
    const std::lock_guard lock(toldMutex);
    return std::count(told.begin(), told.end(), "iad");
  };
  const auto before = times();
  auto theirs = zrh.get(regionsPath + "iad");
  theirs["spec"]["jurisdiction"] = "CA";
  zrh.put(regionsPath + "iad", theirs);
  EXPECT_TRUE(eventually([&] { return times() > before; }, 5s));
}

TEST_F(Peers, WhatAPeerOnlyRelaysIsNoReasonToPlanAgain) {
  const std::string path = "/apis/bailiwick.dev/v1alpha1/namespaces/team/modeldeployments/m";
  zrh.put(path, {{"metadata", {{"namespace", "team"}, {"name", "m"}}}, {"spec", {{"servedName", "m"}}}});
  const auto put = [&](const char* ownHealth, const char* relayedHealth) {
    auto object = zrh.get(path);
    object["status"]["regions"] = {
        {{"name", "zrh"}, {"self", true}, {"health", ownHealth}},
        {{"name", "iad"}, {"self", false}, {"health", relayedHealth}}};
    zrh.put(path, object);
  };
  put("Live", "Live");
  live();
  ASSERT_TRUE(eventually([this] { return changes > 0; }));
  const int before = changes;
  put("Live", "Suspect");
  std::this_thread::sleep_for(500ms);
  EXPECT_EQ(changes, before);
  put("Cordoned", "Suspect");
  EXPECT_TRUE(eventually([&] { return changes > before; }));
}

TEST_F(Peers, AnAccessThatLeadsHomeIsNoPeer) {
  zrh.put(regionsPath + "zrh", ownRegionJson("uid-fra"));
  start();
  EXPECT_TRUE(eventually([this] { return reason("Reachable") == "SameCluster"; }));
}

TEST_F(Peers, ReadsOfADeploymentAskThePeerItself) {
  const std::string path = "/apis/bailiwick.dev/v1alpha1/namespaces/team/modeldeployments/a";
  const auto put = [&](const std::string& label) {
    zrh.put(path, {{"metadata",
                    {{"namespace", "team"}, {"name", "a"}, {"labels", {{"seen", label}}}}},
                   {"spec", {{"servedName", "a"}}}});
  };
  put("before");
  live();
  zrh.holdWatches(true);
  put("after");
  const auto read = peers->readAfresh("zrh", {"team", "a"}, {});
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->meta.labels.has("seen", "after"));
  EXPECT_FALSE(peers->readAfresh("iad", {"team", "a"}, {}));
  weather = Weather::Hanging;
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(peers->readAfresh("zrh", {"team", "a"}, {}));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
}

TEST_F(Peers, ARegionIsNotTakenForAloneBeforeTheFirstConnectionIsMade) {
  prepare();
  ASSERT_TRUE(regions->waitSettled(20s));
  EXPECT_TRUE(peers->any());
  ASSERT_EQ(peers->view().peers.size(), 1u);
  EXPECT_EQ(peers->view().peers[0].deployments, nullptr);
}

TEST_F(Peers, WithoutRegionsToReachThereAreNone) {
  home.put(regionsPath + "zrh", regionJson("CH", {}));
  start();
  std::this_thread::sleep_for(300ms);
  EXPECT_FALSE(peers->any());
  EXPECT_TRUE(peers->view().peers.empty());
  EXPECT_FALSE(peers->agreementOnOwn(*regions->store().get(api::Key{"", "fra"})));
  EXPECT_TRUE(home.writes().empty());
}

TEST(PeersBeforeTheyConnect, AreUnknownAndNotAbsent) {
  PeersInMemory fleet;
  fleet.prepare();
  ASSERT_TRUE(fleet.regions->waitSettled(20s));
  const auto orders = fleet.peers->orders("exit-a");
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].region, "zrh");
  EXPECT_FALSE(orders[0].known);
}

}  // namespace
}  // namespace bailiwick::testing
