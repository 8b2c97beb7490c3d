// Prints every object that the shipped catalogue can make, engine by vendor by kind of artifact by
// nodes, one JSON document a line: for a real API server to judge by server-side apply with strict
// validation.

#include <iostream>

#include "render/shipped.hpp"

namespace bailiwick::render {
namespace {

// Every optional field of the spec that reaches an object.
void fill(api::ModelDeploymentSpec& spec) {
  spec.routing.apiKeysSecret = "keys";
  spec.routing.shadow = {spec.variants.front().name, 5};
  spec.pod.env = {{"A", "1", {}}, {"B", "", api::EnvVar::SecretKey{"s", "k", true}}};
  spec.pod.imagePullSecrets = {"pull"};
  spec.pod.requests = {{"memory", "64Gi"}, {"hugepages-2Mi", "1Gi"}};
  spec.pod.labels = {{"team", "x"}};
  spec.rollout.maxUnavailable = 1;
}

void print(const std::vector<Object>& objects) {
  for (const Object& object : objects) std::cout << object.body.dump() << "\n";
}

void printAll(World& world) {
  for (const char* artifact : {"fp8", "image", "claim", "hub"})
    for (const int nodes : {1, 2})
      for (Shipped& one : shipped(world.catalog, artifact, nodes)) {
        one.region.weightsStorageClass = nodes > 1 ? "" : "fast";
        one.region.egressGateways = {"0.0.0.0/0", "::/0", "10.1.2.3/8"};
        fill(one.deployment.spec);
        print(objectsOf(world, one));
        print(world.sharedOf(one.deployment));
      }
}

}  // namespace
}  // namespace bailiwick::render

int main() {
  bailiwick::render::World world(bailiwick::catalog::builtin().value());
  world.environment.apiServer = {{"10.0.0.1", 6443}, {"2001:db8::1", 6443}};
  world.environment.runtimeClasses = {"nvidia", "ascend", "mthreads", "habana"};
  bailiwick::render::printAll(world);
}
