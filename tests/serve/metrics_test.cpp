#include "serve/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bailiwick::serve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::shared_ptr<const api::Region> region(const std::string& name, const char* intact) {
  api::Region made;
  made.meta.key.name = name;
  if (intact) made.status.conditions.push_back({"EvidenceIntact", intact, 1, {}, "R", "of exit-a"});
  return std::make_shared<const api::Region>(std::move(made));
}

TEST(Metrics, PeersThatRewroteTheirEvidenceAreCountedUntilTheirRegionsGo) {
  Metrics metrics("1.0", "fra");
  EXPECT_THAT(metrics.text(), HasSubstr("\nbailiwick_peers_evidence_rewritten 0\n"));
  metrics.seen({region("fra", nullptr), region("gya", "True"), region("iad", "Unknown"),
                region("old", "False"), region("zrh", "False")});
  EXPECT_THAT(metrics.text(), HasSubstr("\nbailiwick_peers_evidence_rewritten 2\n"));
  metrics.seen({region("zrh", "False")});
  EXPECT_THAT(metrics.text(), HasSubstr("\nbailiwick_peers_evidence_rewritten 1\n"));
}

std::shared_ptr<const api::Region> peer(const std::string& name, const std::string& health) {
  api::Region made;
  made.meta.key.name = name;
  made.access.emplace();
  made.status.health = health;
  return std::make_shared<const api::Region>(std::move(made));
}

std::string healthSeries(const std::string& name, const std::string& health, int value) {
  return "bailiwick_peer_health{health=\"" + health + "\",peer=\"" + name + "\"} " +
         std::to_string(value) + "\n";
}

TEST(Metrics, EachPeersHealthIsOneOfSixUntilItsRegionGoes) {
  Metrics metrics("1.0", "fra");
  metrics.seen({peer("fra", "Live"), peer("zrh", "Lost"), peer("iad", ""), region("gya", nullptr)});
  EXPECT_THAT(metrics.text(), HasSubstr(healthSeries("zrh", "Lost", 1)));
  EXPECT_THAT(metrics.text(), HasSubstr(healthSeries("zrh", "Live", 0)));
  EXPECT_THAT(metrics.text(), HasSubstr(healthSeries("iad", "Unknown", 1)));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("peer=\"fra\""))) << "it is no peer of itself";
  EXPECT_THAT(metrics.text(), Not(HasSubstr("peer=\"gya\""))) << "it has no access";
  metrics.seen({peer("zrh", "Live")});
  EXPECT_THAT(metrics.text(), HasSubstr(healthSeries("zrh", "Lost", 0)));
  EXPECT_THAT(metrics.text(), HasSubstr(healthSeries("zrh", "Live", 1)));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("peer=\"iad\"")));
}

TEST(Metrics, HeartbeatsAndTheEndsOfCredentialsAreUnixTimes) {
  Metrics metrics("1.0", "fra");
  peers::PeerSight zrh, iad;
  zrh.region = "zrh";
  zrh.lastHeartbeat = api::Time(std::chrono::seconds(1'800'000'000));
  zrh.credentialEnds = api::Time(std::chrono::seconds(1'800'086'400));
  iad.region = "iad";  // static, and not seen yet
  metrics.sighted({iad, zrh});
  EXPECT_THAT(metrics.text(), HasSubstr("bailiwick_peer_last_heartbeat_timestamp_seconds{peer=\"zrh\"} "
                                        "1800000000\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("bailiwick_peer_credential_end_timestamp_seconds{peer=\"zrh\"} "
                                        "1800086400\n"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("iad")));
  metrics.sighted({});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("peer=\"zrh\"")));
}

TEST(Metrics, RefusedImportsAreCountedByReason) {
  Metrics metrics("1.0", "fra");
  api::Region own;
  own.meta.key.name = "fra";
  own.status.imports = {{"zrh", "team", "a", "NamespaceMissing", ""},
                        {"zrh", "team", "b", "NamespaceMissing", ""},
                        {"iad", "team", "c", "PolicyViolation", ""}};
  metrics.seen({std::make_shared<const api::Region>(own)});
  EXPECT_THAT(metrics.text(), HasSubstr("bailiwick_imports_refused{reason=\"NamespaceMissing\"} 2\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("bailiwick_imports_refused{reason=\"PolicyViolation\"} 1\n"));
  own.status.imports.clear();
  metrics.seen({std::make_shared<const api::Region>(own)});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("bailiwick_imports_refused{")));
}

}  // namespace
}  // namespace bailiwick::serve
