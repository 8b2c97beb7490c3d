#include "kube/lease.hpp"

#include <nlohmann/json.hpp>

namespace bailiwick::kube {
namespace {

// Absent and null are empty.
std::string text(const simdjson::dom::object& object, std::string_view field) {
  std::string_view value;
  return object[field].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

int number(const simdjson::dom::object& object, std::string_view field) {
  std::int64_t value = 0;
  return object[field].get(value) == simdjson::SUCCESS ? static_cast<int>(value) : 0;
}

nlohmann::json specOf(const Lease& lease, api::Time now) {
  const auto at = api::formatMicroTime(now);
  // Nobody is null: an empty holder is invalid.
  const auto holder = lease.holder.empty() ? nlohmann::json() : nlohmann::json(lease.holder);
  return {{"holderIdentity", holder},
          {"leaseDurationSeconds", lease.durationSeconds},
          {"acquireTime", lease.acquireTime.empty() ? at : lease.acquireTime},
          {"renewTime", at},
          {"leaseTransitions", lease.transitions}};
}

}  // namespace

Result<Lease> decodeLease(simdjson::dom::element object) {
  simdjson::dom::object metadata, spec;
  if (object["metadata"].get(metadata) != simdjson::SUCCESS) return fail("a Lease has no metadata");
  Lease lease;
  lease.resourceVersion = text(metadata, "resourceVersion");
  if (lease.resourceVersion.empty()) return fail("a Lease has no resourceVersion");
  if (object["spec"].get(spec) != simdjson::SUCCESS) return lease;
  lease.holder = text(spec, "holderIdentity");
  lease.durationSeconds = number(spec, "leaseDurationSeconds");
  lease.acquireTime = text(spec, "acquireTime");
  lease.renewTime = text(spec, "renewTime");
  lease.transitions = number(spec, "leaseTransitions");
  return lease;
}

std::string newLeaseBody(const std::string& name, const Lease& lease, api::Time now) {
  const nlohmann::json body = {{"apiVersion", "coordination.k8s.io/v1"},
                               {"kind", "Lease"},
                               {"metadata", {{"name", name}}},
                               {"spec", specOf(lease, now)}};
  return body.dump();
}

std::string leasePatchBody(const Lease& lease, api::Time now) {
  const nlohmann::json body = {{"metadata", {{"resourceVersion", lease.resourceVersion}}},
                               {"spec", specOf(lease, now)}};
  return body.dump();
}

}  // namespace bailiwick::kube
