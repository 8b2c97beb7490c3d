#include "plugin/region_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "api/labels.hpp"
#include "manifest/documents.hpp"
#include "manifest/schema.hpp"

namespace bailiwick::plugin {
namespace {

using manifest::Problem;
using manifest::Value;
using nlohmann::json;

constexpr std::int64_t mostNodes = 20'000;

void onlyKnown(const Value& map, std::initializer_list<std::string_view> known,
               const std::string& path, std::vector<Problem>& problems) {
  for (const auto& [key, field] : map.fields) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    problems.push_back({field.line, path + key,
                        fmt::format("is no field; there are {}", fmt::join(known, ", "))});
  }
}

// Texts; a resource amount may be a number.
void addWords(json& to, const Value* map, bool numbers, std::vector<Problem>& problems) {
  if (!map) return;
  for (const auto& [key, word] : map->fields) {
    if (word.isText() || (numbers && word.type == Value::Type::Int)) {
      to[key] = word.text;
    } else {
      problems.push_back({word.line, key,
                          fmt::format("must be a text, is {}", manifest::typeName(word.type))});
    }
  }
}

json nodeOf(const Value& root, const Value& pool, std::vector<Problem>& problems) {
  json labels = json::object(), allocatable = json::object(), taints = json::array();
  addWords(labels, root.find("nodeLabels"), false, problems);
  addWords(labels, pool.find("labels"), false, problems);
  addWords(allocatable, pool.find("capacity"), true, problems);
  addWords(allocatable, pool.find("allocatable"), true, problems);
  if (const auto* list = pool.find("taints")) {
    for (const auto& taint : list->items) taints.push_back(manifest::toJson(taint));
  }
  return {{"apiVersion", "v1"},
          {"kind", "Node"},
          {"metadata", {{"labels", labels}}},
          {"spec", {{"taints", taints}}},
          {"status",
           {{"allocatable", allocatable},
            {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
}

std::int64_t countOf(const Value& pool, std::vector<Problem>& problems) {
  const auto* count = pool.find("count");
  if (!count) return 1;
  if (count->type == Value::Type::Int && count->integer >= 0 && count->integer <= mostNodes) {
    return count->integer;
  }
  problems.push_back({count->line, "count", fmt::format("must be an integer up to {}", mostNodes)});
  return 0;
}

// One problem a line, as "file:line: path: message".
tl::unexpected<Error> failed(const std::string& file, const std::vector<Problem>& problems) {
  std::vector<std::string> lines;
  for (const auto& p : problems) {
    lines.push_back(fmt::format("{}:{}: {}{}", file, p.line, p.path.empty() ? "" : p.path + ": ",
                                p.message));
  }
  return fail(fmt::format("{}", fmt::join(lines, "\n")));
}

Result<KnownRegion> fromPools(const manifest::Source& source, Value root,
                              const catalog::Catalog& catalog, const std::string& name) {
  std::vector<Problem> problems;
  auto* region = root.find("region");
  onlyKnown(root, {"region", "nodeLabels", "nodePools"}, "", problems);
  const auto* schema = manifest::builtinSchema("Region");
  auto* spec = region->find("spec");
  if (spec) {
    for (auto& problem : schema->apply(*spec, region->line)) {
      problem.path = "region." + problem.path;
      problems.push_back(std::move(problem));
    }
  }
  const std::string regionName(region->at("metadata", "name"));
  Gathering gathering(catalog);
  if (const auto added = gathering.add("Region", manifest::toJson(*region).dump()); !added) {
    problems.push_back({region->line, "region", added.error().message});
  }
  for (const auto& node : expandPools(root, regionName, problems)) {
    if (const auto added = gathering.add("Node", node); !added) {
      problems.push_back({1, "nodePools", added.error().message});
    }
  }
  if (!problems.empty()) return failed(source.name, problems);
  return gathering.take(name);
}

Result<KnownRegion> fromObjects(const manifest::Source& source, const catalog::Catalog& catalog,
                                const std::string& name) {
  const auto manifests = manifest::read({source});
  std::vector<Problem> problems;
  for (const auto& f : manifests.findings) {
    const auto object = f.object.empty() ? "" : f.object + ": ";
    problems.push_back({f.origin.line, f.path, object + f.message});
  }
  Gathering gathering(catalog);
  for (const auto& entry : manifests.entries) {
    if (entry.kind == "CustomResourceDefinition" &&
        entry.key.name == "leaderworkersets.leaderworkerset.x-k8s.io") {
      gathering.servesGroups();
    }
    const auto added = gathering.add(entry.kind, manifest::jsonText(entry));
    if (!added) problems.push_back({entry.origin.line, "", added.error().message});
  }
  if (!problems.empty()) return failed(source.name, problems);
  return gathering.take(name);
}

}  // namespace

std::vector<std::string> expandPools(const Value& root, const std::string& region,
                                     std::vector<Problem>& problems) {
  std::vector<std::string> nodes;
  const auto* pools = root.find("nodePools");
  if (!pools) return nodes;
  for (const auto& pool : pools->items) {
    onlyKnown(pool, {"name", "count", "zones", "labels", "capacity", "allocatable", "taints",
                     "annotations"},
              "nodePools.", problems);
    auto node = nodeOf(root, pool, problems);
    const auto* zones = pool.find("zones");
    for (std::int64_t i = 0; i < countOf(pool, problems); ++i) {
      node["metadata"]["name"] = fmt::format("{}-{}-{}", region, pool.at("name"), i + 1);
      if (zones && !zones->items.empty()) {
        const auto turn = static_cast<std::size_t>(i) % zones->items.size();
        node["metadata"]["labels"][api::names::topologyZoneLabel] = zones->items[turn].text;
      }
      nodes.push_back(node.dump());
    }
  }
  return nodes;
}

Result<KnownRegion> readRegionFile(const manifest::Source& source, const catalog::Catalog& catalog,
                                   const std::string& name) {
  auto documents = manifest::readDocuments(source.text);
  if (!documents.problems.empty()) return failed(source.name, documents.problems);
  const bool pools = documents.roots.size() == 1 && documents.roots.front().find("region") &&
                     documents.roots.front().at("kind").empty();
  auto known = pools ? fromPools(source, std::move(documents.roots.front()), catalog, name)
                     : fromObjects(source, catalog, name);
  if (!known) {
    const bool named = known.error().message.starts_with(source.name);
    return fail(named ? known.error().message : source.name + ": " + known.error().message);
  }
  known->from = source.name;
  return known;
}

}  // namespace bailiwick::plugin
