#include "peers/agreement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>

namespace bailiwick::peers {
namespace {

using api::Region;

std::string text(const std::string& value) { return value.empty() ? "absent" : value; }
std::string text(bool value) { return value ? "true" : "false"; }
std::string text(const std::vector<std::string>& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

struct Field {
  const char* name;
  std::function<std::string(const Region&)> show;
};

std::string prices(const Region& region) {
  std::string all;
  for (const auto& price : region.prices) {
    all += fmt::format("{}/{} {} {};", price.vendor, price.product, price.perDeviceHour,
                       price.currency);
  }
  return all;
}

std::string certificates(const Region& region) {
  std::string all;
  for (const auto& certificate : region.certificates) {
    all += fmt::format("{} until {};", certificate.name, api::formatTime(certificate.expiresAt));
  }
  return all;
}

const std::vector<Field>& fields() {
  static const std::vector<Field> list = {
      {"jurisdiction", [](const Region& r) { return text(r.jurisdiction); }},
      {"provider", [](const Region& r) { return text(r.provider); }},
      {"location", [](const Region& r) { return text(r.location); }},
      {"residencyClasses", [](const Region& r) { return text(r.residencyClasses); }},
      {"certificates", [](const Region& r) { return text(certificates(r)); }},
      {"cordoned", [](const Region& r) { return text(r.cordoned); }},
      {"gateway.address",
       [](const Region& r) { return r.gateway ? text(r.gateway->address) : "absent"; }},
      {"gateway.serverName",
       [](const Region& r) { return r.gateway ? text(r.gateway->serverName) : "absent"; }},
      {"prices", [](const Region& r) { return text(prices(r)); }},
  };
  return list;
}

}  // namespace

std::string differenceOf(const Region& here, const Region& there) {
  if (!there.decodeError.empty()) return "it is unreadable there: " + there.decodeError;
  for (const auto& field : fields()) {
    const auto mine = field.show(here), theirs = field.show(there);
    if (mine != theirs) return fmt::format("{} is {} here and {}", field.name, mine, theirs);
  }
  const auto bundle = [](const Region& r) { return r.gateway ? r.gateway->caBundle : ""; };
  if (bundle(here) != bundle(there)) return "gateway.caBundle is another here than";
  return "";
}

Finding agreementOn(const Region& here, const std::string& uid,
                    const std::vector<Witness>& witnesses) {
  int asked = 0;
  for (const auto& witness : witnesses) {
    if (!witness.region) continue;
    ++asked;
    const auto& theirs = witness.region->status.clusterUID;
    if (!uid.empty() && !theirs.empty() && theirs != uid) {
      return {"False", "NameConflict",
              fmt::format("two clusters are called {}: {} here, and {} as {} knows it",
                          here.meta.key.name, uid, theirs, witness.peer)};
    }
  }
  for (const auto& witness : witnesses) {
    if (!witness.region) continue;
    const auto difference = differenceOf(here, *witness.region);
    if (!difference.empty()) {
      return {"False", "SpecDiverged",
              fmt::format("{} in the cluster of {}; apply the same Region object everywhere",
                          difference, witness.peer)};
    }
  }
  for (const auto& witness : witnesses) {
    if (!witness.read || witness.region) continue;
    return {"False", "SpecDiverged",
            fmt::format("the cluster of {} has no Region object {} that can be read; apply the same "
                        "Region object everywhere",
                        witness.peer, here.meta.key.name)};
  }
  if (asked == 0) return {"Unknown", "NotSeenYet", "no peer's Region objects were read yet"};
  return {"True", "SameEverywhere", "the clusters that were read have the same Region object"};
}

std::string selfOf(const std::vector<std::shared_ptr<const Region>>& regions) {
  for (const auto& region : regions) {
    const auto* reachable = api::findCondition(region->status.conditions, "Reachable");
    if (reachable && reachable->reason == "Self") return region->meta.key.name;
  }
  return "";
}

}  // namespace bailiwick::peers
