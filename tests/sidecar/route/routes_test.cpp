#include "route/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace bailiwick::sidecar {
namespace {

using namespace std::chrono_literals;

const Instant start{1000s};

constexpr char sidecar[] =
    "apiVersion: sidecar.bailiwick.dev/v1alpha1\nkind: SidecarConfig\n"
    "data: {listen: \":8080\"}\n"
    "identity: {region: fra, jurisdiction: DE, deployment: a/b, variant: h200}\n"
    "engine: {url: \"http://127.0.0.1:8000\", model: own-model}\n"
    "routes: {file: /r}\n"
    "outliers: {consecutiveErrors: 1}\n";
constexpr char gateway[] =
    "apiVersion: sidecar.bailiwick.dev/v1alpha1\nkind: SidecarConfig\n"
    "data: {listen: \":8444\"}\n"
    "identity: {region: fra, jurisdiction: DE}\n"
    "routes: {folder: /r}\n";

constexpr char local[] = "- {name: local, kind: Engine, variant: h200, priority: 0, weight: 70}\n";
constexpr char other[] =
    "- {name: other, kind: Engine, url: \"http://other\", variant: mi300x, priority: 1, weight: "
    "20}\n";
constexpr char zrh[] =
    "- {name: zrh, kind: Peer, url: \"https://gw:8444\", caFile: /ca, region: zrh, jurisdiction: "
    "CH, "
    "variant: llama, model: llama-3.3, priority: 1, weight: 10}\n";
constexpr char iad[] =
    "- {name: iad, kind: Peer, url: \"https://gw:8444\", caFile: /ca, region: iad, jurisdiction: "
    "US, "
    "variant: h200, priority: 1, weight: 900}\n";
constexpr char azure[] =
    "- {name: azure, kind: External, url: \"https://x.example/openai/v1\", region: swedencentral, "
    "jurisdiction: SE, variant: azure, model: gpt-5, priority: 2, weight: 0}\n";

class Fixture {
 public:
  explicit Fixture(const std::string& backends, const std::string& mode = "Priority",
                   const char* config = sidecar)
      : config_(parseConfig("c", config).value()),
        own(std::make_shared<Health>(config_.outliers, true)) {
    own->probe(ProbeResult::Passed, start);
    routes = make(backends, mode);
  }

  std::unique_ptr<Routes> make(const std::string& backends, const std::string& mode = "Priority") {
    auto table = parseRouteTable(
        "r", "servedName: s\ngeneration: 1\nmode: " + mode +
                 "\nresidency: {jurisdictions: [DE, CH, SE], classes: [eu-personal]}\nbackends:" +
                 (backends.empty() ? " []\n" : "\n" + backends));
    EXPECT_TRUE(table) << table.error().message;
    return std::make_unique<Routes>(*table, config_, config_.engine ? own : nullptr, routes.get());
  }

  // The name of the backend, or the code of the refusal.
  std::string pick(const Query& query = {}, Instant now = start) {
    const auto index = routes->select(query, random, now);
    return index ? routes->targets()[*index].backend.name : nameOf(index.error().code);
  }

  std::map<std::string, int> picks(const Query& query = {}, Instant now = start) {
    std::map<std::string, int> result;
    for (int i = 0; i < 10'000; ++i) ++result[pick(query, now)];
    return result;
  }

  Health& health(const std::string& name) {
    for (const Target& target : routes->targets())
      if (target.backend.name == name) return *target.health;
    throw std::out_of_range(name);
  }

  Tried tried(std::initializer_list<const char*> names) {
    Tried result;
    for (std::size_t i = 0; i < routes->targets().size(); ++i)
      for (const char* name : names)
        if (routes->targets()[i].backend.name == name) result.set(i);
    return result;
  }

 private:
  Config config_;

 public:
  std::shared_ptr<Health> own;
  std::unique_ptr<Routes> routes;
  Random random{20261126};
};

Query asking(const char* jurisdiction, std::optional<const char*> residency = {}) {
  Query query;
  query.law = parseLaw(jurisdiction ? std::optional<std::string_view>(jurisdiction) : std::nullopt,
                       residency ? std::optional<std::string_view>(*residency) : std::nullopt)
                  .value();
  return query;
}

TEST(Routes, PreferTheLowestPriorityThatIsHealthy) {
  Fixture f(std::string(azure) + zrh + local);
  EXPECT_EQ(f.picks().size(), 1U);
  EXPECT_EQ(f.pick(), "local");
  f.own->probe(ProbeResult::Refused, start);
  EXPECT_EQ(f.pick(), "zrh");
  f.health("zrh").failed(start);
  EXPECT_EQ(f.pick(), "azure");
}

TEST(Routes, ShareAmongEqualPrioritiesByWeight) {
  Fixture f(std::string(other) + zrh);
  auto picks = f.picks();
  EXPECT_NEAR(picks["other"], 6667, 200);
  EXPECT_NEAR(picks["zrh"], 3333, 200);
}

TEST(Routes, ShareAlikeAmongEqualPrioritiesWithoutWeights) {
  std::string first = other, second = zrh;
  first.replace(first.find("weight: 20"), 10, "weight: 0");
  second.replace(second.find("weight: 10"), 10, "weight: 0");
  Fixture f(first + second);
  auto picks = f.picks();
  EXPECT_NEAR(picks["other"], 5000, 200);
  EXPECT_NEAR(picks["zrh"], 5000, 200);
}

TEST(Routes, UseWhatHasNoWeightAfterItsEqualsThatHave) {
  std::string second = zrh;
  second.replace(second.find("weight: 10"), 10, "weight: 0");
  Fixture f(std::string(other) + second);
  EXPECT_EQ(f.picks()["zrh"], 0);
  Query query;
  query.tried = f.tried({"other"});
  EXPECT_EQ(f.pick(query), "zrh");
}

TEST(Routes, WeighEveryHealthyBackendWhereTheModeSaysSo) {
  Fixture f(std::string(local) + other + zrh + azure, "Weighted");
  auto picks = f.picks();
  EXPECT_NEAR(picks["local"], 7000, 200);
  EXPECT_NEAR(picks["other"], 2000, 200);
  EXPECT_NEAR(picks["zrh"], 1000, 200);
  EXPECT_EQ(picks["azure"], 0);
  f.own->probe(ProbeResult::Refused, start);
  picks = f.picks();
  EXPECT_NEAR(picks["other"], 6667, 200);
  EXPECT_EQ(picks["local"], 0);
}

TEST(Routes, RetryByPriorityWhateverTheMode) {
  Fixture f(std::string(local) + other + zrh + azure, "Weighted");
  Query query;
  query.tried = f.tried({"other", "zrh"});
  EXPECT_EQ(f.picks(query), (std::map<std::string, int>{{"local", 10'000}}));
  query.tried = f.tried({"local", "other", "zrh"});
  EXPECT_EQ(f.pick(query), "azure");
  query.tried = f.tried({"local", "other", "zrh", "azure"});
  EXPECT_EQ(f.pick(query), "no_backend");
}

TEST(Routes, GoByPriorityWhereNothingHealthyHasAWeight) {
  Fixture f(std::string(local) + azure, "Weighted");
  f.own->probe(ProbeResult::Refused, start);
  EXPECT_EQ(f.pick(), "azure");
}

TEST(Routes, NeverUseWhatIsOutsideTheDomain) {
  Fixture f(std::string(local) + iad);
  EXPECT_THAT(f.routes->reports(),
              ::testing::ElementsAre("backend iad is in US, outside the domain: DE, CH, SE"));
  f.own->probe(ProbeResult::Refused, start);
  EXPECT_EQ(f.pick(), "no_backend");
  Query query;
  query.tried = f.tried({"local"});
  EXPECT_EQ(f.pick(query), "no_backend");
  EXPECT_EQ(f.pick(asking("US")), "jurisdiction_refused");
  EXPECT_EQ(Fixture(iad, "Weighted").pick(), "no_backend");
}

TEST(Routes, KeepOnesOwnEngineInsideTheDomainToo) {
  std::string elsewhere = sidecar;
  elsewhere.replace(elsewhere.find("DE"), 2, "US");
  Fixture f(std::string(local) + zrh, "Priority", elsewhere.c_str());
  EXPECT_EQ(f.pick(), "zrh");
  EXPECT_THAT(f.routes->reports(),
              ::testing::ElementsAre("backend local is in US, outside the domain: DE, CH, SE"));
}

TEST(Routes, ObeyTheCountriesThatARequestLists) {
  Fixture f(std::string(local) + zrh + azure);
  const struct {
    const char* countries;
    const char* pick;
  } cases[] = {{"DE", "local"},
               {"CH", "zrh"},
               {"SE", "azure"},
               {"SE, CH", "zrh"},
               {"CH,DE", "local"},
               {"US", "jurisdiction_refused"},
               {"FR,US", "jurisdiction_refused"},
               {"EU", "jurisdiction_refused"}};
  for (const auto& c : cases) EXPECT_EQ(f.pick(asking(c.countries)), c.pick) << c.countries;
  const auto refused = f.routes->select(asking("US"), f.random, start);
  EXPECT_EQ(refused.error().message,
            "x-data-jurisdiction: nothing in US can serve this; it is served from DE, CH, SE");
}

TEST(Routes, ObeyTheClassesThatARequestLists) {
  Fixture f(std::string(local) + zrh);
  EXPECT_EQ(f.pick(asking(nullptr, "eu-personal")), "local");
  EXPECT_EQ(f.pick(asking("CH", "eu-personal")), "zrh");
  EXPECT_EQ(f.pick(asking(nullptr, "health")), "residency_refused");
  EXPECT_EQ(f.pick(asking("US", "health")), "residency_refused");
}

// Weather is 503 and is worth another try; the law is 451 and is not.
TEST(Routes, TellTheLawFromTheWeather) {
  Fixture f(std::string(local) + zrh);
  f.own->probe(ProbeResult::Refused, start);
  EXPECT_EQ(f.pick(asking("DE")), "no_backend");
  const auto refused = f.routes->select(asking("DE"), f.random, start);
  EXPECT_EQ(refused.error().retryAfter, 1s);
  Query stale = asking("CH");
  stale.stale = true;
  EXPECT_EQ(f.pick(stale), "no_backend");
  EXPECT_EQ(Fixture("").pick(), "no_backend");
}

TEST(Routes, ServeAHoppedRequestHereOrNotAtAll) {
  Fixture f(std::string(local) + other + zrh);
  Query hopped;
  hopped.hopped = true;
  EXPECT_EQ(f.pick(hopped), "local");
  f.own->probe(ProbeResult::Refused, start);
  EXPECT_EQ(f.pick(hopped), "no_backend");
  Query swiss = asking("CH");
  swiss.hopped = true;
  EXPECT_EQ(f.pick(swiss), "jurisdiction_refused");

  Fixture g(std::string(other) + zrh, "Priority", gateway);
  EXPECT_EQ(g.picks(hopped), (std::map<std::string, int>{{"other", 10'000}}));
  EXPECT_EQ(Fixture(zrh, "Priority", gateway).pick(hopped), "no_backend");
}

TEST(Routes, OfAGatewayReachTheRegionThatAPodAsksFor) {
  Fixture g(std::string(other) + zrh + azure, "Priority", gateway);
  Query query;
  query.towards = "zrh";
  EXPECT_EQ(g.pick(query), "zrh");
  query.towards = "iad";
  EXPECT_EQ(g.pick(query), "no_backend");
  query.towards = "swedencentral";
  EXPECT_EQ(g.pick(query), "no_backend") << "no region of ours";
}

TEST(Routes, ServeFromTheOwnEngineAloneOnceTheTableIsTooOld) {
  Fixture f(std::string(other) + zrh + local);
  Query query;
  query.stale = true;
  EXPECT_EQ(f.pick(query), "local");
  query.tried = f.tried({"local"});
  EXPECT_EQ(f.pick(query), "no_backend");
}

TEST(Routes, TakeOnesOwnVariantForOnesOwnEngineWhateverItsUrl) {
  Fixture f("- {name: a, kind: Engine, url: \"http://b-h200.a.svc\", variant: h200}\n" +
            std::string(other));
  const Target* own = f.routes->own();
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->url.str(), "http://127.0.0.1:8000");
  EXPECT_EQ(own->model, "own-model");
  EXPECT_EQ(own->region, "fra");
  EXPECT_EQ(own->jurisdiction, "DE");
  EXPECT_EQ(own->health, f.own);
  const Target& sibling = f.routes->targets()[1];
  EXPECT_FALSE(sibling.own);
  EXPECT_EQ(sibling.url.str(), "http://other");
  EXPECT_EQ(sibling.region, "fra");
  EXPECT_EQ(sibling.model, "");
}

TEST(Routes, NameWhereTheOthersServe) {
  Fixture f(std::string(zrh) + azure);
  const Target& peer = f.routes->targets()[0];
  EXPECT_EQ(peer.region, "zrh");
  EXPECT_EQ(peer.jurisdiction, "CH");
  EXPECT_EQ(peer.variant, "llama");
  EXPECT_EQ(peer.model, "llama-3.3");
  EXPECT_EQ(f.routes->targets()[1].region, "swedencentral");
}

TEST(Routes, ReportAnEngineThatIsNotThere) {
  Fixture g(std::string(local) + zrh, "Priority", gateway);
  EXPECT_THAT(
      g.routes->reports(),
      ::testing::ElementsAre("backend local has no url, and there is no engine of one's own here"));
  EXPECT_EQ(g.routes->own(), nullptr);
  EXPECT_EQ(g.pick(), "zrh");
  Fixture f(std::string(local) +
            "- {name: twin, kind: Engine, url: \"http://twin\", variant: h200}\n");
  EXPECT_THAT(f.routes->reports(),
              ::testing::ElementsAre("backend twin is one's own engine, which local is already"));
}

TEST(Routes, UseWhatIsEjectedOnlyWhereNothingBetterIsLeft) {
  Fixture f(std::string(local) + zrh);
  f.own->failed(start);
  EXPECT_EQ(f.pick(), "zrh");
  f.health("zrh").failed(start);
  EXPECT_EQ(f.pick(), "local");
  f.own->probe(ProbeResult::Refused, start);
  EXPECT_EQ(f.pick(), "zrh");
}

TEST(Routes, UseAnEngineThatHasNotAnsweredOnlyWhereNothingBetterIsLeft) {
  Fixture f(std::string(local) + zrh);
  const auto fresh = std::make_shared<Health>(Outliers{}, true);
  const Routes starting(f.routes->table(), parseConfig("c", sidecar).value(), fresh, nullptr);
  const auto index = starting.select({}, f.random, start);
  EXPECT_EQ(starting.targets()[index.value()].backend.name, "zrh");
  Query retry;
  retry.tried = f.tried({"zrh"});
  EXPECT_EQ(starting.targets()[starting.select(retry, f.random, start).value()].backend.name,
            "local");
}

TEST(Routes, GiveARecoveringEngineAGrowingShare) {
  Fixture f(std::string(local) + zrh);
  f.own->probe(ProbeResult::Refused, start);
  f.own->probe(ProbeResult::Passed, start);
  EXPECT_NEAR(f.picks()["local"], 1000, 150);
  EXPECT_NEAR(f.picks({}, start + 5s)["local"], 5000, 250);
  EXPECT_EQ(f.picks({}, start + 10s)["local"], 10'000);
}

TEST(Routes, GiveARecoveringEngineEverythingWhereItIsAlone) {
  Fixture f(local);
  f.own->probe(ProbeResult::Refused, start);
  f.own->probe(ProbeResult::Passed, start);
  EXPECT_EQ(f.picks()["local"], 10'000);
}

TEST(Routes, WeighARecoveringBackendByItsShare) {
  Fixture f(std::string(local) + other + zrh, "Weighted");
  f.own->probe(ProbeResult::Refused, start);
  f.own->probe(ProbeResult::Passed, start);
  EXPECT_NEAR(f.picks()["local"], 1892, 200) << "7 of 37";
}

TEST(Routes, KeepTheHealthOfWhatANewTableReachesInTheSameWay) {
  Fixture f(std::string(local) + other + zrh);
  f.health("zrh").failed(start);
  std::string renamed = zrh, moved = other;
  renamed.replace(renamed.find("zrh"), 3, "new");
  moved.replace(moved.find("http://other"), 12, "http://moved");
  f.health("other").failed(start);
  f.routes = f.make(std::string(local) + moved + renamed);
  EXPECT_EQ(f.health("new").state(start), HealthState::Ejected);
  EXPECT_EQ(f.health("other").state(start), HealthState::Healthy);
  EXPECT_EQ(f.health("local").state(start), HealthState::Healthy);
}

// One gateway stands before several regions: what fails behind it says nothing about the others.
TEST(Routes, KeepRegionsBehindOneGatewayApart) {
  std::string ams = zrh;
  ams.replace(ams.find("name: zrh"), 9, "name: ams");
  ams.replace(ams.find("region: zrh"), 11, "region: ams");
  Fixture f(std::string(zrh) + ams);
  f.health("zrh").failed(start);
  f.routes = f.make(std::string(ams) + zrh);
  EXPECT_EQ(f.health("zrh").state(start), HealthState::Ejected);
  EXPECT_EQ(f.health("ams").state(start), HealthState::Healthy);
}

TEST(Routes, CopyOnlyToABaselineInsideTheDomain) {
  Fixture f(local);
  const auto shadowOf = [&](const std::string& name) {
    const auto routes =
        f.make(std::string(local) + zrh + iad + "shadow: {backend: " + name + ", percent: 5}\n");
    return routes->shadow() ? routes->shadow()->backend.name : "";
  };
  EXPECT_EQ(shadowOf("zrh"), "zrh");
  EXPECT_EQ(shadowOf("iad"), "");
  EXPECT_EQ(f.routes->shadow(), nullptr);
}

TEST(Routes, PutAProvidersPathInTheVersionsPlace) {
  const auto at = [](const char* url, const char* path) {
    return pathAt(parseUrl(url).value(), path);
  };
  EXPECT_EQ(at("http://x", "/v1/chat/completions"), "/v1/chat/completions");
  EXPECT_EQ(at("https://x/openai/v1", "/v1/chat/completions"), "/openai/v1/chat/completions");
  EXPECT_EQ(at("https://x/base", "/tokenize"), "/base/tokenize");
  EXPECT_EQ(at("https://x/base", "/v1beta"), "/base/v1beta");
}

}  // namespace
}  // namespace bailiwick::sidecar
