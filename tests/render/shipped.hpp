#pragma once
// One variant for each engine, vendor and resource family of the shipped catalogue, with a product
// where the images differ by product.

#include <set>

#include "render/world.hpp"

namespace bailiwick::render {

struct Shipped {
  const catalog::Engine* engine;
  const catalog::ResourceFamily* family;
  api::Region region;  // where that family is offered
  api::ModelDeployment deployment;
};

// A name of at most `longest` characters out of one of the catalogue's.
inline std::string nameOf(std::string text, std::size_t longest) {
  for (char& c : text)
    if (c == '.') c = '-';
  return text.substr(0, longest);
}

inline Shipped shippedOf(const catalog::Catalog& catalog, const catalog::Engine& engine,
                         const catalog::Vendor& vendor, const catalog::ResourceFamily& family,
                         const std::vector<std::string>& products, const std::string& artifact,
                         int nodes) {
  const std::string provider = family.providers.empty() ? "on-premises" : family.providers.front();
  const auto& locations = catalog.provider(provider)->locations;
  auto region = locations.empty()
                    ? makeRegion("r", provider, "hall", "DE")
                    : makeRegion("r", provider, locations.front().id, locations.front().country);
  const std::string name = nameOf(engine.name + "-" + artifact + "-" + vendor.id, 30);
  const auto variant = makeVariant(nameOf(family.id, 14) + "-" + std::to_string(nodes))
                           .engine(engine.name)
                           .image("registry.example/engine:1")
                           .passport("deepseek-v3-2", artifact)
                           .on(vendor.id, products, family.multipleOf)
                           .nodes(nodes);
  auto deployment = makeDeployment(name, "default").in({region.obj().jurisdiction});
  return {&engine, &family, region.obj(), deployment.variant(variant).obj()};
}

// On that family, whichever the plan would take first.
inline std::vector<Object> objectsOf(World& world, const Shipped& one) {
  world.region = one.region;
  VariantShare share = world.share(one.deployment);
  share.requirement.family = one.family;
  share.requirement.resource = one.family->resource;
  return variantObjects(one.deployment, share, world.environment);
}

inline std::vector<Shipped> shipped(const catalog::Catalog& catalog, const std::string& artifact,
                                    int nodes) {
  std::vector<Shipped> result;
  for (const auto& [engineName, engine] : catalog.engines) {
    std::set<std::string> seen;
    for (const auto& image : engine.images) {
      const catalog::Vendor& vendor = *catalog.vendor(image.vendor);
      if (!vendor.target || (nodes > 1 && !engine.multiNode)) continue;
      const auto add = [&](const catalog::ResourceFamily& family,
                           const std::vector<std::string>& products) {
        if (!seen.insert(vendor.id + "/" + family.id).second) return;
        result.push_back(shippedOf(catalog, engine, vendor, family, products, artifact, nodes));
      };
      if (image.products.empty()) {
        for (const auto& family : vendor.families) add(family, {});
      }
      for (const auto& name : image.products) {
        for (const auto& id : vendor.product(name)->families) add(*vendor.family(id), {name});
      }
    }
  }
  return result;
}

}  // namespace bailiwick::render
