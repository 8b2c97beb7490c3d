// The answers of the webhook, and the bad-input matrix: whatever comes, it answers and lives.

#include "serve/admission.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/objects.hpp"
#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using api::PolicyRules;
using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

json deploymentJson(const std::string& variant = "h200", const std::string& vendor = "nvidia") {
  return {{"apiVersion", "bailiwick.dev/v1alpha1"},
          {"kind", "ModelDeployment"},
          {"metadata", {{"name", "assistant"}, {"namespace", "team"}}},
          {"spec",
           {{"servedName", "assistant"},
            {"replicas", 1},
            {"placement", {{"jurisdictions", {"EU"}}, {"dataResidency", {"eu-personal"}}}},
            {"variants",
             {{{"name", variant},
               {"passport", "open"},
               {"artifact", "fp8"},
               {"engine", {{"name", "vllm"}}},
               {"accelerator", {{"vendor", vendor}, {"perReplica", 8}}}}}}}}};
}

struct Door {
  serve::Known known;
  policy::Settings settings;
  std::map<std::string, std::shared_ptr<const api::ModelPassport>, std::less<>> passports;
  std::vector<std::shared_ptr<const api::ModelDeployment>> deployments;

  Door() {
    known.passport = [this](std::string_view name) {
      const auto found = passports.find(name);
      return found == passports.end() ? nullptr : found->second;
    };
    known.deployments = [this] { return deployments; };
    known.regions = {std::make_shared<const api::Region>(fra())};
    add(makePassport("open").artifact("fp8", api::SourceType::OCI, "oci://r.example/m").obj());
  }
  void add(const api::ModelPassport& passport) {
    passports[passport.meta.key.name] = std::make_shared<const api::ModelPassport>(passport);
  }
  void add(const PolicyBuilder& policy) {
    known.policies.push_back(std::make_shared<const api::SovereigntyPolicy>(policy.obj()));
  }
  serve::Admission admission() const {
    return serve::Admission({&testCatalog(), settings, "fra", [this] { return known; },
                             [] { return testTime; }});
  }
  serve::Admission::Reply post(const std::string& body) const { return admission().review(body); }

  static json review(const std::string& kind, const std::string& operation, json object,
                     json old = nullptr) {
    return {{"apiVersion", "admission.k8s.io/v1"},
            {"kind", "AdmissionReview"},
            {"request",
             {{"uid", "u-1"},
              {"kind", {{"group", "bailiwick.dev"}, {"version", "v1alpha1"}, {"kind", kind}}},
              {"operation", operation},
              {"object", std::move(object)},
              {"oldObject", std::move(old)},
              {"dryRun", true}}}};
  }
  json ask(const std::string& kind, const std::string& operation, json object,
           json old = nullptr) const {
    const auto reply = post(review(kind, operation, std::move(object), std::move(old)).dump());
    EXPECT_EQ(reply.status, 200) << reply.body;
    const auto answer = json::parse(reply.body);
    EXPECT_EQ(answer["response"]["uid"], "u-1");
    return answer["response"];
  }
  json create(const json& deployment = deploymentJson()) const {
    return ask("ModelDeployment", "CREATE", deployment);
  }
};

std::string refusalIn(const json& response) {
  return response["allowed"] ? "" : std::string(response["status"]["message"]);
}

std::vector<std::string> warningsIn(const json& response) {
  return response.value("warnings", std::vector<std::string>{});
}

TEST(Admission, LetsInWhatIsInOrder) {
  const auto response = Door().create();
  EXPECT_EQ(refusalIn(response), "");
  EXPECT_THAT(warningsIn(response), IsEmpty());
}

TEST(Admission, RefusesInTheWordsOfTheConditions) {
  Door door;
  door.add(makePolicy("eu").allow(&PolicyRules::origins, {"EU"}));
  const auto response = door.create();
  EXPECT_EQ(refusalIn(response), "policy eu denies origin CN of passport open (it allows EU)");
  EXPECT_EQ(response["status"]["code"], 403);
}

TEST(Admission, WarnsWhereAPolicyWarnsOrALegalVariantIsLeft) {
  Door door;
  door.add(makePolicy("w")
               .deny(&PolicyRules::origins, {"CN"})
               .enforcement(api::Enforcement::Warn));
  door.add(makePolicy("n").deny(&PolicyRules::vendors, {"nvidia"}));
  auto both = deploymentJson();
  both["spec"]["variants"].push_back(deploymentJson("mi", "amd")["spec"]["variants"][0]);
  const auto response = door.create(both);
  EXPECT_EQ(refusalIn(response), "");
  EXPECT_THAT(warningsIn(response), Contains("policy w denies origin CN of passport open"));
  EXPECT_THAT(warningsIn(response), Contains("policy n denies vendor nvidia of variant h200"));
}

TEST(Admission, RefusesWhatAnExitPolicyKeepsOut) {
  Door door;
  door.add(makePolicy("x")
               .deny(&PolicyRules::origins, {"CN"})
               .enforcement(api::Enforcement::Exit));
  EXPECT_EQ(refusalIn(door.create(deploymentJson())), "policy x denies origin CN of passport open");
}

TEST(Admission, RefusesWhatNoTimeMends) {
  Door door;
  auto deployment = deploymentJson();
  deployment["spec"]["placement"]["jurisdictions"] = {"ZZ"};
  EXPECT_THAT(refusalIn(door.create(deployment)), HasSubstr("ZZ is neither"));
  EXPECT_THAT(refusalIn(door.create(deploymentJson("h200", "nvidea"))),
              HasSubstr("accelerator.vendor nvidea is not in the catalogue; it has "));
  deployment = deploymentJson();
  deployment["spec"]["replicas"] = nullptr;
  EXPECT_THAT(refusalIn(door.create(deployment)), HasSubstr("spec.replicas: must be"));
}

TEST(Admission, WarnsOfWhatMayYetCome) {
  Door door;
  auto deployment = deploymentJson();
  deployment["spec"]["variants"][0]["passport"] = "later";
  EXPECT_THAT(warningsIn(door.create(deployment)),
              Contains(StartsWith("passport later of variant h200 does not exist")));
  deployment = deploymentJson();
  deployment["spec"]["placement"]["jurisdictions"] = {"FR"};
  EXPECT_EQ(refusalIn(door.create(deployment)), "") << "it may be of another region";
  door.known.regions.clear();
  EXPECT_THAT(warningsIn(door.create()), Contains(HasSubstr("no readable Region object")));
}

TEST(Admission, AsksForAReadyExitNowhereButAtPlacement) {
  Door door;
  door.add(makePolicy("dora").rules([](auto& r) { r.requireExitReady = true; }));
  EXPECT_EQ(refusalIn(door.create()), "");
}

TEST(Admission, KeepsNobodyFromChangingWhatWasRefusedBefore) {
  Door door;
  door.add(makePolicy("p").deny(&PolicyRules::origins, {"CN"}));
  auto changed = deploymentJson();
  changed["spec"]["replicas"] = 0;
  auto response = door.ask("ModelDeployment", "UPDATE", changed, deploymentJson());
  EXPECT_EQ(refusalIn(response), "");
  EXPECT_THAT(warningsIn(response), Contains("policy p denies origin CN of passport open"));
  door.add(makePolicy("q").deny(&PolicyRules::vendors, {"amd"}));
  response = door.ask("ModelDeployment", "UPDATE", deploymentJson("h200", "amd"), deploymentJson());
  EXPECT_EQ(refusalIn(response), "policy q denies vendor amd of variant h200");
}

TEST(Admission, LetsGoWhatIsBeingDeleted) {
  Door door;
  door.add(makePolicy("p").deny(&PolicyRules::origins, {"CN"}));
  auto leaving = deploymentJson();
  leaving["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z";
  EXPECT_EQ(refusalIn(door.create(leaving)), "");
}

TEST(Admission, JudgesPoliciesAndTellsTheirReach) {
  Door door;
  for (const auto& one : {assistant("lawful").variant(mi300x()), assistant().variant(h200())}) {
    door.deployments.push_back(std::make_shared<const api::ModelDeployment>(one.obj()));
  }
  auto policy = api::testing::fullSovereigntyPolicy();
  policy["spec"]["selector"] = json::object();
  policy["spec"]["rules"] = {{"vendors", {{"deny", {"nvidia", "nvidea"}}}}};
  const auto response = door.ask("SovereigntyPolicy", "CREATE", policy);
  EXPECT_EQ(refusalIn(response), "");
  EXPECT_THAT(warningsIn(response), Contains(StartsWith("spec.rules.vendors.deny names nvidea")));
  EXPECT_THAT(warningsIn(response),
              Contains("1 variant of ModelDeployments violates it now, first team/assistant: policy "
                       "eu-personal-data denies vendor nvidia of variant h200"));
  policy["spec"]["rules"] = {{"origins", {{"deny", {"EUU"}}}}};
  EXPECT_THAT(refusalIn(door.ask("SovereigntyPolicy", "CREATE", policy)), HasSubstr("EUU is neither"));
  policy["spec"]["rules"] = {{"origins", nullptr}};
  EXPECT_THAT(refusalIn(door.ask("SovereigntyPolicy", "CREATE", policy)),
              HasSubstr("spec.rules.origins: must be an object"));
}

TEST(Admission, JudgesPassportsRegionsAndOrders) {
  const Door door;
  auto passport = api::testing::fullModelPassport();
  EXPECT_THAT(warningsIn(door.ask("ModelPassport", "CREATE", passport)),
              Contains(HasSubstr("ancestor deepseek-v3-base of passport deepseek-v3-2 does not")));
  auto region = api::testing::fullRegion();
  region["spec"]["location"] = "us-east-1";
  EXPECT_EQ(refusalIn(door.ask("Region", "CREATE", region)),
            "region fra says jurisdiction DE, but aws us-east-1 is in US; correct the Region's spec");
  auto order = api::testing::fullExitOrder();
  order["spec"]["deadline"] = "2020-01-01T00:00:00Z";
  const auto warnings = warningsIn(door.ask("ExitOrder", "CREATE", order));
  EXPECT_THAT(warnings, Contains("its deadline 2020-01-01T00:00:00Z has passed already"));
  EXPECT_THAT(warnings, Contains(HasSubstr("SovereigntyPolicy eu-personal-data, which does not")));
  order["spec"]["target"]["vendors"] = {"nvidea"};
  EXPECT_THAT(warningsIn(door.ask("ExitOrder", "CREATE", order)),
              Contains("it targets vendor nvidea, which the catalogue does not know: is it misspelt?"));
}

TEST(Admission, TellsWhatADeletionMeansAndNeverHoldsItUp) {
  Door door;
  door.deployments = {
      std::make_shared<const api::ModelDeployment>(assistant().variant(h200()).obj())};
  auto passport = api::testing::fullModelPassport();
  passport["metadata"]["name"] = "open";
  const auto response = door.ask("ModelPassport", "DELETE", nullptr, passport);
  EXPECT_EQ(refusalIn(response), "");
  EXPECT_THAT(warningsIn(response), Contains(StartsWith("1 ModelDeployment uses passport open")));
  EXPECT_THAT(warningsIn(door.ask("ExitOrder", "DELETE", nullptr, api::testing::fullExitOrder())),
              Contains("ExitOrder exit-nvidia is lifted: what it targets may come back"));
  EXPECT_EQ(refusalIn(door.ask("Region", "DELETE", nullptr, 7)), "") << "even if it is none";
  EXPECT_EQ(refusalIn(door.ask("Region", "DELETE", nullptr, nullptr)), "");
}

TEST(Admission, RefusesBodiesThatAreNoReviewOfItsKinds) {
  const Door door;
  const auto rejects = [&](const std::string& body, const std::string& why) {
    const auto reply = door.post(body);
    EXPECT_EQ(reply.status, 400) << body.substr(0, 80);
    EXPECT_THAT(reply.body, HasSubstr(why)) << body.substr(0, 80);
  };
  rejects("", "no JSON");
  rejects("{", "no JSON");
  rejects("<html>", "no JSON");
  rejects("\xff\xfe{}", "no JSON");
  rejects("[]", "must be a JSON object");
  rejects("null", "must be a JSON object");
  rejects(std::string(100000, '['), "no JSON");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "{\"a\":";
  rejects(deep, "no JSON");
  rejects(std::string(100000, '[') + std::string(100000, ']'), "no JSON");
  auto good = Door::review("ModelDeployment", "CREATE", deploymentJson());
  const auto without = [&](const char* pointer, json value, const std::string& why) {
    auto bad = good;
    bad[json::json_pointer(pointer)] = std::move(value);
    rejects(bad.dump(), why);
  };
  without("/apiVersion", "admission.k8s.io/v1beta1", "must be an AdmissionReview");
  without("/kind", "AdmissionReviewX", "must be an AdmissionReview");
  without("/request", nullptr, "request: is required");
  without("/request/uid", "", "request.uid");
  without("/request/uid", std::string(1000, 'u'), "request.uid");
  without("/request/uid", 7, "request.uid");
  without("/request/kind/kind", "Pod", "only the kinds of bailiwick.dev");
  without("/request/kind/version", "v1", "only the kinds of bailiwick.dev");
  without("/request/kind", "Pod", "request.kind");
  without("/request/operation", "CONNECT", "request.operation");
  auto twice = good.dump();
  twice.insert(1, "\"kind\":\"AdmissionReview\",");
  rejects(twice, "a key is given twice");
  twice = good.dump();
  twice.insert(twice.find("\"servedName\""), "\"servedName\":\"x\",");
  rejects(twice, "a key is given twice");
}

TEST(Admission, AnswersWhatIsMissingInAReview) {
  const Door door;
  const auto response = door.ask("ModelDeployment", "CREATE", nullptr);
  EXPECT_EQ(refusalIn(response), "request.object: is required");
  EXPECT_EQ(response["status"]["code"], 400);
  EXPECT_EQ(refusalIn(door.create(json::object())), "ModelDeployment: metadata: is required");
  EXPECT_EQ(refusalIn(door.create(7)), "ModelDeployment: must be an object");
}

TEST(Admission, JudgesNoSubresource) {
  Door door;
  door.add(makePolicy("p").deny(&PolicyRules::origins, {"CN"}));
  auto review = Door::review("ModelDeployment", "UPDATE", deploymentJson());
  review["request"]["subResource"] = "status";
  EXPECT_TRUE(json::parse(door.post(review.dump()).body)["response"]["allowed"]);
}

TEST(Admission, BoundsWhatItAnswers) {
  Door door;
  for (int i = 0; i < 100; ++i) {
    door.add(makePolicy(fmt::format("{}-{}", i, std::string(150, 'p')))
                 .deny(&PolicyRules::origins, {"CN"})
                 .enforcement(i % 2 == 0 ? api::Enforcement::Warn : api::Enforcement::Deny));
  }
  const auto response = door.create();
  EXPECT_LE(refusalIn(response).size(), 4096U);
  std::size_t size = 0;
  for (const auto& warning : warningsIn(response)) {
    EXPECT_LE(warning.size(), 256U);
    size += warning.size();
  }
  EXPECT_GT(size, 0U);
  EXPECT_LE(size, 4096U);
}

TEST(Admission, SurvivesAnyValueAnywhere) {
  const Door door;
  const auto good = Door::review("ModelDeployment", "UPDATE", deploymentJson(), deploymentJson());
  const json values[] = {nullptr, true, -1, 1.5, "", "\u0000", json::array(), json::object()};
  const json flat = good.flatten();
  for (const auto& [path, value] : flat.items()) {
    for (json::json_pointer at(path); !at.empty(); at = at.parent_pointer()) {
      for (const auto& other : values) {
        auto bad = good;
        bad[at] = other;
        const auto reply = door.post(bad.dump());
        EXPECT_TRUE(reply.status == 200 || reply.status == 400);
      }
    }
  }
}

}  // namespace
}  // namespace bailiwick::testing
