#include "api/decode_own_kind.hpp"
#include "api/decode_status.hpp"

namespace bailiwick::api {
namespace {

void readCount(const Cursor& count, VariantCount& out) {
  count.fields([&](std::string_view key, const Cursor& value) {
    if (key == "variant")
      value.read(out.variant);
    else if (key == "replicas")
      value.read(out.replicas);
  });
}

void readOffer(const Cursor& offer, VariantOffer& out) {
  offer.fields([&](std::string_view key, const Cursor& value) {
    if (key == "variant")
      value.read(out.variant);
    else if (key == "replicas")
      value.read(out.replicas);
    else if (key == "pools")
      value.read(out.pools);
    else if (key == "reason")
      value.read(out.reason);
    else if (key == "message")
      value.read(out.message);
  });
}

void readVariant(const Cursor& variant, VariantStatus& out) {
  variant.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name")
      value.read(out.name);
    else if (key == "assigned")
      value.read(out.assigned);
    else if (key == "ready")
      value.read(out.ready);
    else if (key == "pools")
      value.read(out.pools);
    else if (key == "podSecurity")
      value.read(out.podSecurity);
  });
}

void readRegion(const Cursor& region, RegionEntry& out) {
  region.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name")
      value.read(out.name);
    else if (key == "self")
      value.read(out.self);
    else if (key == "health")
      value.read(out.health);
    else if (key == "specHash")
      value.read(out.specHash);
    else if (key == "passportHash")
      value.read(out.passportHash);
    else if (key == "healthSince")
      value.read(out.healthSince);
    else if (key == "sequence")
      value.read(out.sequence);
    else if (key == "allocator")
      value.read(out.allocator);
    else if (key == "offer")
      value.readEach(out.offer, readOffer);
    else if (key == "share")
      value.readEach(out.share, readCount);
    else if (key == "ready")
      value.readEach(out.ready, readCount);
  });
}

void readDependency(const Cursor& dependency, DependencyStatus& out) {
  dependency.fields([&](std::string_view key, const Cursor& value) {
    if (key == "kind")
      value.read(out.kind);
    else if (key == "value")
      value.read(out.value);
    else if (key == "lastDrill")
      value.read(out.lastDrill);
    else if (key == "verdict")
      value.read(out.verdict);
    else if (key == "alternative")
      value.read(out.alternative);
    else if (key == "message")
      value.read(out.message);
  });
}

void readStatus(const Cursor& status, ModelDeploymentStatus& out) {
  status.fields([&](std::string_view key, const Cursor& value) {
    if (key == "observedGeneration") return value.read(out.observedGeneration);
    if (key == "replicas") return value.read(out.replicas);
    if (key == "selector") return value.read(out.selector);
    if (key == "regions") return value.readEach(out.regions, readRegion);
    if (key == "variants") return value.readEach(out.variants, readVariant);
    if (key == "conditions") return value.readEach(out.conditions, readCondition);
    if (key == "summary") {
      value.fields([&](std::string_view term, const Cursor& text) {
        if (term == "regions")
          text.read(out.summaryRegions);
        else if (term == "variant")
          text.read(out.summaryVariant);
      });
    } else if (key == "exitReadiness") {
      value.fields([&](std::string_view term, const Cursor& rows) {
        if (term == "dependencies") rows.readEach(out.exitReadiness, readDependency);
      });
    } else if (key == "cost") {
      value.fields([&](std::string_view term, const Cursor& text) {
        if (term == "perHour")
          text.read(out.costPerHour);
        else if (term == "currency")
          text.read(out.costCurrency);
      });
    }
  });
}

}  // namespace

ModelDeploymentStatus readDeploymentStatus(simdjson::dom::element status) {
  return readOwnStatus<ModelDeploymentStatus>(status, readStatus);
}

}  // namespace bailiwick::api
