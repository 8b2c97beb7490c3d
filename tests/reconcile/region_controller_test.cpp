// What a region signs of the evidence that its peers show (protocols 8).

#include "reconcile/region_controller.hpp"

#include "api/hash.hpp"
#include "evidence/growth.hpp"
#include "peers/countersign.hpp"
#include "peers/peers_in_memory.hpp"
#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;

struct Countersigning : ::testing::Test, PeersInMemory {
  reconcile::Caches caches{testCatalog()};
  std::unique_ptr<reconcile::RegionController> controller;
  const evidence::SigningKey key = evidence::SigningKey::generate().value();
  std::optional<kube::ApiError> signingFails;
  int signedSoFar = 0;
  std::vector<std::string> digests;

  Countersigning() {
    for (int n = 0; n < 9; ++n) digests.push_back("sha256:" + api::sha256Hex(std::to_string(n)));
  }
  ~Countersigning() override { caches.stop(); }

  // Of so many records of the chain of zrh; with a proof from there.
  nlohmann::json head(std::size_t records, std::size_t from = 0) const {
    const auto seen = std::span(digests).first(records);
    nlohmann::json head = {{"order", "exit-a"}, {"head", seen.back()}, {"records", records},
                           {"root", evidence::rootOf(seen)}, {"countersigned", nlohmann::json::array()}};
    if (from > 0) {
      head["proofs"].push_back({{"from", from}, {"path", evidence::growthProof(seen, from)}});
    }
    return head;
  }
  void show(const nlohmann::json& head) {
    auto region = ownRegionJson("uid-zrh");
    region["status"]["evidenceHeads"] = {head};
    zrh.put(regionsPath + "zrh", region);
    // Told to who watches it before it is looked at.
    ASSERT_TRUE(eventually([&] {
      const auto view = peers->view();
      return view.peers.size() == 1 && view.peers[0].own &&
             !view.peers[0].own->status.evidenceHeads.empty() &&
             view.peers[0].own->status.evidenceHeads[0].head == head["head"] &&
             view.peers[0].own->status.evidenceHeads[0].proofs.size() == head.value("proofs", nlohmann::json::array()).size();
    }));
  }
  void live() {
    start();
    ASSERT_TRUE(eventually([this] { return status().health == "Live"; }));
    caches.regions.start(home);
    ASSERT_TRUE(caches.regions.waitSettled(20s));
    reconcile::RegionController::Config config;
    config.transport = &home;
    config.caches = &caches;
    config.peers = peers.get();
    config.region = "fra";
    config.countersign = [this](evidence::Countersignature& one,
                                std::stop_token) -> kube::ApiResult<void> {
      if (signingFails) return tl::unexpected(*signingFails);
      ++signedSoFar;
      one.key = key.publicKey().hex();
      one.signature = key.sign(evidence::statementOf(one));
      return {};
    };
    controller = std::make_unique<reconcile::RegionController>(std::move(config));
  }
  // The informers' view of zrh, once our own last write is in it.
  api::Region region() {
    const auto written = home.get(regionsPath + "zrh")["metadata"]["resourceVersion"];
    const auto seen = [&] {
      for (const auto* store : {&caches.regions.store(), &regions->store()}) {
        const auto one = store->get(api::Key{"", "zrh"});
        if (!one || one->meta.resourceVersion != written) return false;
      }
      return true;
    };
    EXPECT_TRUE(eventually(seen));
    return *caches.regions.store().get(api::Key{"", "zrh"});
  }
  api::EvidenceHead reconciled() {
    const auto done = controller->reconcilePeer("zrh", {});
    EXPECT_TRUE(std::holds_alternative<kube::Done>(done));
    const auto heads = region().status.evidenceHeads;
    return heads.size() == 1 ? heads[0] : api::EvidenceHead{};
  }
  bool signedByUs(const api::EvidenceHead& head) const {
    if (head.signatures.size() != 1 || head.signatures[0].region != "fra") return false;
    auto one = peers::unsignedOf(head, "zrh", "fra");
    one.key = head.signatures[0].key;
    one.signature = head.signatures[0].signature;
    return one.key == key.publicKey().hex() && evidence::isSigned(one);
  }
};

TEST_F(Countersigning, TheHeadOfAPeerIsSignedOnce) {
  live();
  show(head(3));
  const auto recorded = reconciled();
  EXPECT_EQ(recorded.records, 3);
  EXPECT_TRUE(signedByUs(recorded));
  EXPECT_EQ(reconciled(), recorded);
  EXPECT_EQ(signedSoFar, 1);
}

TEST_F(Countersigning, AHeadThatGrewIsSignedWithItsProofAndNotWithout) {
  live();
  show(head(3));
  const auto before = reconciled();
  show(head(7));
  EXPECT_EQ(reconciled(), before) << "that it goes on from there is not shown";
  show(head(7, 3));
  const auto after = reconciled();
  EXPECT_EQ(after.records, 7);
  EXPECT_TRUE(signedByUs(after));
  EXPECT_EQ(signedSoFar, 2);
}

TEST_F(Countersigning, ARewrittenChainIsNotSignedAndWhatWasSignedStands) {
  live();
  show(head(5));
  const auto before = reconciled();
  digests[4] = "sha256:" + api::sha256Hex("another");
  show(head(5));
  EXPECT_EQ(reconciled(), before);
  EXPECT_EQ(signedSoFar, 1);
  const auto now = region();
  const auto* intact = api::findCondition(now.status.conditions, "EvidenceIntact");
  ASSERT_NE(intact, nullptr);
  EXPECT_EQ(intact->reason, "Rewritten");
  EXPECT_THAT(intact->message, HasSubstr("exit-a"));
}

TEST_F(Countersigning, WhoRewritesASecondOrderIsStillToldOfTheFirst) {
  live();
  const auto shown = [this](const std::string& order) {
    auto one = head(5);
    one["order"] = order;
    show(one);
    controller->reconcilePeer("zrh", {});
    return region();
  };
  const auto truth = digests;
  for (const auto* order : {"exit-a", "exit-b"}) {
    digests = truth;
    shown(order);
    digests[4] = "sha256:" + api::sha256Hex(order);
    shown(order);
  }
  const auto now = shown("exit-b");
  EXPECT_THAT(api::findCondition(now.status.conditions, "EvidenceIntact")->message,
              HasSubstr("of exit-a, exit-b: what was recorded here stands"));
}

TEST_F(Countersigning, WithoutAKeyTheRestIsWrittenAndItIsTriedAgain) {
  live();
  show(head(3));
  signingFails = kube::ApiError{};
  signingFails->kind = kube::ApiError::Kind::ServerError;
  EXPECT_TRUE(std::holds_alternative<kube::Retry>(controller->reconcilePeer("zrh", {})));
  EXPECT_TRUE(region().status.evidenceHeads.empty()) << "what is recorded is signed";
  EXPECT_EQ(region().status.health, "Live");
  EXPECT_TRUE(std::holds_alternative<kube::Retry>(controller->reconcilePeer("zrh", {})));
  signingFails.reset();
  EXPECT_TRUE(signedByUs(reconciled()));
}

}  // namespace
}  // namespace bailiwick::testing
