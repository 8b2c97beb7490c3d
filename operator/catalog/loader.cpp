#include "catalog/loader.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "catalog/draft.hpp"

namespace bailiwick::catalog {
namespace {

constexpr std::size_t maxFiles = 256;
constexpr std::size_t maxFileSize = 1 << 20;

std::string keyOf(const Vendor& v) {
  return v.id;
}
std::string keyOf(const Engine& e) {
  return e.name;
}
std::string keyOf(const Provider& p) {
  return p.id;
}
std::string keyOf(const Bloc& b) {
  return b.name;
}
std::string keyOf(const Fetcher& f) {
  return f.sourceType;
}

template <class T, class ReadOne>
void readEntries(Fields& fields, std::string_view section, int layer, ReadOne readOne,
                 Entries<T>& out) {
  const auto list = fields.optional(section);
  if (!list) return;
  list->items([&](const Cursor& item) {
    Entry<T> entry;
    entry.where = item.where();
    entry.layer = layer;
    readOne(item, entry.value, entry.references);
    const std::string key = keyOf(entry.value);
    const auto earlier = out.find(key);
    if (earlier != out.end() && earlier->second.layer == layer) {
      const Where& other = earlier->second.where;
      return item.fail(key + " is given twice; it is already at " + other.file + ":" +
                       std::to_string(other.line));
    }
    out.insert_or_assign(key, std::move(entry));
  });
}

void readSections(const Cursor& root, int layer, Draft& draft) {
  Fields fields(root);
  readEntries(fields, "vendors", layer, readVendor, draft.vendors);
  readEntries(fields, "engines", layer, readEngine, draft.engines);
  readEntries(fields, "providers", layer, readProvider, draft.providers);
  readEntries(fields, "blocs", layer, readBloc, draft.blocs);
  readEntries(fields, "fetchers", layer, readFetcher, draft.fetchers);
  if (const auto at = fields.optional("countries")) readCountries(*at, draft.countries);
  if (const auto at = fields.optional("labels")) readLabels(*at, draft.labels);
  if (const auto at = fields.optional("engineDefaults")) readEngineDefaults(*at, draft);
  fields.finish();
}

void refuseSchedulers(const Draft& draft, int layer, Report& report) {
  for (const auto& [id, entry] : draft.vendors) {
    for (const ResourceFamily& family : entry.value.families) {
      if (entry.layer != layer || family.pod.schedulerName.empty()) continue;
      report.add(entry.where.file, entry.where.line, entry.where.path,
                 "family " + family.id + " has pod.schedulerName, which only --catalog may set");
    }
  }
}

std::string missing(const Draft& draft, const Reference& reference) {
  switch (reference.to) {
    case Reference::To::Vendor:
      return draft.vendors.contains(reference.name) ? "" : "no vendor " + reference.name;
    case Reference::To::Provider:
      return draft.providers.contains(reference.name) ? "" : "no provider " + reference.name;
    case Reference::To::Country:
      return draft.countries.contains(reference.name) ? "" : "no country " + reference.name;
    case Reference::To::Product: {
      const auto vendor = draft.vendors.find(reference.vendor);
      if (vendor == draft.vendors.end()) return "";  // told already
      if (vendor->second.value.product(reference.name) != nullptr) return "";
      return "no product " + reference.name + " of vendor " + reference.vendor;
    }
  }
  return "";
}

template <class T>
void checkReferences(const Draft& draft, const Entries<T>& entries, Report& report) {
  for (const auto& [key, entry] : entries) {
    for (const Reference& reference : entry.references) {
      const std::string what = missing(draft, reference);
      if (what.empty()) continue;
      report.add(reference.where.file, reference.where.line, reference.where.path,
                 "there is " + what);
    }
  }
}

void checkBlocNames(const Draft& draft, Report& report) {
  for (const auto& [name, entry] : draft.blocs) {
    if (!draft.countries.contains(name)) continue;
    report.add(entry.where.file, entry.where.line, entry.where.path, name + " is a country");
  }
}

template <class T>
void move(Entries<T>& from, std::map<std::string, T, std::less<>>& to) {
  for (auto& [key, entry] : from) to.emplace(key, std::move(entry.value));
}

Catalog assemble(Draft draft) {
  Catalog out = std::move(draft.labels);
  for (auto& [name, entry] : draft.engines) {
    entry.value.env.insert(draft.engineEnv.begin(), draft.engineEnv.end());
    auto& reserved = entry.value.reservedEnv;
    reserved.insert(reserved.end(), draft.engineReservedEnv.begin(), draft.engineReservedEnv.end());
  }
  move(draft.vendors, out.vendors);
  move(draft.engines, out.engines);
  move(draft.providers, out.providers);
  move(draft.blocs, out.blocs);
  move(draft.fetchers, out.fetchers);
  out.countries = std::move(draft.countries);
  return out;
}

bool isYaml(const std::filesystem::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

// One more than may be read, so that the parser says that it is too large.
std::string readText(const std::filesystem::path& path, bool& readable) {
  std::ifstream in(path, std::ios::binary);
  std::string text(maxFileSize + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  readable = in.eof() || in.good();
  return text;
}

Result<Layer> readDirectory(const std::string& directory) {
  std::error_code error;
  std::vector<std::filesystem::path> paths;
  std::filesystem::directory_iterator entries(directory, error);
  if (error) return fail("catalogue folder " + directory + ": " + error.message());
  for (; entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    if (error) return fail("catalogue folder " + directory + ": " + error.message());
    if (isYaml(entries->path())) paths.push_back(entries->path());
  }
  if (paths.size() > maxFiles)
    return fail("catalogue folder " + directory + ": more than " + std::to_string(maxFiles) +
                " files");
  std::sort(paths.begin(), paths.end());
  Layer layer;
  for (const std::filesystem::path& path : paths) {
    bool readable = false;
    layer.files.push_back({path.string(), readText(path, readable)});
    if (!readable) return fail(path.string() + ": cannot be read");
  }
  return layer;
}

}  // namespace

Result<Catalog> parse(const std::vector<Layer>& layers) {
  Draft draft;
  Report report;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const int layer = static_cast<int>(i);
    for (const SourceFile& file : layers[i].files)
      yaml::readFile(file.name, file.text, report,
                     [&](const Cursor& root) { readSections(root, layer, draft); });
    if (layers[i].shipped) refuseSchedulers(draft, layer, report);
  }
  checkReferences(draft, draft.vendors, report);
  checkReferences(draft, draft.engines, report);
  checkReferences(draft, draft.providers, report);
  checkReferences(draft, draft.blocs, report);
  checkBlocNames(draft, report);
  if (!report.empty()) return fail(report.text());
  return assemble(std::move(draft));
}

Result<Catalog> load(const std::vector<std::string>& directories) {
  std::vector<Layer> layers;
  for (const std::string& directory : directories) {
    auto layer = readDirectory(directory);
    if (!layer) return tl::unexpected(layer.error());
    layers.push_back(std::move(*layer));
  }
  return parse(layers);
}

Result<Catalog> builtin() {
  return parse({builtinLayer()});
}

Result<Catalog> withOverrides(const std::string& directory) {
  auto layer = readDirectory(directory);
  if (!layer) return tl::unexpected(layer.error());
  return parse({builtinLayer(), std::move(*layer)});
}

}  // namespace bailiwick::catalog
