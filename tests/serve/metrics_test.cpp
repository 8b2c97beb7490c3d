#include "serve/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bailiwick::serve {
namespace {

using ::testing::HasSubstr;

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

}  // namespace
}  // namespace bailiwick::serve
