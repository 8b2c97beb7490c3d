#include "route/routes.hpp"

#include <algorithm>

#include "fuzz/fuzz.hpp"

namespace {

using namespace bailiwick;

const sidecar::Config& config() {
  static const sidecar::Config one =
      sidecar::parseConfig(
          "c",
          "apiVersion: sidecar.bailiwick.dev/v1alpha1\nkind: SidecarConfig\n"
          "data: {listen: \":8080\"}\nroutes: {file: /r}\n"
          "identity: {region: fra, jurisdiction: DE, deployment: a/b, variant: v}\n"
          "engine: {url: \"http://127.0.0.1:8000\", model: m}\n")
          .value();
  return one;
}

bool lists(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// However a table reads, nothing outside its domain and the request's own countries is chosen.
void choose(const sidecar::Routes& routes, const sidecar::Query& query, sidecar::Random& random) {
  sidecar::Query next = query;
  for (std::size_t i = 0; i <= routes.targets().size(); ++i) {
    const auto index = routes.select(next, random, sidecar::Instant{});
    if (!index) return;
    const sidecar::Target& target = routes.targets().at(*index);
    fuzz::require(!next.tried[*index]);
    fuzz::require(lists(routes.table().residency.jurisdictions, target.jurisdiction));
    const auto& countries = query.law.jurisdictions;
    fuzz::require(countries.empty() || lists(countries, target.jurisdiction));
    fuzz::require(!(query.stale || query.hopped) || target.own);
    next.tried.set(*index);
  }
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto table = sidecar::parseRouteTable("r.yaml", fuzz::textOf(data, size));
  if (!table) {
    fuzz::require(table.error().message.starts_with("r.yaml:"));
    return 0;
  }
  const auto health = std::make_shared<sidecar::Health>(config().outliers, false);
  const sidecar::Routes routes(*table, config(), health, nullptr);
  sidecar::Random random(size);
  for (const char* country : {"", "CH"}) {
    sidecar::Query query;
    if (*country) query.law.jurisdictions = {country};
    choose(routes, query, random);
    query.stale = true;
    choose(routes, query, random);
    query.stale = false;
    query.hopped = true;
    choose(routes, query, random);
  }
  return 0;
}
