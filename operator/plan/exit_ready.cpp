#include "plan/exit_ready.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plan/conditions.hpp"

namespace bailiwick::plan {
namespace {

constexpr std::size_t maxText = 256, maxRows = 256;  // as the CRD bounds them

bool mustBeRehearsed(DependencyKind kind) {
  return kind == DependencyKind::Vendor || kind == DependencyKind::Publisher ||
         kind == DependencyKind::Provider;
}

const std::vector<std::string>& listOf(const api::ExitTarget& target, DependencyKind kind) {
  switch (kind) {
    case DependencyKind::Origin:
      return target.origins;
    case DependencyKind::Publisher:
      return target.publishers;
    case DependencyKind::Licence:
      return target.licences;
    case DependencyKind::Vendor:
      return target.vendors;
    case DependencyKind::Product:
      return target.products;
    case DependencyKind::Engine:
      return target.engines;
    case DependencyKind::Provider:
      return target.providers;
    case DependencyKind::Region:
      return target.regions;
    case DependencyKind::Jurisdiction:
      return target.jurisdictions;
  }
  return target.vendors;
}

bool rehearses(const api::ExitTarget& target, const Dependency& dependency,
               const catalog::Catalog& catalog) {
  const auto& list = listOf(target, dependency.kind);
  const bool isPlace = dependency.kind == DependencyKind::Origin ||
                       dependency.kind == DependencyKind::Jurisdiction;
  if (isPlace) return catalog.covers(list, dependency.value);
  return std::find(list.begin(), list.end(), dependency.value) != list.end();
}

// When a drill ended; nothing while it is under way.
std::optional<api::Time> endOf(const api::ExitOrder& order) {
  if (!order.spec.drill || order.status.phase != api::ExitPhase::Verified) return std::nullopt;
  for (const auto& entry : order.status.phases) {
    if (entry.phase == api::ExitPhase::Verified) return entry.at;
  }
  return std::nullopt;
}

std::optional<api::Time> toldBefore(const api::ModelDeployment& deployment,
                                    const Dependency& dependency) {
  for (const auto& row : deployment.status.exitReadiness) {
    if (row.kind == nameOf(dependency.kind) && row.value == dependency.value) return row.lastDrill;
  }
  return std::nullopt;
}

std::string drillCommand(const Dependency& dependency) {
  std::string kind(nameOf(dependency.kind));
  kind[0] = static_cast<char>(kind[0] - 'A' + 'a');
  return fmt::format("kubectl bailiwick drill {}={}", kind, dependency.value);
}

}  // namespace

void tellDrills(Plan& plan, const std::vector<const api::ExitOrder*>& drills,
                const catalog::Catalog& catalog) {
  for (auto& [key, deployment] : plan.deployments) {
    for (auto& answer : deployment.dependencies) {
      answer.lastDrill = toldBefore(*deployment.deployment, answer.dependency);
      for (const auto* drill : drills) {
        const auto end = endOf(*drill);
        if (!end || (answer.lastDrill && *answer.lastDrill >= *end)) continue;
        if (!api::selects(drill->spec.selector, *deployment.deployment)) continue;
        if (rehearses(drill->spec.target, answer.dependency, catalog)) answer.lastDrill = end;
      }
    }
  }
}

ExitReady exitReadyOf(const DeploymentPlan& plan, api::Time now) {
  if (plan.dependencies.empty()) {
    return {"Unknown", "Scaling", "nothing of it is placed here: there is nothing to leave", {}};
  }
  const auto refused = std::count_if(plan.dependencies.begin(), plan.dependencies.end(),
                                     [](const Answer& a) { return a.verdict != Verdict::Ready; });
  for (const auto& answer : plan.dependencies) {
    if (answer.verdict == Verdict::Ready) continue;
    auto message = fmt::format("{} could not be left now: {}", toString(answer.dependency),
                               answer.message);
    if (refused > 1) message += fmt::format(" (and {} more)", refused - 1);
    return {"False", std::string(nameOf(answer.verdict)), std::move(message), {}};
  }
  ExitReady ready{"True", "AlternativesExist",
                  fmt::format("each of {} dependencies could be left now",
                              plan.dependencies.size()),
                  {}};
  const auto& exit = plan.deployment->spec.exit;
  if (!exit.critical) return ready;
  for (const auto& answer : plan.dependencies) {
    if (!mustBeRehearsed(answer.dependency.kind)) continue;
    const auto what = toString(answer.dependency);
    const auto remedy = drillCommand(answer.dependency);
    if (!answer.lastDrill) {
      return {"False", "NotRehearsed",
              fmt::format("leaving {} was never rehearsed: {}", what, remedy), {}};
    }
    if (!exit.drillEvery) continue;
    const auto until = *answer.lastDrill + *exit.drillEvery;
    if (now >= until) {
      return {"False", "NotRehearsed",
              fmt::format("the last drill of leaving {} is older than spec.exit.drillEvery: {}",
                          what, remedy),
              {}};
    }
    if (!ready.until || until < *ready.until) ready.until = until;
  }
  return ready;
}

policy::ExitReadiness forPolicies(const DeploymentPlan& plan, api::Time now) {
  policy::ExitReadiness readiness{true, "", now};
  for (const auto& answer : plan.dependencies) {
    if (answer.verdict != Verdict::Ready && readiness.ready) {
      readiness.ready = false;
      readiness.message = exitReadyOf(plan, now).message;
    }
    if (!mustBeRehearsed(answer.dependency.kind) || !readiness.oldestDrill) continue;
    readiness.oldestDrill =
        answer.lastDrill ? std::optional(std::min(*readiness.oldestDrill, *answer.lastDrill))
                         : std::nullopt;
  }
  return readiness;
}

std::vector<api::DependencyStatus> rowsOf(const std::vector<Answer>& answers) {
  std::vector<api::DependencyStatus> rows;
  for (const auto& answer : answers) {
    if (rows.size() == maxRows) break;
    rows.push_back({std::string(nameOf(answer.dependency.kind)),
                    shortened(answer.dependency.value, maxText - 3), answer.lastDrill,
                    std::string(nameOf(answer.verdict)),
                    shortened(answer.alternative, maxText - 3),
                    shortened(answer.message, maxText)});
  }
  return rows;
}

}  // namespace bailiwick::plan
