#include "catalog/loader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "catalog/read_entries.hpp"
#include "catalog/reader.hpp"
#include "catalog/references.hpp"

namespace bailiwick::catalog {
namespace {

constexpr std::uintmax_t maxFile = 1 << 20;

// Reads a list of entries into a map by id; the same id twice in one file is an error.
template <class Entry, class Map, class Read, class Id>
void entries(Reader& reader, const At& at, Map& into, Read read, Id id) {
  std::set<std::string> seen;
  reader.list(at, [&](const At& item) {
    Entry entry;
    read(reader, item, entry);
    const std::string& name = id(entry);
    if (name.empty()) return;  // already an error: it is required
    if (!seen.insert(name).second) {
      reader.error(item, fmt::format("{} is given twice in this file", name));
    }
    into[name] = std::move(entry);
  });
}

void readCountries(Reader& reader, const At& at, Catalog& out) {
  std::vector<std::string> codes;
  reader.texts(at, codes);
  for (const auto& code : codes) {
    const bool ok = code.size() == 2 && std::all_of(code.begin(), code.end(), [](char c) {
                      return c >= 'A' && c <= 'Z';
                    });
    if (!ok) reader.error(at, fmt::format("{} is no ISO 3166-1 alpha-2 code", code));
    out.countries.insert(code);
  }
}

void readLabels(Reader& reader, const At& at, Catalog& out) {
  reader.map(at, {{"residencyPrefix", [&](const At& v) { reader.text(v, out.residencyPrefix); }},
                  {"jurisdiction", [&](const At& v) { reader.text(v, out.jurisdictionLabel); }},
                  {"regions", [&](const At& v) { reader.texts(v, out.regionLabels); }},
                  {"zones", [&](const At& v) { reader.texts(v, out.zoneLabels); }}});
}

void readFile(Reader& reader, const At& at, Catalog& out) {
  reader.map(
      at,
      {{"vendors",
        [&](const At& v) {
          entries<Vendor>(reader, v, out.vendors, readVendor,
                          [](const Vendor& e) -> const std::string& { return e.id; });
        }},
       {"engines",
        [&](const At& v) {
          entries<Engine>(reader, v, out.engines, readEngine,
                          [](const Engine& e) -> const std::string& { return e.name; });
        }},
       {"providers",
        [&](const At& v) {
          entries<Provider>(reader, v, out.providers, readProvider,
                            [](const Provider& e) -> const std::string& { return e.id; });
        }},
       {"blocs",
        [&](const At& v) {
          entries<Bloc>(reader, v, out.blocs, readBloc,
                        [](const Bloc& e) -> const std::string& { return e.name; });
        }},
       {"fetchers",
        [&](const At& v) {
          entries<Fetcher>(reader, v, out.fetchers, readFetcher,
                           [](const Fetcher& e) -> const std::string& { return e.sourceType; });
        }},
       {"countries", [&](const At& v) { readCountries(reader, v, out); }},
       {"labels", [&](const At& v) { readLabels(reader, v, out); }}});
}

Result<File> readDiskFile(const std::filesystem::path& path) {
  std::error_code ec;
  const auto size = std::filesystem::file_size(path, ec);
  if (ec) return fail(fmt::format("{}: {}", path.string(), ec.message()));
  if (size > maxFile) return fail(fmt::format("{}: larger than 1 MiB", path.string()));
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in && !in.eof()) return fail(fmt::format("{}: cannot be read", path.string()));
  return File{path.string(), std::move(text)};
}

}  // namespace

Result<Catalog> parse(const std::vector<File>& files) {
  Catalog catalog;
  std::vector<std::string> errors;
  for (const auto& file : files) {
    auto document = yaml::parseStrict(file.text);
    if (!document) {
      errors.push_back(fmt::format("{}: {}", file.name, document.error().message));
      continue;
    }
    Reader reader(file.name);
    readFile(reader, {*document, ""}, catalog);
    errors.insert(errors.end(), reader.errors().begin(), reader.errors().end());
  }
  // References are looked at only in what could be read, or each error would bring its followers.
  if (errors.empty()) errors = brokenReferences(catalog);
  if (!errors.empty()) return fail(fmt::format("{}", fmt::join(errors, "\n")));
  return catalog;
}

Result<Catalog> builtin() { return parse(builtinFiles()); }

Result<Catalog> withOverrides(const std::string& directory) {
  std::error_code ec;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ec)) {
    const bool yaml = entry.path().extension() == ".yaml" || entry.path().extension() == ".yml";
    if (yaml) paths.push_back(entry.path());
  }
  if (ec) return fail(fmt::format("--catalog={}: {}", directory, ec.message()));
  std::sort(paths.begin(), paths.end());
  auto files = builtinFiles();
  for (const auto& path : paths) {
    auto file = readDiskFile(path);
    if (!file) return tl::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  return parse(files);
}

}  // namespace bailiwick::catalog
