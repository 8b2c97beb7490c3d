#include "config/route_table.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

constexpr char head[] =
    "servedName: assistant\ngeneration: 7\n"
    "residency: {jurisdictions: [DE, CH], classes: [eu-personal]}\n";

// A good table whose fifth line is the one backend of `fields`.
std::string backend(const std::string& fields) {
  return std::string(head) + "backends:\n- {name: b, variant: v, " + fields + "}\n";
}

std::string errorOf(const std::string& text) {
  const auto table = parseRouteTable("r.yaml", text);
  return table ? "" : table.error().message;
}

TEST(RouteTable, TakesEveryKeyOfTheContract) {
  const auto table = parseRouteTable("r.yaml", R"(
servedName: assistant
generation: 7
mode: Weighted
residency: {jurisdictions: [DE, FR, SE, CH], classes: [eu-personal]}
backends:
- {name: local, kind: Engine, variant: deepseek-h200, priority: 0, weight: 70}
- {name: other, kind: Engine, url: "http://assistant-mi300x.team.svc:80", variant: mi300x, priority: 1}
- {name: zrh-llama, kind: Peer, url: "https://bailiwick-gateway.bailiwick-system.svc:8444", caFile: /etc/bailiwick/ca/gateway.crt, serverName: zrh.bailiwick, region: zrh, jurisdiction: CH, variant: llama-mi300x, model: llama-3.3-70b, priority: 1, weight: 30}
- {name: azure, kind: External, url: "https://x.example/openai/v1", region: swedencentral, jurisdiction: SE, variant: azure, model: gpt-5, keyFile: /etc/bailiwick/azure, priority: 2, weight: 0}
tls: {certFile: /c, keyFile: /k}
shadow: {backend: zrh-llama, percent: 5}
limits: {requestTimeout: 45m, maxBodySize: 64Mi}
paths: [/tokenize]
)");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->servedName, "assistant");
  EXPECT_EQ(table->generation, 7);
  EXPECT_EQ(table->mode, Mode::Weighted);
  EXPECT_EQ(table->residency.jurisdictions, (std::vector<std::string>{"DE", "FR", "SE", "CH"}));
  EXPECT_EQ(table->residency.classes, std::vector<std::string>{"eu-personal"});
  ASSERT_EQ(table->backends.size(), 4U);
  const Backend& local = table->backends[0];
  EXPECT_EQ(local.kind, BackendKind::Engine);
  EXPECT_FALSE(local.url);
  EXPECT_EQ(local.weight, 70);
  EXPECT_EQ(table->backends[1].url->host, "assistant-mi300x.team.svc");
  const Backend& peer = table->backends[2];
  EXPECT_EQ(peer.kind, BackendKind::Peer);
  EXPECT_EQ(peer.url->port, 8444);
  EXPECT_EQ(peer.caFile, "/etc/bailiwick/ca/gateway.crt");
  EXPECT_EQ(peer.serverName, "zrh.bailiwick");
  EXPECT_EQ(peer.region, "zrh");
  EXPECT_EQ(peer.jurisdiction, "CH");
  EXPECT_EQ(peer.model, "llama-3.3-70b");
  EXPECT_EQ(peer.priority, 1);
  const Backend& azure = table->backends[3];
  EXPECT_EQ(azure.kind, BackendKind::External);
  EXPECT_EQ(azure.url->path, "/openai/v1");
  EXPECT_EQ(azure.keyFile, "/etc/bailiwick/azure");
  EXPECT_EQ(table->tls->certFile, "/c");
  EXPECT_EQ(table->tls->keyFile, "/k");
  EXPECT_EQ(table->shadow->backend, "zrh-llama");
  EXPECT_EQ(table->shadow->percent, 5);
  EXPECT_EQ(table->limits->requestTimeout, std::chrono::minutes(45));
  EXPECT_EQ(table->limits->maxBodySize, 64 << 20);
  EXPECT_EQ(table->paths, std::vector<std::string>{"/tokenize"});
}

TEST(RouteTable, NamesPathsAsTheyAreSpeltAndWholeLimits) {
  const std::string table = std::string(head) + "backends: []\n";
  EXPECT_NE(errorOf(table + "paths: [/a/../b]"), "");
  EXPECT_NE(errorOf(table + "paths: [tokenize]"), "");
  EXPECT_NE(errorOf(table + "limits: {requestTimeout: 45m}"), "");
  EXPECT_NE(errorOf(table + "limits: {requestTimeout: 0s, maxBodySize: 1Mi}"), "");
}

TEST(RouteTable, MayHaveNoBackends) {
  const auto table = parseRouteTable("r.yaml", std::string(head) + "backends: []");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->mode, Mode::Priority);
}

TEST(RouteTable, SaysWhatIsWrongWithABackendAndWhere) {
  constexpr char peer[] = "kind: Peer, region: zrh, jurisdiction: CH";
  const struct {
    std::string fields;
    const char* error;  // after "r.yaml:5: backends[0]"
  } cases[] = {
      {"kind: Engine", ""},
      {"kind: engine", ".kind: must be one of Engine, Peer, External"},
      {"priority: 1", ": kind is missing"},
      {"kind: Engine, priority: -1", ".priority: must be from 0 to 1000000"},
      {"kind: Engine, weight: 1.5", ".weight: must be an integer, is a text"},
      {"kind: Engine, jurisdiction: CH",
       ".jurisdiction: unknown key; known are caFile, kind, model, name, priority, url, variant, "
       "weight"},
      {"kind: Engine, url: \"http://x/v1\"", ".url: must have no path"},
      {peer, ": url is missing"},
      {std::string(peer) + ", url: \"http://gw:8444\"",
       ".url: must be https: plain http is for engines here and peers on loopback"},
      {std::string(peer) + ", url: \"http://127.0.0.1:8444\"", ""},
      {std::string(peer) + ", url: \"https://gw:8444\"",
       ": caFile is missing: a peer is checked against its own authority, not the system's"},
      {std::string(peer) + ", url: \"https://gw:8444\", caFile: /ca", ""},
      {std::string(peer) + ", url: \"https://gw:8444\", caFile: /ca, keyFile: /k",
       ".keyFile: unknown key; known are caFile, jurisdiction, kind, model, name, priority, "
       "region, "
       "serverName, url, variant, weight"},
      {"kind: Peer, jurisdiction: CH, url: \"http://127.0.0.1\"", ": region is missing"},
      {"kind: Peer, region: zrh, url: \"http://127.0.0.1\"", ": jurisdiction is missing"},
      {"kind: Peer, region: zrh, jurisdiction: EU, url: \"http://127.0.0.1\"",
       ".jurisdiction: must be one country: two capital letters (ISO 3166-1 alpha-2), and EU is a "
       "bloc"},
      {"kind: External, jurisdiction: SE, url: \"http://127.0.0.1\"",
       ".url: must be https: plain http is for engines here and peers on loopback"},
      {"kind: External, jurisdiction: SE, url: \"https://x/v1\"", ""},
      {"kind: External, url: \"https://x/v1\"", ": jurisdiction is missing"},
  };
  for (const auto& c : cases) {
    const std::string wanted = *c.error ? std::string("r.yaml:5: backends[0]") + c.error : "";
    EXPECT_EQ(errorOf(backend(c.fields)), wanted) << c.fields;
  }
}

TEST(RouteTable, SaysWhatIsWrongAroundTheBackends) {
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"backends: []",
       "r.yaml:1: servedName is missing\nr.yaml:1: generation is missing\n"
       "r.yaml:1: residency is missing"},
      {std::string(head) + "backends: []\ngenerations: 8",
       "r.yaml:5: generations: unknown key; known are backends, generation, limits, mode, "
       "paths, residency, servedName, shadow, tls"},
      {"servedName: a\ngeneration: -1\nresidency: {jurisdictions: [CH]}\nbackends: []",
       "r.yaml:2: generation: must not be negative"},
      {"servedName: a b\ngeneration: 1\nresidency: {jurisdictions: []}\nbackends: ~",
       "r.yaml:1: servedName: must be up to 253 visible ASCII characters without spaces\n"
       "r.yaml:3: residency.jurisdictions: must list at least one country\n"
       "r.yaml:4: backends: must be a list, is empty"},
      {"servedName: a\ngeneration: 1\nresidency: {jurisdictions: ~}\nbackends: []",
       "r.yaml:3: residency.jurisdictions: must be a list, is empty"},
      {"servedName: a\ngeneration: 1\nresidency: {jurisdictions: [CH, EEA, CH], classes: [a/b]}\n"
       "backends: []",
       "r.yaml:3: residency.jurisdictions[1]: must be one country: two capital letters (ISO 3166-1 "
       "alpha-2), and EU is a bloc\n"
       "r.yaml:3: residency.jurisdictions: CH is given twice\n"
       "r.yaml:3: residency.classes[0]: must be a residency class such as eu-personal"},
      {std::string(head) + "mode: Random\nbackends: []",
       "r.yaml:4: mode: must be one of Priority, Weighted"},
      {std::string(head) + "backends: []\nshadow: {backend: x, percent: 101}",
       "r.yaml:5: shadow.backend: there is no backend x\n"
       "r.yaml:5: shadow.percent: must be from 0 to 100"},
      {std::string(head) + "backends: []\ntls: {certFile: /c}",
       "r.yaml:5: tls: keyFile is missing"},
      {std::string(head) + "backends:\n- {name: a, kind: Engine, variant: v}\n- {name: a, kind: "
                           "Engine, variant: w}",
       "r.yaml:6: backends[1]: name a is given twice\n"
       "r.yaml:6: backends[1]: is the second Engine without url; one's own engine is one"},
  };
  for (const auto& c : cases) EXPECT_EQ(errorOf(c.text), c.error) << c.text;
}

TEST(RouteTable, IsBounded) {
  std::string text = std::string(head) + "backends:\n";
  for (int i = 0; i < 257; ++i)
    text += "- {name: b" + std::to_string(i) + ", kind: Engine, url: \"http://x\", variant: v}\n";
  EXPECT_EQ(errorOf(text), "r.yaml:4: backends: lists more than 256");
}

TEST(RouteTable, OfADeploymentIsFoundByTheNameOfItsFile) {
  EXPECT_EQ(deploymentOfFile("assistants.assistant-eu.yaml"), "assistants/assistant-eu");
  for (const char* other : {"", ".yaml", "a.yaml", "a..yaml", ".b.yaml", "a.b.yml", "a.b.c.yaml",
                            "A.b.yaml", "..data", "a/b.c.yaml"})
    EXPECT_FALSE(deploymentOfFile(other)) << other;
}

}  // namespace
}  // namespace bailiwick::sidecar
