#include "plugin/exit_status.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plugin/table.hpp"

namespace bailiwick::plugin {
namespace {

constexpr int barWidth = 30;
constexpr std::string_view unknown = "Unknown";  // reason of a row: requests were not reported

bool holds(const api::ExitOrder& order, std::string_view type) {
  const auto* condition = api::findCondition(order.status.conditions, type);
  return condition && condition->status == "True";
}

std::string targetText(const api::ExitTarget& t) {
  std::vector<std::string> parts;
  const auto add = [&](std::string_view what, const std::vector<std::string>& values) {
    if (!values.empty()) parts.push_back(fmt::format("{} {}", what, fmt::join(values, ", ")));
  };
  add("origin", t.origins);
  add("publisher", t.publishers);
  add("passport", t.passports);
  add("licence", t.licences);
  add("vendor", t.vendors);
  add("product", t.products);
  add("engine", t.engines);
  add("provider", t.providers);
  add("region", t.regions);
  add("jurisdiction", t.jurisdictions);
  add("policy", t.policies);
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string untilText(api::Time deadline, api::Time now) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(
      deadline > now ? deadline - now : now - deadline).count();
  const auto span = minutes >= 2880 ? fmt::format("{} days", minutes / 1440)
                    : minutes >= 120 ? fmt::format("{} hours", minutes / 60)
                                     : fmt::format("{} minutes", minutes);
  return deadline > now ? "in " + span : span + " ago";
}

std::string bar(const api::ExitTotals& totals, const Terminal& terminal) {
  if (totals.affected <= 0) return "";
  const auto done = std::clamp(totals.shifted * barWidth / totals.affected, 0, barWidth);
  const auto full = static_cast<std::size_t>(done);
  auto text = fmt::format("  [{}{}] {} of {} shifted", terminal.paint(std::string(full, '#'), Paint::Good),
                          std::string(static_cast<std::size_t>(barWidth) - full, '.'),
                          totals.shifted, totals.affected);
  if (totals.blocked > 0) text += fmt::format(", {} blocked", totals.blocked);
  if (totals.unknown > 0) text += fmt::format(", {} unknown", totals.unknown);
  if (totals.residual > 0) text += fmt::format(", {} residual", totals.residual);
  return text + "\n";
}

std::string replacementText(const api::AffectedRow& row) {
  if (!row.replacement) return row.reason.empty() || row.reason == unknown ? "-" : row.reason;
  const auto& r = *row.replacement;
  return fmt::format("{} {}{}", r.variant, r.replicas,
                     r.region.empty() || r.region == row.region ? "" : " in " + r.region);
}

std::string drainedText(const api::AffectedRow& row) {
  if (!row.drained) return row.reason == unknown ? "unknown" : "-";
  const auto& d = *row.drained;
  return fmt::format("{}/{}{}", d.completed, d.inFlightAtDrain,
                     d.cut > 0 ? fmt::format(", {} cut", d.cut) : "");
}

Paint paintOf(api::ExitPhase phase) {
  if (phase == api::ExitPhase::Verified) return Paint::Good;
  const bool stuck = phase == api::ExitPhase::Blocked || phase == api::ExitPhase::Held;
  return stuck ? Paint::Bad : Paint::Warn;
}

std::string affectedTable(const api::ExitOrder& order, const Terminal& terminal) {
  Table table({"DEPLOYMENT", "REGION", "VARIANT", "REPLACEMENT", "PHASE", "DRAINED"});
  for (const auto& row : order.status.affected) {
    table.add({row.ns + "/" + row.name, row.region, fmt::format("{} {}", row.variant, row.replicas),
               replacementText(row), {std::string(nameOf(row.phase)), paintOf(row.phase)},
               drainedText(row)});
  }
  return table.empty() ? "" : table.str(terminal, 2);
}

std::string messages(const api::ExitOrder& order, const Terminal& terminal) {
  std::string text;
  const auto add = [&](const std::string& line) {
    text += "  " + wrapped(line, terminal.width - 4, 4) + "\n";
  };
  for (const auto& row : order.status.affected) {
    if (row.message.empty()) continue;
    add(fmt::format("{}/{} {} in {}: {}: {}", row.ns, row.name, row.variant, row.region, row.reason,
                    row.message));
  }
  for (const auto& condition : order.status.conditions) {
    if (condition.message.empty()) continue;
    add(fmt::format("{} {}: {}", condition.type, condition.status, condition.message));
  }
  return text;
}

std::string phaseName(const api::ExitOrder& order) {
  return order.status.phase ? std::string(nameOf(*order.status.phase)) : "not seen by an operator yet";
}

std::string history(const api::ExitOrder& order, const Terminal& terminal) {
  std::vector<std::string> parts;
  for (const auto& entry : order.status.phases) {
    parts.push_back(fmt::format("{} {}", nameOf(entry.phase), api::formatTime(entry.at)));
  }
  if (parts.empty()) return "";
  return "  " + wrapped(fmt::format("{}", fmt::join(parts, ", ")), terminal.width - 4, 4) + "\n";
}

}  // namespace

std::string statusText(const api::ExitOrder& order, const Terminal& terminal, api::Time now) {
  const auto& spec = order.spec;
  auto text = fmt::format(
      "{} {}: {}\n", spec.drill ? "Drill" : "Exit order",
      terminal.paint(order.meta.key.name, Paint::Bold),
      terminal.paint(phaseName(order), order.status.phase ? paintOf(*order.status.phase) : Paint::Dim));
  const auto what = fmt::format(
      "leaves {}; by {} ({}), then {}; {}", targetText(spec.target), api::formatTime(spec.deadline),
      untilText(spec.deadline, now), spec.onDeadline == api::OnDeadline::Stop ? "Stop" : "Hold",
      spec.reason);
  text += "  " + wrapped(what, terminal.width - 4, 4) + "\n";
  text += bar(order.status.totals, terminal) + history(order, terminal) +
          affectedTable(order, terminal) + messages(order, terminal);
  if (order.status.evidence) {
    text += fmt::format("  evidence: {} records in ConfigMap {}\n", order.status.evidence->records,
                        order.status.evidence->configMap);
  }
  return text;
}

std::string statusLine(const api::ExitOrder& order) {
  const auto& t = order.status.totals;
  return fmt::format("{}: {}: {} of {} shifted, {} blocked\n", order.meta.key.name,
                     phaseName(order), t.shifted, t.affected, t.blocked);
}

bool isOver(const api::ExitOrder& order) {
  const bool answered = order.spec.drill && order.status.phase == api::ExitPhase::Blocked;
  return answered || order.status.phase == api::ExitPhase::Verified || holds(order, "Complete");
}

bool needsHelp(const api::ExitOrder& order) {
  return order.status.phase == api::ExitPhase::Blocked ||
         order.status.phase == api::ExitPhase::Held || holds(order, "Blocked");
}

}  // namespace bailiwick::plugin
