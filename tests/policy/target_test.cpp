#include "policy/target.hpp"

#include <gtest/gtest.h>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using api::ExitTarget;

api::ModelPassport passport(const std::string& name, std::vector<api::Ancestor> ancestors = {}) {
  return makePassport(name)
      .artifact("fp8", api::SourceType::OCI, "oci://r.example/m")
      .with([&](auto& p) {
        p.originCountry = "DE";
        p.publisher.name = "Example";
        p.licence = "MIT";
        p.derivedFrom = std::move(ancestors);
      })
      .obj();
}

// "mine", derived from passport "base" (CN, Alibaba) and, told in place, from one of Mistral (FR).
struct World {
  api::ModelPassport mine = passport("mine", {{"base", "", {}}, {"", "m", {"Mistral", "FR", {}}}});
  api::ModelPassport base = passport("base");
  policy::Passports passports;
  api::ModelDeployment deployment =
      assistant().variant(makeVariant("v").passport("mine", "fp8").on("nvidia", {"NVIDIA-H200"}, 8))
          .obj();
  api::Region region = fra();

  World() {
    base.originCountry = "CN";
    base.publisher.name = "Alibaba";
    base.licence = "Apache-2.0";
    passports = {{"mine", &mine}, {"base", &base}};
  }
  policy::Facts facts() const {
    return policy::factsOf({deployment, deployment.spec.variants.front(), passports, region,
                            testCatalog()});
  }
  std::string why(const ExitTarget& target, const policy::Violates& violates = {}) const {
    return policy::named(target, facts(), testCatalog(), violates).value_or("");
  }
};

template <class Field>
ExitTarget target(Field field, std::vector<std::string> values) {
  ExitTarget made;
  made.*field = std::move(values);
  return made;
}

struct Row {
  const char* what;
  ExitTarget target;
  std::string found;
};

TEST(Target, NamesAVariantByAnyOfItsDependencies) {
  using T = ExitTarget;
  const std::vector<Row> table = {
      {"its origin", target(&T::origins, {"DE"}), "origin DE of passport mine"},
      {"a bloc", target(&T::origins, {"EU"}), "origin DE of passport mine"},
      {"an ancestor's origin", target(&T::origins, {"CN"}), "origin CN of ancestor base of passport mine"},
      {"one told in place", target(&T::origins, {"FR"}), "origin FR of ancestor m (Mistral) of passport mine"},
      {"another origin", target(&T::origins, {"US"}), ""},
      {"its publisher", target(&T::publishers, {"Example"}), "publisher Example of passport mine"},
      {"an ancestor's publisher", target(&T::publishers, {"Alibaba"}), "publisher Alibaba of ancestor base of passport mine"},
      {"a part of a name", target(&T::publishers, {"Ali"}), ""},
      {"its licence", target(&T::licences, {"MIT"}), "licence MIT of passport mine"},
      {"an ancestor's licence", target(&T::licences, {"Apache-2.0"}), "licence Apache-2.0 of ancestor base of passport mine"},
      {"its passport", target(&T::passports, {"mine"}), "passport mine"},
      {"an ancestor", target(&T::passports, {"base"}), "ancestor base of passport mine"},
      {"another passport", target(&T::passports, {"other"}), ""},
      {"its vendor", target(&T::vendors, {"amd", "nvidia"}), "vendor nvidia"},
      {"another vendor", target(&T::vendors, {"amd"}), ""},
      {"its product", target(&T::products, {"NVIDIA-H200"}), "product NVIDIA-H200"},
      {"a prefix of its product", target(&T::products, {"NVIDIA-H20"}), ""},
      {"its engine", target(&T::engines, {"vllm"}), "engine vllm"},
      {"another engine", target(&T::engines, {"sglang"}), ""},
      {"its provider", target(&T::providers, {"aws"}), "provider aws of region fra"},
      {"who operates a part of it", target(&T::providers, {"aws-cn"}), ""},
      {"its region", target(&T::regions, {"fra"}), "region fra"},
      {"another region", target(&T::regions, {"fr"}), ""},
      {"its jurisdiction", target(&T::jurisdictions, {"DE"}), "jurisdiction DE of region fra"},
      {"a bloc of it", target(&T::jurisdictions, {"EEA"}), "jurisdiction DE of region fra"},
      {"another jurisdiction", target(&T::jurisdictions, {"CH"}), ""},
      {"nothing", {}, ""}};
  const World world;
  for (const auto& row : table) EXPECT_EQ(world.why(row.target), row.found) << row.what;
}

TEST(Target, TakesAllProductsWhereAVariantMayBePutOnAny) {
  World world;
  world.deployment.spec.variants.front().accelerator.products.clear();
  EXPECT_EQ(world.why(target(&ExitTarget::products, {"NVIDIA-H20"})), "product NVIDIA-H20");
  EXPECT_EQ(world.why(target(&ExitTarget::products, {"AMD_Instinct_MI325X"})), "");
}

TEST(Target, KnowsAProductByItsOtherNames) {
  World world;
  world.deployment.spec.variants.front().accelerator.vendor = "amd";
  world.deployment.spec.variants.front().accelerator.products = {"AMD_Instinct_MI300X"};
  EXPECT_EQ(world.why(target(&ExitTarget::products, {"AMD_Instinct_MI300X_OAM"})),
            "product AMD_Instinct_MI300X_OAM");
}

TEST(Target, NamesAModelOfWhichNothingIsKnown) {
  World world;
  world.passports.erase("base");
  EXPECT_EQ(world.why(target(&ExitTarget::origins, {"US"})),
            "ancestor base of passport mine, of which nothing is known: it does not exist; apply that "
            "ModelPassport");
  EXPECT_EQ(world.why(target(&ExitTarget::vendors, {"amd"})), "") << "that looks at no model";
}

TEST(Target, TakesWhatViolatesAPolicyByThatPolicysOwnChecks) {
  const World world;
  const policy::Violates violates = [](std::string_view name, const policy::Facts& facts) {
    return name == "eu" ? std::optional("policy eu denies vendor " + facts.vendor) : std::nullopt;
  };
  EXPECT_EQ(world.why(target(&ExitTarget::policies, {"us", "eu"}), violates),
            "what violates a policy (policy eu denies vendor nvidia)");
  EXPECT_EQ(world.why(target(&ExitTarget::policies, {"us"}), violates), "");
}

TEST(Target, IsAboutTheDeploymentsThatTheOrderSelects) {
  World world;
  world.deployment.meta.labels.set("tier", "gold");
  api::ExitOrderSpec order;
  order.target.vendors = {"nvidia"};
  const auto selected = [&] {
    return policy::targeted(order, world.facts(), testCatalog()).has_value();
  };
  EXPECT_TRUE(selected()) << "an empty selector restricts nothing";
  order.selector.namespaces = {"team"};
  order.selector.matchLabels = api::Labels{{"tier", "gold"}};
  order.selector.dataResidency = {"eu-personal"};
  EXPECT_TRUE(selected());
  order.selector.namespaces = {"other"};
  EXPECT_FALSE(selected());
  order.selector.namespaces = {};
  order.selector.matchLabels = api::Labels{{"tier", "silver"}};
  EXPECT_FALSE(selected());
  order.selector.matchLabels = {};
  order.selector.dataResidency = {"health"};
  EXPECT_FALSE(selected());
}

}  // namespace
}  // namespace bailiwick::testing
