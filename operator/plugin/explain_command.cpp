#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "plugin/cluster.hpp"
#include "plugin/deployment_name.hpp"
#include "plugin/explanation.hpp"
#include "plugin/regions.hpp"
#include "plugin/table.hpp"

namespace bailiwick::plugin {
namespace {

using Json = nlohmann::ordered_json;

void add(Json& json, const std::optional<policy::Refusal>& refusal) {
  if (!refusal) return;
  json["reason"] = refusal->reason;
  json["message"] = refusal->message;
}

Json toJson(const VariantVerdict& v) {
  Json pools = Json::array();
  for (const auto& p : v.pools) {
    Json pool = {{"name", p.pool.name},
                 {"nodes", p.pool.nodes},
                 {"devices", p.pool.devices},
                 {"devicesFree", p.pool.devicesFree},
                 {"devicesLeft", p.left},
                 {"eligible", p.eligible},
                 {"fits", p.fits}};
    add(pool, p.refusal);
    pools.push_back(std::move(pool));
  }
  Json json = {{"name", v.variant->name}, {"share", v.share}, {"offer", v.offer}};
  if (!v.asks.empty()) json["asks"] = v.asks;
  if (!v.note.empty()) json["note"] = v.note;
  add(json, v.refusal);
  json["pools"] = std::move(pools);
  return json;
}

Json toJson(const Explanation& e) {
  Json conditions = Json::array(), variants = Json::array(), elsewhere = Json::array();
  for (const auto& c : e.conditions) {
    conditions.push_back({{"type", c.type},
                          {"status", c.status},
                          {"reason", c.reason},
                          {"message", c.message}});
  }
  for (const auto& v : e.variants) variants.push_back(toJson(v));
  for (const auto& [region, shares] : e.elsewhere) {
    Json share = Json::array();
    for (const auto& s : shares) share.push_back({{"name", s.variant}, {"replicas", s.replicas}});
    elsewhere.push_back({{"region", region}, {"share", share}});
  }
  return {{"namespace", e.key.ns},
          {"name", e.key.name},
          {"region", e.region},
          {"elsewhere", elsewhere},
          {"conditions", conditions},
          {"variants", variants}};
}

std::string verdictOf(const PoolVerdict& p) {
  if (p.fits > 0) return fmt::format("room for {} more", p.fits);
  return p.refusal ? fmt::format("{}: {}", p.refusal->reason, p.refusal->message) : "";
}

// A pool's name begins the row, so that the message need not name the variant again.
std::string shortVerdict(const PoolVerdict& p, const std::string& variant) {
  auto text = verdictOf(p);
  const auto prefix = fmt::format("variant {}: ", variant);
  if (const auto at = text.find(prefix); at != std::string::npos) text.erase(at, prefix.size());
  return text;
}

std::string variantText(const VariantVerdict& v, std::size_t number, const Terminal& terminal) {
  const auto& name = v.variant->name;
  const auto chosen = v.share == 0 ? std::string("no replica")
                                   : fmt::format("{} replica{}", v.share, v.share == 1 ? "" : "s");
  auto text = fmt::format("\n{}. {}: {}\n", number, terminal.paint(name, Paint::Bold),
                          terminal.paint(chosen, v.share > 0 ? Paint::Good : Paint::Warn));
  if (!v.asks.empty()) text += fmt::format("   a replica asks for {}\n", v.asks);
  if (v.refusal) {
    const auto line = fmt::format("{}{}: {}", v.share > 0 ? "no more: " : "", v.refusal->reason,
                                  v.refusal->message);
    text += "   " + wrapped(line, terminal.width - 5, 5) + "\n";
  }
  if (!v.note.empty()) text += "   " + v.note + "\n";
  if (v.pools.empty()) return text;
  Table table({"POOL", "NODES", "LEFT", "VERDICT"});
  for (const auto& p : v.pools) {
    table.add({p.pool.name, std::to_string(p.pool.nodes),
               fmt::format("{} of {}", p.left, p.pool.devices),
               Cell(shortVerdict(p, name), p.fits > 0 ? Paint::Good : Paint::None)});
  }
  return text + table.str(terminal, 3);
}

// "2 of h200, 1 of mi300x"
std::string sharesText(const std::vector<api::VariantCount>& shares) {
  std::vector<std::string> parts;
  for (const auto& s : shares) parts.push_back(fmt::format("{} of {}", s.replicas, s.variant));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string toText(const Explanation& e, const Terminal& terminal) {
  auto text = fmt::format("{} in region {}\n", terminal.paint(e.key.str(), Paint::Bold), e.region);
  for (const auto& c : e.conditions) {
    if (c.type != "Placed" && c.type != "Compliant" && c.type != "ExitReady") continue;
    const auto line = fmt::format("{} {}, {}: {}", c.type, c.status, c.reason, c.message);
    text += "  " + wrapped(line, terminal.width - 4, 4) + "\n";
  }
  for (const auto& [region, shares] : e.elsewhere) {
    const auto line = fmt::format("region {} serves {}", region, sharesText(shares));
    text += "  " + wrapped(line, terminal.width - 4, 4) + "\n";
  }
  for (std::size_t i = 0; i < e.variants.size(); ++i) {
    text += variantText(e.variants[i], i + 1, terminal);
  }
  return text;
}

}  // namespace

Outcome<Exit> runExplain(const Context& context, const ExplainOptions& options) {
  const auto& world = options.world;
  const auto name = deploymentName(options.name, "explained");
  if (!name) return tl::unexpected(name.error());
  const auto ns = namespaceOf(context.options.cluster, world.offline.empty(), context.stop);
  if (!ns) return tl::unexpected(ns.error());
  const auto manifests = readManifests(context, world, *ns);
  if (!manifests) return tl::unexpected(manifests.error());
  auto regions = readRegions(context, world);
  if (!regions) return tl::unexpected(regions.error());

  const api::Key key{*ns, *name};
  const auto judge = context.judge();
  Json all = Json::array();
  std::string text;
  for (auto& region : *regions) {
    std::vector<Overlaid> overlaid;
    region = overlay(region, manifests->entries, judge.now, overlaid);
  }
  for (const auto& planned : forecast(*std::move(regions), judge)) {
    const auto found = planned.plan.deployments.find(key);
    if (found == planned.plan.deployments.end()) {
      return finding(missingDeployment(key, planned.known.from));
    }
    const auto explanation = explain(planned, found->second);
    all.push_back(toJson(explanation));
    text += (text.empty() ? "" : "\n") + toText(explanation, context.terminal);
  }
  const auto format = context.options.format;
  if (format == Format::Json || format == Format::Yaml) {
    print(context.terminal, format, all.size() == 1 ? all.front() : all);
  } else {
    context.terminal.out << text;
  }
  return Exit::Fine;
}

}  // namespace bailiwick::plugin
