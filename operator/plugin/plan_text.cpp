#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "api/quantity.hpp"
#include "plugin/plan_report.hpp"
#include "plugin/table.hpp"

namespace bailiwick::plugin {
namespace {

std::string arrow(const std::string& before, const std::string& after) {
  return before == after ? after : before + " -> " + after;
}

std::string unitsOf(const DeploymentChange& d) {
  auto text = fmt::format("{} of {}", arrow(api::formatThousandths(d.before),
                                            api::formatThousandths(d.after)),
                          api::formatThousandths(d.wanted));
  for (const auto& [region, units] : d.elsewhere) {
    text += fmt::format(", {} in {}", api::formatThousandths(units), region);
  }
  return text;
}

Cell replicasOf(const DeploymentChange& d) {
  std::vector<std::string> parts;
  for (const auto& v : d.variants) {
    if (v.before == 0 && v.after == 0) continue;
    parts.push_back(fmt::format("{} {}", v.name, arrow(std::to_string(v.before),
                                                       std::to_string(v.after))));
  }
  if (parts.empty()) return {d.placed.reason, d.wanted == 0 ? Paint::Dim : Paint::Bad};
  return {fmt::format("{}", fmt::join(parts, ", ")), d.moves() ? Paint::Warn : Paint::None};
}

std::string poolsOf(const DeploymentChange& d) {
  std::vector<std::string> parts;
  for (const auto& v : d.variants) {
    if (!v.pools.empty()) parts.push_back(fmt::format("{}", fmt::join(v.pools, " ")));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string costOf(const std::string& before, const std::string& after) {
  if (before.empty() && after.empty()) return "-";
  if (before == after || before.empty()) return after;
  return before + " -> " + (after.empty() ? "?" : after);
}

Cell exitReadyOf(const DeploymentChange& d) {
  const auto said = [](const std::string& status) {
    if (status == "True") return "yes";
    return status == "False" ? "no" : "-";
  };
  const std::string before = said(d.wasExitReady), after = said(d.exitReady.status);
  const bool lost = before == "yes" && after == "no";
  return {before == "-" ? after : arrow(before, after), lost ? Paint::Bad : Paint::None};
}

bool worthALine(const DeploymentChange& d, bool wide) { return wide || d.applied || d.moves(); }

std::string deploymentsTable(const RegionChange& region, const Terminal& terminal, bool wide) {
  std::vector<std::string> header{"DEPLOYMENT", "CHANGE", "UNITS", "REPLICAS", "PER HOUR"};
  if (wide) header.insert(header.end(), {"EXIT READY", "POOLS"});
  Table table(header);
  for (const auto& d : region.deployments) {
    if (!worthALine(d, wide)) continue;
    std::vector<Cell> row{d.key.str(), std::string(d.applied ? changeName(d.change) : "-"),
                          Cell(unitsOf(d), d.after < std::min(d.wanted, d.here) ? Paint::Bad
                                                                                 : Paint::None),
                          replicasOf(d), costOf(d.costBefore, d.costAfter)};
    if (wide) row.insert(row.end(), {exitReadyOf(d), Cell(poolsOf(d))});
    table.add(std::move(row));
  }
  return table.empty() ? "  nothing changes here\n" : table.str(terminal, 2);
}

// Why a variant gets none or fewer, where that is not what a finding says already.
std::string notes(const RegionChange& region, const Terminal& terminal) {
  std::string text;
  for (const auto& d : region.deployments) {
    if (!d.applied || d.after < std::min(d.wanted, d.here)) continue;
    for (const auto& v : d.variants) {
      if (!v.refusal) continue;
      const auto line = fmt::format("{}: {}: {}", d.key.str(), v.refusal->reason,
                                    v.refusal->message);
      text += "    " + wrapped(line, terminal.width - 6, 6) + "\n";
    }
  }
  return text.empty() ? "" : "  Variants that get no replica, or fewer than they could use:\n" + text;
}

std::string heading(const RegionChange& r, const Terminal& terminal) {
  const auto place = r.location.empty() ? r.provider : r.provider + " " + r.location;
  const auto name = fmt::format("Region {}", r.name);
  const auto text = wrapped(fmt::format("{} ({}, {}), {} nodes, from {}", name, place,
                                        r.jurisdiction, r.nodes, r.from),
                            terminal.width - 2, 2);
  return terminal.paint(name, Paint::Bold) + text.substr(name.size()) + "\n";
}

std::string unreadable(const RegionChange& region, const Terminal& terminal) {
  std::string text;
  for (const auto& error : region.unreadable) {
    text += "    " + wrapped(error, terminal.width - 6, 6) + "\n";
  }
  return text.empty() ? "" : "  Left out, because it cannot be read:\n" + text;
}

std::string costLine(const RegionChange& r) {
  if (r.cost.after.empty() && r.cost.before.empty()) return "";
  const auto list = [](const std::vector<std::string>& sums) {
    return sums.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(sums, " + "));
  };
  return fmt::format("  All deployments with a price: {} per hour\n",
                     arrow(list(r.cost.before), list(r.cost.after)));
}

std::string exitReadyLine(const RegionChange& r) {
  const auto isReady = [](const std::string& status) { return status == "True"; };
  int known = 0, before = 0, after = 0;
  for (const auto& d : r.deployments) {
    if (d.exitReady.status != "Unknown") ++known;
    before += isReady(d.wasExitReady) ? 1 : 0;
    after += isReady(d.exitReady.status) ? 1 : 0;
  }
  if (known == 0) return "";
  return fmt::format("  Exit-ready: {} of {} deployments that run here\n",
                     arrow(std::to_string(before), std::to_string(after)), known);
}

std::string findingsText(const PlanReport& report, const Terminal& terminal) {
  if (report.findings.empty()) return terminal.paint("No findings.", Paint::Good) + "\n";
  auto text = terminal.paint(fmt::format("{} finding{}:", report.findings.size(),
                                         report.findings.size() == 1 ? "" : "s"),
                             Paint::Bad) + "\n";
  for (const auto& f : report.findings) {
    std::vector<std::string> parts;
    for (const auto* part : {&f.where, &f.object, &f.message}) {
      if (!part->empty()) parts.push_back(*part);
    }
    const auto line = fmt::format("{}: {}", f.reason, fmt::join(parts, ": "));
    text += "  " + wrapped(line, terminal.width - 4, 4) + "\n";
  }
  return text;
}

std::string objectsLine(const PlanReport& report) {
  std::map<std::string_view, int> counts;
  for (const auto& o : report.objects) ++counts[changeName(o.change)];
  std::vector<std::string> parts;
  for (const auto* name : {"new", "changed", "unchanged"}) {
    if (counts.contains(name)) parts.push_back(fmt::format("{} {}", counts[name], name));
  }
  auto text = parts.empty() ? "No objects of bailiwick.dev"
                            : fmt::format("Objects: {}", fmt::join(parts, ", "));
  if (!report.others.empty()) {
    text += fmt::format("; not judged: {}", fmt::join(report.others, ", "));
  }
  return text;
}

}  // namespace

std::string toText(const PlanReport& report, const Terminal& terminal, bool wide) {
  auto text = wrapped(objectsLine(report), terminal.width - 2, 2) + "\n";
  for (const auto& region : report.regions) {
    text += "\n" + heading(region, terminal) + deploymentsTable(region, terminal, wide) +
            notes(region, terminal) + unreadable(region, terminal) + costLine(region) +
            exitReadyLine(region);
  }
  return text + "\n" + findingsText(report, terminal);
}

}  // namespace bailiwick::plugin
