#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <set>

#include "plugin/catalog_command.hpp"
#include "plugin/table.hpp"

namespace bailiwick::plugin {
namespace {

using Json = nlohmann::ordered_json;

// A section: what is shown to people, and beside each row what is for programs. The last columns
// are shown with -o wide only.
struct Section {
  std::vector<std::string> header;
  std::size_t shown = 0;  // columns without -o wide
  std::vector<std::pair<std::vector<std::string>, Json>> rows;
};

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

Section vendors(const catalog::Catalog& catalog) {
  Section section{{"VENDOR", "NAME", "RESOURCES", "PRODUCTS", "NOTE"}, 4, {}};
  for (const auto& [id, vendor] : catalog.vendors) {
    std::set<std::string> resources;
    for (const auto& family : vendor.families) resources.insert(family.resource);
    const std::vector<std::string> list(resources.begin(), resources.end());
    section.rows.push_back(
        {{id, vendor.name, vendor.target ? joined(list) : "no target",
          std::to_string(vendor.products.size()), vendor.note},
         {{"id", id},
          {"name", vendor.name},
          {"target", vendor.target},
          {"resources", list},
          {"products", vendor.products.size()},
          {"note", vendor.note},
          {"source", vendor.source}}});
  }
  return section;
}

Section products(const catalog::Catalog& catalog) {
  Section section{{"VENDOR", "PRODUCT", "MEMORY", "ALIASES", "NOTE"}, 3, {}};
  for (const auto& [id, vendor] : catalog.vendors) {
    for (const auto& product : vendor.products) {
      const auto memory = product.memoryMiB ? fmt::format("{}Mi", *product.memoryMiB) : "-";
      Json json = {{"vendor", id}, {"name", product.name}, {"aliases", product.aliases}};
      if (product.memoryMiB) json["memoryMiB"] = *product.memoryMiB;
      json["note"] = product.note;
      section.rows.push_back(
          {{id, product.name, memory, joined(product.aliases), product.note}, std::move(json)});
    }
  }
  return section;
}

Section engines(const catalog::Catalog& catalog) {
  Section section{{"ENGINE", "VENDORS", "SPANS NODES", "IMAGES", "NOTE"}, 3, {}};
  for (const auto& [name, engine] : catalog.engines) {
    std::set<std::string> ids;
    Json images = Json::array();
    std::vector<std::string> words;
    for (const auto& image : engine.images) {
      ids.insert(image.vendor);
      words.push_back(image.image);
      images.push_back(
          {{"vendor", image.vendor}, {"products", image.products}, {"image", image.image}});
    }
    const std::vector<std::string> list(ids.begin(), ids.end());
    section.rows.push_back({{name, joined(list), engine.multiNode ? "yes" : "no", joined(words),
                             engine.note},
                            {{"name", name},
                             {"vendors", list},
                             {"multiNode", engine.multiNode},
                             {"images", images},
                             {"note", engine.note},
                             {"source", engine.source}}});
  }
  return section;
}

Section blocs(const catalog::Catalog& catalog) {
  Section section{{"BLOC", "MEMBERS", "AS OF", "NOTE"}, 3, {}};
  for (const auto& [name, bloc] : catalog.blocs) {
    const std::vector<std::string> members(bloc.members.begin(), bloc.members.end());
    section.rows.push_back({{name, joined(members), bloc.asOf, bloc.note},
                            {{"name", name},
                             {"members", members},
                             {"asOf", bloc.asOf},
                             {"note", bloc.note},
                             {"source", bloc.source}}});
  }
  return section;
}

Section regions(const catalog::Catalog& catalog) {
  Section section{{"PROVIDER", "LOCATION", "COUNTRY", "NODE LABELS", "NOTE"}, 3, {}};
  for (const auto& [id, provider] : catalog.providers) {
    for (const auto& location : provider.locations) {
      section.rows.push_back({{id, location.id, location.country, joined(location.labelValues()),
                               location.note},
                              {{"provider", id},
                               {"location", location.id},
                               {"country", location.country},
                               {"nodeLabels", location.labelValues()},
                               {"note", location.note}}});
    }
  }
  return section;
}

using Maker = Section (*)(const catalog::Catalog&);
struct Named {
  const char* name;
  const char* about;
  Maker make;
};
constexpr Named sections[] = {
    {"vendors", "makers of accelerators, and the resources of their device plugins", vendors},
    {"products", "accelerators by the names that variants use", products},
    {"engines", "inference engines, and the vendors that they run on", engines},
    {"blocs", "groups of countries that placement may name", blocs},
    {"regions", "cloud regions and the country that each is in", regions},
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

// Rows of which any word holds the filter, whatever its case.
void keep(Section& section, const std::string& filter) {
  std::erase_if(section.rows, [&](const auto& row) {
    return std::none_of(row.first.begin(), row.first.end(), [&](const std::string& cell) {
      return lower(cell).find(lower(filter)) != std::string::npos;
    });
  });
}

void show(const Context& context, const Section& section) {
  const bool wide = context.options.format == Format::Wide;
  const auto columns = wide ? section.header.size() : section.shown;
  const auto last = static_cast<std::ptrdiff_t>(columns);
  Table table({section.header.begin(), section.header.begin() + last});
  for (const auto& [row, json] : section.rows) {
    table.add({row.begin(), row.begin() + last});
  }
  context.terminal.out << table.str(context.terminal);
}

void overview(const Context& context) {
  Table table({"SECTION", "ENTRIES", "WHAT"});
  for (const auto& section : sections) {
    const auto size = section.make(*context.catalog).rows.size();
    table.add({section.name, std::to_string(size), section.about});
  }
  context.terminal.out << table.str(context.terminal);
}

}  // namespace

std::vector<std::string> catalogSections() {
  std::vector<std::string> names;
  for (const auto& section : sections) names.emplace_back(section.name);
  return names;
}

Outcome<Exit> runCatalog(const Context& context, const CatalogOptions& options) {
  const bool forPrograms =
      context.options.format == Format::Json || context.options.format == Format::Yaml;
  Json all = Json::object();
  if (options.section.empty() && !forPrograms) {
    overview(context);
    return Exit::Fine;
  }
  for (const auto& named : sections) {
    if (!options.section.empty() && options.section != named.name) continue;
    auto section = named.make(*context.catalog);
    if (!options.filter.empty()) keep(section, options.filter);
    if (section.rows.empty()) {
      return finding(fmt::format("nothing in catalog {} has \"{}\" in it", named.name,
                                 options.filter));
    }
    if (!forPrograms) show(context, section);
    all[named.name] = Json::array();
    for (auto& [row, json] : section.rows) all[named.name].push_back(std::move(json));
  }
  if (forPrograms) {
    print(context.terminal, context.options.format,
          options.section.empty() ? all : all[options.section]);
  }
  return Exit::Fine;
}

}  // namespace bailiwick::plugin
