#include "reconcile/deployment_controller.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/support/fake_transport.hpp"
#include "reconcile/region_in_memory.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;

bool isWorkloadOf(const kube::Request& request, const std::string& name) {
  return request.path == deploymentsPath + name;
}

TEST(DeploymentController, ComesToRest) {
  RegionInMemory region;
  region.h200("n1");
  region.h200Deployment();
  region.start();
  region.turns();
  EXPECT_TRUE(region.serves("assistant"));
  EXPECT_TRUE(region.ended<kube::Done>());
  const auto writes = region.api.writes().size();
  region.turns(4);
  EXPECT_EQ(region.api.writes().size(), writes);
}

TEST(DeploymentController, WritesNothingMoreUntilTheCachesShowWhatItWrote) {
  RegionInMemory region;
  region.h200("n1");
  region.h200Deployment();
  region.start();
  region.api.holdWatches(true);
  region.turn();
  const auto writes = region.api.writes().size();
  EXPECT_GT(writes, 5u);
  region.turns(4);
  EXPECT_EQ(region.api.writes().size(), writes);
  EXPECT_TRUE(region.ended<kube::RequeueAfter>());
  region.api.holdWatches(false);
  region.turns();
  EXPECT_TRUE(region.ended<kube::Done>());
}

// What may happen to any write: it is tried again, nothing is lost, and others go on meanwhile.
TEST(DeploymentController, LosesNothingToAFailedWriteAndHoldsUpNobody) {
  const std::vector<kube::Response> failures = {
      statusResponse(409, "Conflict", "apply conflict"),
      statusResponse(422, "Invalid", "spec is invalid"),
      statusResponse(429, "TooManyRequests", "later"),
      statusResponse(500, "InternalError", "etcd"),
      {{200, "text/html", std::nullopt}, "<html>a proxy's login page</html>" + std::string(64, ' ')}};
  for (const auto& failure : failures) {
    SCOPED_TRACE(failure.body);
    RegionInMemory region;
    region.h200("n1");
    region.h200("n2");
    region.h200Deployment("assistant");
    region.h200Deployment("other");
    std::atomic<bool> failing = true;
    region.api.answer = [&](const kube::Request& request) -> std::optional<kube::Response> {
      if (failing && isWorkloadOf(request, "assistant-h200")) return failure;
      return std::nullopt;
    };
    region.start();
    region.turns();
    EXPECT_FALSE(region.serves("assistant"));
    EXPECT_TRUE(region.serves("other"));
    EXPECT_TRUE(region.ended<kube::Done>("other"));
    EXPECT_TRUE(region.ended<kube::Retry>() || region.ended<kube::Terminal>());
    EXPECT_NE(region.condition("Reconciling")["status"], "False") << "its status is told";
    failing = false;
    region.turns();
    EXPECT_TRUE(region.serves("assistant"));
    EXPECT_TRUE(region.ended<kube::Done>());
  }
}

TEST(DeploymentController, ReportsARefusalAndEndsTerminal) {
  RegionInMemory region;
  region.h200("n1");
  region.h200Deployment();
  region.api.answer = [](const kube::Request& request) -> std::optional<kube::Response> {
    if (!isWorkloadOf(request, "assistant-h200")) return std::nullopt;
    return statusResponse(403, "Forbidden", "denied by policy x");
  };
  region.start();
  region.turns();
  ASSERT_TRUE(region.ended<kube::Terminal>());
  EXPECT_THAT(std::get<kube::Terminal>(region.outcomes.at("assistant")).error.message,
              HasSubstr("denied by policy x"));
  EXPECT_EQ(region.condition("Ready")["reason"], "NotStarting");
}

TEST(DeploymentController, GivesTheUnitsOfARefusedVariantToOthersAfterTheProgressDeadline) {
  RegionInMemory region;
  region.h200("n1");
  region.mi300x("m1");
  region.deployment("assistant", {variantJson("h200", "nvidia", "NVIDIA-H200"),
                                  variantJson("mi300x", "amd", "AMD_Instinct_MI300X_OAM")});
  region.api.answer = [](const kube::Request& request) -> std::optional<kube::Response> {
    if (!isWorkloadOf(request, "assistant-h200")) return std::nullopt;
    return statusResponse(403, "Forbidden", "denied by policy x");
  };
  region.start();
  region.turns();
  EXPECT_FALSE(region.serves("assistant", "mi300x"));
  region.pass(31min);
  region.turns();
  EXPECT_TRUE(region.serves("assistant", "mi300x"));
  const auto attempts = region.api.writesOf("PATCH", deploymentsPath + "assistant-h200");
  region.turns();
  EXPECT_EQ(region.api.writesOf("PATCH", deploymentsPath + "assistant-h200"), attempts)
      << "it is withdrawn";
}

TEST(DeploymentController, GoesOnWhereAPodCannotBeMarked) {
  RegionInMemory region;
  region.h200("n1");
  region.h200Deployment();
  region.pod("assistant-h200-1", "h200", "n1");
  region.start();
  region.turns();
  region.api.answer = [](const kube::Request& request) -> std::optional<kube::Response> {
    if (!request.path.starts_with(podsPath)) return std::nullopt;
    return statusResponse(403, "Forbidden", "pods are protected");
  };
  auto node = region.api.get("/api/v1/nodes/n1");
  node["metadata"]["labels"].erase("data-residency.bailiwick.dev/eu-personal");
  region.api.put("/api/v1/nodes/n1", node);
  region.turns();
  EXPECT_EQ(region.condition("Compliant")["status"], "False") << "the status is told all the same";
  EXPECT_THAT(region.condition("Ready")["message"].get<std::string>() +
                  region.condition("Placed")["message"].get<std::string>(),
              HasSubstr("no"));
  EXPECT_TRUE(region.ended<kube::Terminal>());
}

// A webhook, a quota or a policy that keeps pods as they are buys an unlawful replica no time.
struct Unmarkable : RegionInMemory {
  Unmarkable() {
    h200("n1");
    h200Deployment();
    pod("assistant-h200-1", "h200", "n1");
    api.answer = [](const kube::Request& request) -> std::optional<kube::Response> {
      const bool patch = request.method == kube::Method::Patch;
      if (!patch || !request.path.starts_with(podsPath)) return std::nullopt;
      return statusResponse(403, "Forbidden", "pods are protected");
    };
    start();
    turns();
    auto node = api.get("/api/v1/nodes/n1");
    node["metadata"]["labels"].erase("data-residency.bailiwick.dev/eu-personal");
    api.put("/api/v1/nodes/n1", node);
    turns(3);
  }
  int wanted() const { return api.get(deploymentsPath + "assistant-h200")["spec"]["replicas"]; }
};

TEST(DeploymentController, StopsAnUnlawfulReplicaThatCannotBeMarked) {
  Unmarkable region;
  region.pass(9min);
  region.turns(3);
  EXPECT_EQ(region.wanted(), 1);
  region.pass(61s);
  region.turns(3);
  EXPECT_EQ(region.wanted(), 0);
  EXPECT_FALSE(region.api.get(podsPath + "assistant-h200-1").is_null()) << "its ReplicaSet's to do";
}

TEST(DeploymentController, DeletesAnUnlawfulReplicaThatCannotBeMarkedBesideALawfulOne) {
  Unmarkable region;
  region.h200("n2");
  region.turns(2);
  EXPECT_EQ(region.wanted(), 2);
  region.pod("assistant-h200-2", "h200", "n2");
  region.pass(9min);
  region.turns(3);
  EXPECT_FALSE(region.api.get(podsPath + "assistant-h200-1").is_null());
  region.pass(61s);
  region.turns(3);
  EXPECT_TRUE(region.api.get(podsPath + "assistant-h200-1").is_null());
  EXPECT_FALSE(region.api.get(podsPath + "assistant-h200-2").is_null());
  EXPECT_EQ(region.wanted(), 1);
}

TEST(DeploymentController, RemovesTheWorkloadOfAVariantLast) {
  RegionInMemory region;
  region.h200("n1");
  region.mi300x("m1");
  region.h200Deployment();
  region.start();
  region.turns();
  ASSERT_TRUE(region.serves("assistant"));
  std::atomic<bool> failing = true;
  const std::string service = "/api/v1/namespaces/team/services/assistant-h200";
  region.api.answer = [&](const kube::Request& request) -> std::optional<kube::Response> {
    const bool removal = request.method == kube::Method::Delete;
    if (!failing || !removal || request.path != service) return std::nullopt;
    return statusResponse(403, "Forbidden", "not now");
  };
  region.deployment("assistant", {variantJson("mi300x", "amd", "AMD_Instinct_MI300X_OAM")});
  region.turns();
  EXPECT_TRUE(region.serves("assistant")) << "without it the Service would never be found again";
  EXPECT_TRUE(region.ended<kube::Terminal>()) << "no hot loop";
  failing = false;
  region.turns();
  EXPECT_FALSE(region.serves("assistant"));
  EXPECT_TRUE(region.api.get(service).is_null());
  EXPECT_TRUE(region.api.get("/api/v1/namespaces/team/configmaps/assistant-h200").is_null());
}

const std::string setPath =
    "/apis/leaderworkerset.x-k8s.io/v1/namespaces/team/leaderworkersets/assistant-h200";

// An older version left a Deployment of a variant that is to span two nodes.
struct OtherKind : RegionInMemory {
  OtherKind() {
    for (const char* name : {"n1", "n2", "n3"}) h200(name);
    auto wide = variantJson("h200", "nvidia", "NVIDIA-H200");
    h200Deployment();
    pod("assistant-h200-1", "h200", "n1");
    start();
    turns();
    wide["accelerator"]["nodes"] = 2;
    deployment("assistant", {wide});
    turns();
  }
  void member(int worker, const std::string& node) {
    const auto name = "assistant-h200-0" + (worker ? "-" + std::to_string(worker) : "");
    pod(name, "h200", node);
    auto object = api.get(podsPath + name);
    object["metadata"]["labels"].erase("pod-template-hash");
    object["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/group-index"] = "0";
    object["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/worker-index"] =
        std::to_string(worker);
    api.put(podsPath + name, object);
  }
  nlohmann::json wanted(const std::string& path) const { return api.get(path)["spec"]["replicas"]; }
};

TEST(DeploymentController, RemovesTheKindOfWorkloadThatIsNotAskedForOnceTheOtherServes) {
  OtherKind region;
  const auto old = deploymentsPath + "assistant-h200";
  EXPECT_EQ(region.wanted(setPath), 1);
  EXPECT_EQ(region.wanted(old), 1) << "replacement first";
  region.member(0, "n2");
  region.member(1, "n3");
  region.turns();
  EXPECT_EQ(region.wanted(old), 0);
  const auto rows = region.api.get(mdepsPath + "assistant")["status"]["variants"];
  ASSERT_EQ(rows.size(), 1u) << "one variant, whatever runs it";
  EXPECT_EQ(rows[0]["ready"], 2) << rows;
  region.api.erase(podsPath + "assistant-h200-1");
  region.turns();
  EXPECT_TRUE(region.api.get(old).is_null());
  EXPECT_EQ(region.wanted(setPath), 1);
  EXPECT_EQ(region.api.writesOf("DELETE", "/api/v1/namespaces/team/services/assistant-h200"), 0)
      << "the kind that stays is reached by it";
  EXPECT_TRUE(region.ended<kube::Done>());
}

TEST(DeploymentController, KeepsWhatStillServesInTheRouteTable) {
  RegionInMemory region;
  region.h200("n1");
  region.mi300x("m1");
  region.h200Deployment();
  region.pod("assistant-h200-1", "h200", "n1");
  region.start();
  region.turns();
  region.deployment("assistant", {variantJson("mi300x", "amd", "AMD_Instinct_MI300X_OAM")});
  region.turns();
  const auto table = region.api.get("/api/v1/namespaces/team/configmaps/assistant-routes");
  const auto text = table["data"]["routes.yaml"].get<std::string>();
  EXPECT_THAT(text, HasSubstr("assistant-h200.team.svc"));
  EXPECT_THAT(text, HasSubstr("assistant-mi300x.team.svc"));
}

// A deployment that stands in here for replicas elsewhere: its gateway, and a table that still names them.
struct StandIn : RegionInMemory {
  const std::string gateway = deploymentsPath + "assistant-gateway";
  const std::string ofGateway = "/api/v1/namespaces/team/configmaps/assistant-gateway";
  const std::string routes = "/api/v1/namespaces/team/configmaps/assistant-routes";

  StandIn() {
    h200Deployment();
    ours(gateway);
    ours(ofGateway);
    ours(routes);
    node("edge", "none", "unused", "x");
    start();
  }
  void ours(const std::string& path) {
    const auto uid = api.get(mdepsPath + "assistant")["metadata"]["uid"];
    api.put(path, {{"metadata",
                    {{"namespace", "team"},
                     {"labels", {{"bailiwick.dev/deployment", "assistant"},
                                 {"bailiwick.dev/role", "gateway"},
                                 {"app.kubernetes.io/managed-by", "bailiwick"}}},
                     {"ownerReferences", {{{"uid", uid}, {"controller", true}}}}}},
                   {"data", {{"routes.yaml", "one that is old"}}}});
  }
  void stands(const std::string& where) {
    pod("assistant-gateway-1", "", where);
    auto object = api.get(podsPath + "assistant-gateway-1");
    object["metadata"]["labels"]["bailiwick.dev/role"] = "gateway";
    object["metadata"]["labels"].erase("bailiwick.dev/variant");
    api.put(podsPath + "assistant-gateway-1", object);
  }
  void change(const std::string& pointer, const nlohmann::json& value) {
    auto object = api.get(mdepsPath + "assistant");
    object[nlohmann::json::json_pointer(pointer)] = value;
    api.put(mdepsPath + "assistant", object);
  }
  bool isThere(const std::string& path) const { return !api.get(path).is_null(); }
  std::string table() const { return api.get(routes)["data"]["routes.yaml"].get<std::string>(); }
};

TEST(DeploymentController, WithdrawsAGatewayFromARegionThatIsOutsideTheDomainNow) {
  StandIn region;
  region.turns(2);
  EXPECT_TRUE(region.isThere(region.gateway)) << "it may be here";
  region.change("/spec/placement/jurisdictions", {"CH"});
  region.turns();
  EXPECT_FALSE(region.isThere(region.gateway));
  EXPECT_FALSE(region.isThere(region.ofGateway));
  EXPECT_THAT(region.table(), HasSubstr("backends: []")) << "what drains sends nothing on";
  EXPECT_TRUE(region.ended<kube::Done>());
}

TEST(DeploymentController, WithdrawsAGatewayFromNodesThatTheLawDoesNotAllow) {
  StandIn region;
  region.stands("edge");
  region.turns(2);
  EXPECT_TRUE(region.isThere(region.gateway));
  auto node = region.api.get("/api/v1/nodes/edge");
  node["metadata"]["labels"].erase("data-residency.bailiwick.dev/eu-personal");
  region.api.put("/api/v1/nodes/edge", node);
  region.turns();
  EXPECT_FALSE(region.isThere(region.gateway));
}

TEST(DeploymentController, TellsWhereRequestsMayGoWhileADeploymentIsPaused) {
  RegionInMemory region;
  region.h200("n1");
  region.h200Deployment();
  region.pod("assistant-h200-1", "h200", "n1");
  region.start();
  region.turns();
  auto object = region.api.get(mdepsPath + "assistant");
  object["spec"]["paused"] = true;
  region.api.put(mdepsPath + "assistant", object);
  region.turns(2);
  const std::string routes = "/api/v1/namespaces/team/configmaps/assistant-routes";
  const std::string policy = "/apis/networking.k8s.io/v1/namespaces/team/networkpolicies/assistant";
  auto table = region.api.get(routes), doors = region.api.get(policy);
  table["data"]["routes.yaml"] = "one that is old";
  doors["spec"]["ingress"] = nlohmann::json::array();
  region.api.put(routes, table);
  region.api.put(policy, doors);
  const auto workload = region.api.get(deploymentsPath + "assistant-h200");
  region.turns();
  EXPECT_THAT(region.api.get(routes)["data"]["routes.yaml"].get<std::string>(),
              HasSubstr("assistant-h200.team.svc"));
  EXPECT_FALSE(region.api.get(policy)["spec"]["ingress"].empty());
  EXPECT_EQ(region.api.get(deploymentsPath + "assistant-h200"), workload) << "the rest stays as it is";
  EXPECT_TRUE(region.ended<kube::Done>());
}

TEST(DeploymentController, WithdrawsNothingForASpecThatCannotBeUnderstood) {
  StandIn region;
  region.stands("edge");
  region.change("/spec/placement/jurisdictions", {"Atlantis"});
  region.turns();
  EXPECT_TRUE(region.isThere(region.gateway));
  EXPECT_EQ(region.table(), "one that is old");
}

TEST(DeploymentController, JudgesNobodyByARegionThatCannotBeRead) {
  RegionInMemory region;
  region.h200("n1");
  region.h200Deployment();
  region.pod("assistant-h200-1", "h200", "n1");
  region.start();
  region.turns();
  auto object = region.api.get(regionPath);
  object["spec"]["jurisdiction"] = 7;
  region.api.put(regionPath, object);
  region.turns(2);
  region.pass(24h);
  region.turns();
  EXPECT_TRUE(region.api.get(podsPath + "assistant-h200-1")["metadata"]["annotations"].is_null());
  EXPECT_EQ(region.api.get(deploymentsPath + "assistant-h200")["spec"]["replicas"], 1);
  EXPECT_EQ(region.condition("Ready")["reason"], "LocationUnknown");
  EXPECT_THAT(region.condition("Ready")["message"].get<std::string>(),
              HasSubstr("the Region object fra cannot be read, correct it: spec.jurisdiction"));
}

}  // namespace
}  // namespace bailiwick::testing
