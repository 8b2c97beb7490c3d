#include "plan/requirement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "plan/place.hpp"

namespace bailiwick::plan {
namespace {

using catalog::Engine;
using catalog::EngineImage;
using catalog::Labeller;
using catalog::MemoryUnit;
using catalog::Product;
using catalog::ResourceFamily;
using catalog::Vendor;
using policy::Refusal;
using Products = std::vector<const Product*>;

constexpr std::int64_t mebibyte = 1 << 20;

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Families usable in a region of this provider; those that name it first.
std::vector<const ResourceFamily*> usableFamilies(const Vendor& vendor,
                                                  const std::string& provider) {
  std::vector<const ResourceFamily*> named, general;
  for (const auto& family : vendor.families) {
    if (family.providers.empty()) general.push_back(&family);
    if (contains(family.providers, provider)) named.push_back(&family);
  }
  named.insert(named.end(), general.begin(), general.end());
  return named;
}

Products productsOf(const Vendor& vendor, const ResourceFamily& family) {
  Products products;
  for (const auto& product : vendor.products) {
    if (contains(product.families, family.id)) products.push_back(&product);
  }
  return products;
}

// Whether the nodes' labels, or the resource name alone, can tell these products from others.
bool canTell(const Vendor& vendor, const ResourceFamily& family, const Products& wanted) {
  const bool allOffered = std::all_of(wanted.begin(), wanted.end(), [&](const Product* product) {
    return contains(product->families, family.id);
  });
  if (!allOffered) return false;
  return !family.labellers.empty() || productsOf(vendor, family).size() == wanted.size();
}

std::vector<std::string> labelValues(const Labeller& labeller, const Products& products) {
  std::vector<std::string> values;
  for (const auto* product : products) {
    for (auto& value : labeller.valuesOf(*product)) values.push_back(std::move(value));
  }
  std::sort(values.begin(), values.end());
  return values;
}

NodeSelector single(Expression expression) {
  NodeSelector selector;
  selector.any.emplace_back().all.push_back(std::move(expression));
  return selector;
}

// A key for one of these values and none for another one that the catalogue knows: every device of
// the node is of these. One that the catalogue does not know goes unseen beside one that it knows.
NodeSelector onlyKeys(const std::string& prefix, const std::vector<std::string>& values,
                      const std::vector<std::string>& others) {
  NodeSelector selector;
  for (const auto& value : values) {
    auto& term = selector.any.emplace_back();
    term.all.push_back({prefix + "." + value, Operator::Exists, {}});
    for (const auto& other : others) {
      term.all.push_back({prefix + "." + other, Operator::DoesNotExist, {}});
    }
  }
  return selector;
}

NodeSelector productSelector(const Labeller& labeller, const Vendor& vendor,
                             const Products& products) {
  const auto values = labelValues(labeller, products);
  if (values.empty()) return {};
  if (!labeller.valueInKey) return single({labeller.productKey, Operator::In, values});
  Products others;
  for (const auto& product : vendor.products) {
    const bool wanted = std::find(products.begin(), products.end(), &product) != products.end();
    if (!wanted) others.push_back(&product);
  }
  return onlyKeys(labeller.productKey, values, labelValues(labeller, others));
}

// The comparison is in MiB: an H200 says 143771 MiB, which is 140.4 GiB.
NodeSelector memorySelector(const Labeller& labeller, const Vendor& vendor,
                            std::int64_t minBytes) {
  if (minBytes == 0) return NodeSelector{{Term{}}};
  if (labeller.memoryKey.empty()) return {};
  const std::int64_t minMiB = (minBytes + mebibyte - 1) / mebibyte;
  if (labeller.memoryUnit == MemoryUnit::MiB) {
    return single({labeller.memoryKey, Operator::Gt, {std::to_string(minMiB - 1)}});
  }
  std::vector<std::string> sufficient, less;
  for (const auto& value : vendor.memoryLabels) {
    (std::stoll(value) * 1024 >= minMiB ? sufficient : less).push_back(value);
  }
  std::sort(sufficient.begin(), sufficient.end());
  if (labeller.valueInKey) return onlyKeys(labeller.memoryKey, sufficient, less);
  if (sufficient.empty()) return {};
  return single({labeller.memoryKey, Operator::In, sufficient});
}

NodeSelector hardwareSelector(const Vendor& vendor, const ResourceFamily& family,
                              const Products& products, std::int64_t minMemory) {
  Term common;
  for (const auto& [key, values] : family.requiredLabels) {
    common.all.push_back({key, Operator::In, values});
  }
  for (const auto& [key, values] : family.excludedLabels) {
    common.all.push_back({key, Operator::NotIn, values});
  }
  NodeSelector selector;
  if (family.labellers.empty()) {
    if (minMemory == 0) selector.any.push_back(std::move(common));
    return selector;
  }
  for (const auto& labeller : family.labellers) {
    auto terms = both(both(NodeSelector{{common}}, productSelector(labeller, vendor, products)),
                      memorySelector(labeller, vendor, minMemory));
    std::move(terms.any.begin(), terms.any.end(), std::back_inserter(selector.any));
  }
  return selector;
}

tl::expected<Products, Refusal> resolveProducts(const api::Variant& variant,
                                                const Vendor& vendor) {
  Products products;
  for (const auto& name : variant.accelerator.products) {
    const auto* product = vendor.product(name);
    if (!product) {
      return tl::unexpected(
          Refusal{"InvalidSpec",
                  fmt::format("variant {}: product {} of vendor {} is not in the catalogue; product "
                              "names match exactly",
                              variant.name, name, vendor.id)});
    }
    if (std::find(products.begin(), products.end(), product) == products.end()) {
      products.push_back(product);
    }
  }
  return products;
}

tl::expected<const ResourceFamily*, Refusal> chooseFamily(const api::Variant& variant,
                                                          const Vendor& vendor,
                                                          const Products& products,
                                                          const api::Region& region) {
  const auto families = usableFamilies(vendor, region.provider);
  for (const auto* family : families) {
    if (products.empty() || canTell(vendor, *family, products)) return family;
  }
  const auto wanted = fmt::format("{}", fmt::join(variant.accelerator.products, ", "));
  const bool eachAlone = std::all_of(products.begin(), products.end(), [&](const Product* one) {
    return std::any_of(families.begin(), families.end(), [&](const ResourceFamily* family) {
      return canTell(vendor, *family, {one});
    });
  });
  if (eachAlone && products.size() > 1) {
    return tl::unexpected(Refusal{
        "InvalidSpec", fmt::format("variant {}: products {} are offered under different resource "
                                   "names; make one variant for each",
                                   variant.name, wanted)});
  }
  if (families.empty()) {
    return tl::unexpected(Refusal{
        "NoMatchingPool", fmt::format("variant {}: {} is not offered in regions of provider {}",
                                      variant.name, vendor.name, region.provider)});
  }
  return tl::unexpected(Refusal{
      "NoMatchingPool",
      fmt::format("variant {}: no label of {} tells product {} from others in a region of "
                  "provider {}; leave accelerator.products empty",
                  variant.name, vendor.name, wanted, region.provider)});
}

Refusal unsupported(const api::Variant& variant, const std::string& why) {
  return {"EngineUnsupported", fmt::format("variant {}: {}", variant.name, why)};
}

Refusal invalid(const api::Variant& variant, const std::string& why) {
  return {"InvalidSpec", fmt::format("variant {}: {}", variant.name, why)};
}

// Whether two entries start an engine alike; a variant's own image stands for theirs.
bool alike(const EngineImage& a, const EngineImage& b, const api::Variant& variant) {
  const bool sameImage = a.image == b.image || !variant.engine.image.empty();
  return sameImage && a.args == b.args && a.env == b.env;
}

// The entry that every wanted product shares; where none is named, every product of the family.
tl::expected<const EngineImage*, Refusal> chooseImage(const api::Variant& variant,
                                                      const Engine& engine, const Vendor& vendor,
                                                      const ResourceFamily& family,
                                                      const Products& named) {
  if (!engine.supports(vendor.id)) {
    return tl::unexpected(unsupported(
        variant, fmt::format("engine {} does not run on vendor {}", engine.name, vendor.id)));
  }
  const auto products = named.empty() ? productsOf(vendor, family) : named;
  if (products.empty()) {
    if (const auto* image = engine.imageFor(vendor.id, "")) return image;
  }
  const EngineImage* chosen = nullptr;
  for (const auto* product : products) {
    const auto* image = engine.imageFor(vendor.id, product->name);
    if (image && (!chosen || alike(*chosen, *image, variant))) {
      chosen = image;
    } else if (named.empty()) {
      return tl::unexpected(invalid(
          variant, fmt::format("engine {} does not run alike on every product of {}; name them in "
                               "accelerator.products",
                               engine.name, vendor.name)));
    } else if (!image) {
      return tl::unexpected(unsupported(
          variant, fmt::format("engine {} does not run on {}", engine.name, product->name)));
    } else {
      return tl::unexpected(invalid(
          variant, fmt::format("products {} need different images of engine {}; make one variant "
                               "for each",
                               fmt::join(variant.accelerator.products, ", "), engine.name)));
    }
  }
  return chosen;
}

std::optional<Refusal> engineRefusal(const api::Variant& variant, const Engine& engine,
                                     const EngineImage& image) {
  if (image.image.empty() && variant.engine.image.empty()) {
    return unsupported(variant, fmt::format("the catalogue has no image of engine {} for vendor "
                                            "{}; name one in engine.image",
                                            engine.name, image.vendor));
  }
  if (engine.acceptsArgs || variant.engine.args.empty()) return std::nullopt;
  return invalid(variant, fmt::format("engine {} reads no arguments; leave engine.args out and use "
                                      "engine.env, or name another engine",
                                      engine.name));
}

std::optional<Refusal> countRefusal(const api::Variant& variant, const ResourceFamily& family) {
  const int count = variant.accelerator.perReplica;
  const auto& allowed = family.allowedCounts;
  if (count % family.multipleOf != 0) {
    return invalid(variant, fmt::format("accelerator.perReplica {} of {} must be a multiple of {}",
                                        count, family.resource, family.multipleOf));
  }
  if (allowed.empty() || std::find(allowed.begin(), allowed.end(), count) != allowed.end()) {
    return std::nullopt;
  }
  return invalid(variant, fmt::format("accelerator.perReplica {} of {} must be one of {}", count,
                                      family.resource, fmt::join(allowed, ", ")));
}

std::optional<Refusal> hardwareRefusal(const api::Variant& variant, const Requirement& r) {
  if (!r.hardware.any.empty()) return std::nullopt;
  const auto memory = variant.accelerator.minMemoryBytes;
  if (memory == 0) {
    return Refusal{"NoMatchingPool",
                   fmt::format("variant {}: the catalogue knows no product of {} that offers {}",
                               variant.name, r.vendor->name, r.resource)};
  }
  return Refusal{"NoMatchingPool",
                 fmt::format("variant {}: no label of {} nodes says that a device has {} or more; "
                             "leave accelerator.minMemoryPerDevice out",
                             variant.name, r.resource, api::formatBytes(memory))};
}

}  // namespace

NodeSelector lawfulNodes(const std::vector<std::string>& dataResidency, const api::Region& region,
                         const catalog::Catalog& catalog) {
  Term residency;
  for (const auto& name : dataResidency) {
    if (!contains(region.residencyClasses, name)) return {};
    residency.all.push_back({catalog.residencyPrefix + name, Operator::In, {"true"}});
  }
  return both(knownPlace(region, catalog), NodeSelector{{residency}});
}

std::vector<std::string> productNames(const Requirement& r) {
  std::vector<std::string> names;
  for (const auto* product : productsOf(*r.vendor, *r.family)) names.push_back(product->name);
  return names;
}

NodeSelector nodesWith(const Vendor& vendor, const Product& product) {
  NodeSelector selector;
  for (const auto& family : vendor.families) {
    if (!contains(product.families, family.id)) continue;
    for (const auto& labeller : family.labellers) {
      auto values = labelValues(labeller, {&product});
      if (!labeller.valueInKey) {
        selector.any.push_back({{{labeller.productKey, Operator::In, std::move(values)}}});
        continue;
      }
      for (const auto& value : values) {
        selector.any.push_back({{{labeller.keyOf(value), Operator::Exists, {}}}});
      }
    }
  }
  return selector;
}

tl::expected<Requirement, Refusal> require(const api::Variant& variant,
                                           const api::PlacementSpec& placement,
                                           const api::Region& region,
                                           const catalog::Catalog& catalog) {
  const auto& wanted = variant.accelerator;
  Requirement r;
  r.vendor = catalog.vendor(wanted.vendor);
  r.engine = catalog.engine(variant.engine.name);
  auto named = resolveProducts(variant, *r.vendor);
  if (!named) return tl::unexpected(named.error());
  auto family = chooseFamily(variant, *r.vendor, *named, region);
  if (!family) return tl::unexpected(family.error());
  r.family = *family;

  auto image = chooseImage(variant, *r.engine, *r.vendor, *r.family, *named);
  if (!image) return tl::unexpected(image.error());
  r.image = *image;
  if (auto refusal = engineRefusal(variant, *r.engine, *r.image)) return tl::unexpected(*refusal);
  if (auto refusal = countRefusal(variant, *r.family)) return tl::unexpected(*refusal);
  r.resource = r.family->resource;
  r.devicesPerNode = wanted.perReplica;
  r.nodes = wanted.nodes;
  r.milliPerNode = wanted.perReplica * std::int64_t{1000};
  if (r.resource == "cpu") r.milliPerNode += sidecarMilliCpu;

  const auto products = named->empty() ? productsOf(*r.vendor, *r.family) : *named;
  r.law = lawfulNodes(placement.dataResidency, region, catalog);
  r.hardware = hardwareSelector(*r.vendor, *r.family, products, wanted.minMemoryBytes);
  if (auto refusal = hardwareRefusal(variant, r)) return tl::unexpected(*refusal);
  return r;
}

}  // namespace bailiwick::plan
