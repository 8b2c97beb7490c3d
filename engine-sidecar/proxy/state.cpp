#include "proxy/state.hpp"

#include <nlohmann/json.hpp>

namespace bailiwick::sidecar {
namespace {

using Json = nlohmann::ordered_json;

const char* nameOf(HealthState state) {
  switch (state) {
    case HealthState::Unknown:
      return "Unknown";
    case HealthState::Healthy:
      return "Healthy";
    case HealthState::Recovering:
      return "Recovering";
    case HealthState::Ejected:
      return "Ejected";
    case HealthState::Down:
      return "Down";
  }
  return "Unknown";
}

const char* nameOf(DrainState state) {
  switch (state) {
    case DrainState::Serving:
      return "Serving";
    case DrainState::LameDuck:
      return "LameDuck";
    case DrainState::Draining:
      return "Draining";
    case DrainState::Drained:
      return "Drained";
  }
  return "Serving";
}

Json tableOf(const Table& table, const Config& config, Instant now) {
  const RouteTable& routes = table.routes.table();
  Json backends = Json::array();
  for (std::size_t i = 0; i < table.ways.size(); ++i) {
    const Target& target = table.routes.targets()[i];
    Json backend = {{"name", target.backend.name},
                    {"region", target.region},
                    {"jurisdiction", target.jurisdiction},
                    {"variant", target.variant},
                    {"health", nameOf(target.health->state(now))},
                    {"inside", target.inside}};
    if (!table.ways[i].fault.empty()) backend["fault"] = table.ways[i].fault;
    backends.push_back(std::move(backend));
  }
  return {{"deployment", table.deployment},
          {"servedName", routes.servedName},
          {"generation", routes.generation},
          {"stale", table.freshness->isPast(config.routes.maxAge, now)},
          {"backends", std::move(backends)},
          {"reports", table.routes.reports()}};
}

}  // namespace

std::string stateOf(const Core& core, const RouteFollower& source) {
  const Instant now = std::chrono::steady_clock::now();
  const Plane& plane = core.plane;
  Json tables = Json::array();
  for (const auto& [deployment, table] : core.book->tables())
    tables.push_back(tableOf(*table, plane.config, now));
  const DrainReport report = plane.report();
  const Json state = {{"region", plane.config.identity.region},
                      {"inFlight", plane.inFlight()},
                      {"queued", plane.queued()},
                      {"copiedBytes", plane.copies.used()},
                      {"drain",
                       {{"state", nameOf(plane.drainState())},
                        {"inFlightAtDrain", report.inFlightAtDrain},
                        {"completed", report.completed},
                        {"cut", report.cut}}},
                      {"tables", std::move(tables)},
                      {"refused", source.refused()}};
  return state.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace bailiwick::sidecar
