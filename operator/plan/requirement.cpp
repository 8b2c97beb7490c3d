#include "plan/requirement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan/place.hpp"

namespace bailiwick::plan {
namespace {

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
    if (labeller.byDeviceId) {
      values.insert(values.end(), product->deviceIds.begin(), product->deviceIds.end());
    } else {
      values.push_back(product->name);
      values.insert(values.end(), product->aliases.begin(), product->aliases.end());
    }
  }
  std::sort(values.begin(), values.end());
  return values;
}

// The comparison is in MiB: an H200 says 143771 MiB, which is 140.4 GiB.
std::optional<Expression> memoryExpression(const Labeller& labeller, const Vendor& vendor,
                                           std::int64_t minBytes) {
  if (labeller.memoryKey.empty()) return std::nullopt;
  const std::int64_t minMiB = (minBytes + mebibyte - 1) / mebibyte;
  if (labeller.memoryUnit == MemoryUnit::MiB) {
    return Expression{labeller.memoryKey, Operator::Gt, {std::to_string(minMiB - 1)}};
  }
  Expression sufficient{labeller.memoryKey, Operator::In, {}};
  for (const auto& value : vendor.memoryLabels) {
    if (std::stoll(value) * 1024 >= minMiB) sufficient.values.push_back(value);
  }
  if (sufficient.values.empty()) return std::nullopt;
  std::sort(sufficient.values.begin(), sufficient.values.end());
  return sufficient;
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
    auto values = labelValues(labeller, products);
    if (values.empty()) continue;
    Term term = common;
    term.all.push_back({labeller.productKey, Operator::In, std::move(values)});
    if (minMemory > 0) {
      auto memory = memoryExpression(labeller, vendor, minMemory);
      if (!memory) continue;
      term.all.push_back(std::move(*memory));
    }
    selector.any.push_back(std::move(term));
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

std::string firstProduct(const api::Variant& variant, const Products& products) {
  return variant.accelerator.products.empty() ? "" : products.front()->name;
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

  r.image = r.engine->imageFor(wanted.vendor, firstProduct(variant, *named));
  if (!r.image) {
    return tl::unexpected(Refusal{
        "EngineUnsupported", fmt::format("variant {}: engine {} does not run on vendor {}",
                                         variant.name, r.engine->name, wanted.vendor)});
  }
  if (wanted.perReplica % r.family->multipleOf != 0) {
    return tl::unexpected(Refusal{
        "InvalidSpec", fmt::format("variant {}: accelerator.perReplica {} of {} must be a multiple "
                                   "of {}",
                                   variant.name, wanted.perReplica, r.family->resource,
                                   r.family->multipleOf)});
  }
  r.resource = r.family->resource;
  r.devicesPerNode = wanted.perReplica;
  r.nodes = wanted.nodes;
  r.milliPerNode = wanted.perReplica * std::int64_t{1000};
  if (r.resource == "cpu") r.milliPerNode += sidecarMilliCpu;

  const auto products = named->empty() ? productsOf(*r.vendor, *r.family) : *named;
  r.law = lawfulNodes(placement.dataResidency, region, catalog);
  r.hardware = hardwareSelector(*r.vendor, *r.family, products, wanted.minMemoryBytes);
  if (r.hardware.any.empty() && wanted.minMemoryBytes == 0) {
    return tl::unexpected(Refusal{
        "NoMatchingPool", fmt::format("variant {}: the catalogue knows no product of {} that offers "
                                      "{}",
                                      variant.name, r.vendor->name, r.resource)});
  }
  if (r.hardware.any.empty()) {
    return tl::unexpected(Refusal{
        "NoMatchingPool",
        fmt::format("variant {}: no label of {} nodes says that a device has {} or more; leave "
                    "accelerator.minMemoryPerDevice out",
                    variant.name, r.resource, api::formatBytes(wanted.minMemoryBytes))});
  }
  return r;
}

}  // namespace bailiwick::plan
