#include <fmt/format.h>

#include <map>
#include <ostream>

#include "plugin/cluster.hpp"
#include "plugin/plan_report.hpp"
#include "plugin/regions.hpp"

namespace bailiwick::plugin {
namespace {

std::vector<std::string> othersOf(const manifest::Manifests& manifests) {
  std::map<std::string, int> counts;
  for (const auto& entry : manifests.entries) {
    if (!entry.ours) ++counts[entry.kind];
  }
  std::vector<std::string> others;
  for (const auto& [kind, count] : counts) others.push_back(fmt::format("{} {}", count, kind));
  return others;
}

// An object counts as changed when it changes any region.
void note(std::vector<ObjectChange>& objects, const std::vector<Overlaid>& overlaid) {
  for (const auto& o : overlaid) {
    const auto name = o.entry->str();
    const auto known = std::find_if(objects.begin(), objects.end(),
                                    [&](const ObjectChange& c) { return c.object == name; });
    if (known == objects.end()) {
      objects.push_back({name, o.entry->origin.str(), o.change});
    } else if (o.change < known->change) {
      known->change = o.change;
    }
  }
}

}  // namespace

Outcome<Exit> runPlan(const Context& context, const PlanOptions& options) {
  const auto ns = namespaceOf(context.options.cluster, options.offline.empty(), context.stop);
  if (!ns) return tl::unexpected(ns.error());
  const auto manifests = readManifests(context, options, *ns);
  if (!manifests) return tl::unexpected(manifests.error());
  auto regions = readRegions(context, options);
  if (!regions) return tl::unexpected(regions.error());

  PlanReport report;
  const auto judge = context.judge();
  for (auto& region : *regions) {
    std::vector<Overlaid> overlaid;
    auto changed = overlay(region, manifests->entries, judge.now, overlaid);
    const auto before = forecast(std::move(region), judge);
    const auto after = forecast(std::move(changed), judge);
    report.regions.push_back(compare(before, after, overlaid));
    note(report.objects, overlaid);
  }
  report.others = othersOf(*manifests);
  report.findings = findingsOf(*manifests, report.regions);
  const auto format = context.options.format;
  if (format == Format::Json || format == Format::Yaml) {
    print(context.terminal, format, toJson(report));
  } else {
    context.terminal.out << toText(report, context.terminal, format == Format::Wide);
  }
  return report.findings.empty() ? Exit::Fine : Exit::Finding;
}

}  // namespace bailiwick::plugin
