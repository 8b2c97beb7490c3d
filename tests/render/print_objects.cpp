// Prints every object of a matrix of engines, vendors, artifacts and group sizes, one JSON document
// a line: for a real API server to judge by server-side apply with strict validation.

#include <iostream>

#include "render/world.hpp"

namespace bailiwick::render {
namespace {

// A request that is a whole number of every family's unit.
constexpr int devices = 8;

// A deployment's name tells which engine it shows; each vendor is a variant.
api::ModelDeployment deploymentOf(const World& world, const catalog::Engine& engine,
                                  const std::string& artifact, int nodes) {
  std::string name = "m-" + engine.name + "-" + artifact + "-" + std::to_string(nodes);
  std::replace(name.begin(), name.end(), '.', '-');
  auto builder = makeDeployment(name, "default").in({"EU"});
  std::set<std::string> vendors;
  for (const auto& image : engine.images)
    if (world.catalog.vendor(image.vendor)->target && vendors.insert(image.vendor).second)
      builder.variant(makeVariant(image.vendor)
                          .engine(engine.name)
                          .on(image.vendor, {}, devices)
                          .passport("deepseek-v3-2", artifact)
                          .nodes(nodes));
  auto deployment = builder.obj();
  deployment.spec.routing.apiKeysSecret = "keys";
  deployment.spec.pod.env = {{"A", "1", {}}, {"B", "", api::EnvVar::SecretKey{"s", "k", true}}};
  deployment.spec.pod.imagePullSecrets = {"pull"};
  deployment.spec.pod.requests = {{"memory", "64Gi"}, {"hugepages-2Mi", "1Gi"}};
  deployment.spec.pod.labels = {{"team", "x"}};
  return deployment;
}

void print(const std::vector<Object>& objects) {
  for (const Object& object : objects) std::cout << object.body.dump() << "\n";
}

void printAll(const World& world) {
  for (const auto& [name, engine] : world.catalog.engines)
    for (const char* artifact : {"fp8", "image", "claim", "hub"})
      for (const int nodes : {1, 2}) {
        if (nodes > 1 && !engine.multiNode) continue;
        const auto deployment = deploymentOf(world, engine, artifact, nodes);
        std::vector<VariantShare> shares;
        for (std::size_t i = 0; i < deployment.spec.variants.size(); ++i) {
          shares.push_back(world.share(deployment, i, 2));
          print(variantObjects(deployment, shares.back(), world.environment));
        }
        print(sharedObjects(deployment, shares, world.environment, {}));
      }
}

}  // namespace
}  // namespace bailiwick::render

int main() {
  bailiwick::render::World world;
  world.region.weightsStorageClass = "fast";
  world.region.egressGateways = {"0.0.0.0/0", "::/0"};
  world.environment.apiServer = {{"10.0.0.1", 6443}, {"2001:db8::1", 6443}};
  world.environment.runtimeClasses = {"nvidia", "ascend"};
  bailiwick::render::printAll(world);
}
