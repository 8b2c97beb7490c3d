// Imports and deletions carried out, between two API servers in memory.

#include "reconcile/import_controller.hpp"

#include "api/labels.hpp"
#include "peers/foreign.hpp"
#include "peers/peers_in_memory.hpp"
#include "plan/fixture.hpp"
#include "reconcile/exit_gate.hpp"
#include "reconcile/import_copy.hpp"
#include "reconcile/planner.hpp"
#include "reconcile/region_controller.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;
using nlohmann::json;
namespace names = api::names;

const std::string mdep = "/apis/bailiwick.dev/v1alpha1/namespaces/team/modeldeployments/assistant";

// fra imports from zrh.
struct Imports : ::testing::Test, PeersInMemory {
  reconcile::Caches caches{testCatalog()};
  std::unique_ptr<reconcile::ImportController> controller;
  bool makesNamespaces = false;
  reconcile::ExitGate gate;
  std::unique_ptr<reconcile::Planner> planner;

  ~Imports() override {
    if (planner) planner->stop();
    caches.stop();
  }

  static json manifest(int replicas = 2) {
    return {{"metadata", {{"namespace", "team"}, {"name", "assistant"}, {"uid", "o1"}}},
            {"spec",
             {{"servedName", "assistant"},
              {"replicas", replicas},
              {"placement", {{"jurisdictions", {"DE", "CH"}}}},
              {"pod", {{"serviceAccountName", "mine"},
                       {"imagePullSecrets", {{{"name", "pull"}}}},
                       {"env", {{{"name", "A"}, {"value", "1"}},
                                {{"name", "B"},
                                 {"valueFrom",
                                  {{"secretKeyRef", {{"name", "s"}, {"key", "k"}}}}}}}}}},
              {"variants",
               {{{"name", "h200"}, {"passport", "open"}, {"artifact", "a"},
                 {"engine", {{"name", "vllm"}}},
                 {"accelerator", {{"vendor", "nvidia"}, {"perReplica", 8}}}}}}}}};
  }
  void begin() {
    start();
    caches.start(home);
    ASSERT_TRUE(caches.waitSettled(20s, {}));
    reconcile::ImportController::Config config;
    config.transport = &home;
    config.caches = &caches;
    config.peers = peers.get();
    config.catalog = &testCatalog();
    config.region = "fra";
    config.ns = "bailiwick-system";
    config.makesNamespaces = makesNamespaces;
    config.now = [this] { return api::Time(std::chrono::seconds(wall.load())); };
    controller = std::make_unique<reconcile::ImportController>(std::move(config));
    ASSERT_TRUE(eventually([this] { return !peers->sights().empty() && peers->sights()[0].caches; }));
  }
  void turn() {
    std::this_thread::sleep_for(100ms);
    controller->reconcile({"team", "assistant"}, {});
    std::this_thread::sleep_for(100ms);
  }
  bool turnsUntil(const std::function<bool()>& check) {
    for (int i = 0; i < 50 && !check(); ++i) turn();
    return check();
  }
  json here() const { return home.get(mdep); }

  void team(const json& labels = json::object()) {
    home.put("/api/v1/namespaces/team", {{"metadata", {{"name", "team"}, {"labels", labels}}}});
  }
  void passport(const std::string& country = "DE") {
    home.put("/apis/bailiwick.dev/v1alpha1/modelpassports/open",
             {{"spec",
               {{"publisher", {{"name", "P"}, {"country", country}}},
                {"model", {{"family", "f"}, {"name", "M"}, {"version", "1"}}},
                {"originCountry", country}, {"openness", "OpenWeight"}, {"licence", {{"id", "MIT"}}},
                {"artifacts",
                 {{{"name", "a"}, {"precision", "fp8"},
                   {"source", {{"type", "PVC"}, {"uri", "pvc://weights/m"}}}}}}}}});
  }
  void policy(const json& rules) {
    home.put("/apis/bailiwick.dev/v1alpha1/sovereigntypolicies/neighbours",
             {{"spec", {{"enforcement", "Deny"}, {"rules", rules}}}});
  }
  // What the status of our own Region object says of imports, written as the operator does.
  json told() {
    const auto now = [this] { return api::Time(std::chrono::seconds(wall.load())); };
    if (!planner) {
      reconcile::Planner::Config config;
      config.caches = &caches;
      config.catalog = &testCatalog();
      config.region = "fra";
      config.exits = &gate;
      config.now = now;
      config.changed = [](const api::Key&) {};
      config.quiet = 1ms;
      planner = std::make_unique<reconcile::Planner>(std::move(config));
      planner->start();
      planner->poke();
      EXPECT_TRUE(eventually([this] { return planner->current() != nullptr; }));
    }
    reconcile::RegionController::Config config;
    config.transport = &home;
    config.caches = &caches;
    config.planner = planner.get();
    config.peers = peers.get();
    config.region = "fra";
    config.now = now;
    config.evidenceHeads = [] { return std::vector<api::EvidenceHead>(); };
    config.refusedImports = [this] { return controller->refusals(); };
    reconcile::RegionController(std::move(config)).reconcile({});
    return home.get(regionsPath + "fra").value(json::json_pointer("/status/imports"), json::array());
  }
  // It is not copied, and the status says this reason and of it that word.
  void expectRefused(const std::string& reason, const std::string& word) {
    ASSERT_TRUE(turnsUntil([this] { return !controller->refusals().empty(); }));
    turn();
    EXPECT_TRUE(here().is_null());
    const auto imports = told();
    ASSERT_EQ(imports.size(), 1u) << imports;
    EXPECT_EQ(imports[0]["origin"], "zrh");
    EXPECT_EQ(imports[0]["namespace"], "team");
    EXPECT_EQ(imports[0]["name"], "assistant");
    EXPECT_EQ(imports[0]["reason"], reason);
    EXPECT_THAT(imports[0]["message"].get<std::string>(), HasSubstr(word));
  }
};

const json notFromSwitzerland = {{"importFrom", {{"jurisdictions", {{"deny", {"CH"}}}}}}};

TEST_F(Imports, AnOriginalOfAPeerIsCopiedWithoutWhatBelongsThere) {
  home.put("/api/v1/namespaces/team", {{"metadata", {{"name", "team"}}}});
  zrh.put(mdep, manifest());
  begin();
  ASSERT_TRUE(turnsUntil([this] { return !here().is_null(); }))
      << (controller->refusals().empty() ? "" : controller->refusals()[0].message);
  EXPECT_EQ(here()["metadata"]["labels"][names::originRegionLabel], "zrh");
  EXPECT_EQ(here()["metadata"]["labels"][names::originUidLabel],
            zrh.get(mdep)["metadata"]["uid"]);
  EXPECT_EQ(here()["metadata"]["annotations"][names::originCluster], "uid-zrh");
  EXPECT_EQ(here()["spec"]["pod"], json({{"env", {{{"name", "A"}, {"value", "1"}}}}}));
  const auto writes = home.writes().size();
  turn();
  turn();
  EXPECT_EQ(home.writes().size(), writes) << "and then nothing is written";

  zrh.put(mdep, [this] {
    auto changed = zrh.get(mdep);
    changed["spec"]["replicas"] = 5;
    return changed;
  }());
  EXPECT_TRUE(turnsUntil([this] { return here()["spec"]["replicas"] == 5; }));
}

TEST_F(Imports, WhatWasDeletedHereAMomentAgoIsNotCopiedBack) {
  team();
  passport();
  zrh.put(mdep, manifest());
  begin();
  caches.regions.stop();  // what is told next has not come yet
  auto region = home.get(regionsPath + "fra");
  region["status"]["tombstones"] = {{{"kind", "ModelDeployment"},
                                     {"namespace", "team"},
                                     {"name", "assistant"},
                                     {"uid", zrh.get(mdep)["metadata"]["uid"]},
                                     {"at", "2026-11-22T10:00:00Z"}}};
  home.put(regionsPath + "fra", region);
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_TRUE(here().is_null());
  region["status"].erase("tombstones");
  home.put(regionsPath + "fra", region);
  EXPECT_TRUE(turnsUntil([this] { return !here().is_null(); }));
}

TEST_F(Imports, AMissingNamespaceIsSaidWithWhatWouldHelp) {
  zrh.put(mdep, manifest());
  begin();
  ASSERT_TRUE(turnsUntil([this] { return !controller->refusals().empty(); }));
  EXPECT_EQ(controller->refusals()[0].reason, "NamespaceMissing");
  EXPECT_THAT(controller->refusals()[0].message, HasSubstr("imports.createNamespaces"));
  EXPECT_TRUE(here().is_null());
}

TEST_F(Imports, WhatAPolicyLetsInFromNobodyThereIsNotCopiedAndTold) {
  team();
  passport();
  policy(notFromSwitzerland);
  zrh.put(mdep, manifest());
  begin();
  expectRefused("PolicyDenied", "policy neighbours");
  policy({{"importFrom", {{"jurisdictions", {{"deny", {"US"}}}}}}});
  EXPECT_TRUE(turnsUntil([this] { return !here().is_null(); })) << "until the policy lets it in";
  EXPECT_TRUE(told().empty());
}

TEST_F(Imports, WhomToImportFromHoldsBeforeThePassportIsThere) {
  team();
  policy({{"importFrom", {{"regions", {{"allow", {"iad"}}}}}}});
  zrh.put(mdep, manifest());
  begin();
  expectRefused("PolicyDenied", "zrh");
}

TEST_F(Imports, WhatOnlyAPassportCouldSayWaitsForItAsACopy) {
  team();
  policy({{"origins", {{"allow", {"FR"}}}}});
  zrh.put(mdep, manifest());
  begin();
  EXPECT_TRUE(turnsUntil([this] { return !here().is_null(); }));
}

TEST_F(Imports, WhatMayRunHereInNoVariantIsNotCopied) {
  team();
  passport("CN");
  policy({{"origins", {{"deny", {"CN"}}}}});
  zrh.put(mdep, manifest());
  begin();
  expectRefused("PolicyDenied", "CN");
}

TEST_F(Imports, ANamespaceThatIsLabelledDeniedTakesNothing) {
  team({{names::importLabel, "denied"}});
  passport();
  zrh.put(mdep, manifest());
  begin();
  expectRefused("ImportDenied", names::importLabel);
  team();
  EXPECT_TRUE(turnsUntil([this] { return !here().is_null(); }));
}

TEST_F(Imports, AMissingNamespaceIsMadeWhereThatIsAllowed) {
  makesNamespaces = true;
  passport();
  zrh.put(mdep, manifest());
  begin();
  ASSERT_TRUE(turnsUntil([this] { return !here().is_null(); }));
  EXPECT_FALSE(home.get("/api/v1/namespaces/team").is_null());
  EXPECT_EQ(home.writesOf("POST", "/api/v1/namespaces"), 1);
  EXPECT_TRUE(controller->refusals().empty());
}

TEST_F(Imports, NoNamespaceIsMadeForWhatAPolicyKeepsOut) {
  makesNamespaces = true;
  passport();
  policy(notFromSwitzerland);
  zrh.put(mdep, manifest());
  begin();
  expectRefused("PolicyDenied", "policy neighbours");
  EXPECT_TRUE(home.get("/api/v1/namespaces/team").is_null());
}

TEST_F(Imports, ARefusalIsCutBetweenLettersAndNoNameIsLongerThanOurRegionMayTell) {
  home.put("/api/v1/namespaces/team", {{"metadata", {{"name", "team"}}}});
  auto original = manifest();
  std::string elsewhere;
  for (int letter = 0; letter < 63; ++letter) elsewhere += "\u20ac";  // three bytes
  original["spec"]["placement"]["regions"]["names"] = std::vector<std::string>(20, elsewhere);
  zrh.put(mdep, original);
  const std::string tooLong(64, 'n');
  auto beyond = manifest();
  beyond["metadata"]["namespace"] = tooLong;
  const api::Key key{tooLong, "assistant"};
  zrh.put("/apis/bailiwick.dev/v1alpha1/namespaces/" + tooLong + "/modeldeployments/assistant", beyond);
  begin();
  ASSERT_TRUE(turnsUntil([this] { return !controller->refusals().empty(); }));
  const auto message = controller->refusals()[0].message;
  EXPECT_GT(message.size(), 1000u);
  EXPECT_LE(message.size(), 1024u);
  EXPECT_NO_THROW(json(message).dump()) << "our whole Region status would never be written again";
  controller->reconcile(key, {});
  EXPECT_EQ(controller->refusals().size(), 1u);
}

TEST_F(Imports, WhatCannotBeReadThereIsNotTakenForGone) {
  home.put("/api/v1/namespaces/team", {{"metadata", {{"name", "team"}}}});
  auto copy = manifest();
  copy["metadata"]["labels"] = {{names::originRegionLabel, "zrh"}, {names::originUidLabel, "o1"}};
  home.put(mdep, copy);
  auto unreadable = manifest();
  unreadable["spec"]["servedName"] = std::string(254, 'x');
  zrh.put(mdep, unreadable);
  begin();
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_FALSE(here()["metadata"].contains("annotations")) << here()["metadata"].dump();
  zrh.erase(mdep);
  EXPECT_TRUE(turnsUntil([this] {
    return here()["metadata"].value("annotations", json::object()).contains(names::originLost);
  }));
}

TEST_F(Imports, OnlyTheTombstoneOfItsOriginDeletesTheCopy) {
  home.put("/api/v1/namespaces/team", {{"metadata", {{"name", "team"}}}});
  zrh.put(mdep, manifest());
  begin();
  ASSERT_TRUE(turnsUntil([this] { return !here().is_null(); }));
  const auto uid = zrh.get(mdep)["metadata"]["uid"];
  zrh.erase(mdep);
  ASSERT_TRUE(turnsUntil([this] {
    return here()["metadata"]["annotations"].contains(names::originLost);
  })) << "it stays, and says so";
  auto region = zrh.get(regionsPath + "zrh");
  region["status"]["tombstones"] = {{{"kind", "ModelDeployment"}, {"namespace", "team"},
                                     {"name", "assistant"}, {"uid", uid},
                                     {"at", "2026-11-22T10:00:00Z"}}};
  zrh.put(regionsPath + "zrh", region);
  EXPECT_TRUE(turnsUntil([this] { return here().is_null(); }));
}

TEST_F(Imports, AnOriginalIsLetGoOnlyAfterItsEndIsTold) {
  home.put(mdep, manifest());
  begin();
  ASSERT_TRUE(turnsUntil([this] {
    return here()["metadata"].value("finalizers", json::array()) ==
           json::array({names::originFinalizer});
  }));
  auto going = here();
  going["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z";
  home.put(mdep, going);
  std::vector<std::string> order;
  home.written = [&](const kube::Request& request) { order.push_back(request.path); };
  ASSERT_TRUE(turnsUntil([this] {
    return here().is_null() || here()["metadata"]["finalizers"].empty();
  }));
  home.written = {};
  ASSERT_GE(order.size(), 2u);
  EXPECT_EQ(order[0], regionsPath + "fra/status");
  EXPECT_EQ(order[1], mdep);
  EXPECT_EQ(home.get(regionsPath + "fra")["status"]["tombstones"][0]["uid"],
            going["metadata"]["uid"]);
}

TEST(ImportedManifest, IsRefusedWhereTheOriginalIsAnotherByNow) {
  fleet::ImportDecision decision;
  auto original = std::make_shared<api::ModelDeployment>();
  original->meta.key = {"team", "assistant"};
  original->meta.uid = "another";
  decision.original = original;
  EXPECT_FALSE(reconcile::copyOf(Imports::manifest().dump(), decision, nullptr));
  EXPECT_FALSE(reconcile::copyOf("<html>", decision, nullptr));
}

// Of a field that is there twice one reader takes the last and another both.
TEST(ImportedManifest, IsTheOneThatWasJudged) {
  auto text = Imports::manifest().dump();
  simdjson::dom::parser parser;
  fleet::ImportDecision decision;
  decision.origin = "zrh";
  decision.original = std::make_shared<api::ModelDeployment>(
      peers::decodeOriginal(parser.parse(text).value()).value());
  EXPECT_TRUE(reconcile::copyOf(text, decision, nullptr));
  const std::string placement = R"("placement":{"jurisdictions":["DE","CH"]})";
  ASSERT_NE(text.find(placement), std::string::npos);
  text.replace(text.find(placement), placement.size(), placement + R"(,"placement":{})");
  EXPECT_FALSE(reconcile::copyOf(text, decision, nullptr));
}

}  // namespace
}  // namespace bailiwick::testing
