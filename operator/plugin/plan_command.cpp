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
  std::vector<std::vector<Overlaid>> overlaid(regions->size());
  std::vector<KnownRegion> changed;
  for (std::size_t r = 0; r < regions->size(); ++r) {
    changed.push_back(overlay((*regions)[r], manifests->entries, judge.now, overlaid[r]));
  }
  const auto before = forecast(*std::move(regions), judge);
  const auto after = forecast(std::move(changed), judge);
  for (std::size_t r = 0; r < after.size(); ++r) {
    report.regions.push_back(compare(before[r], after[r], overlaid[r]));
    note(report.objects, overlaid[r]);
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
