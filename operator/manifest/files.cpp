#include "manifest/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>

namespace bailiwick::manifest {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t largestFile = 64 << 20;

bool isManifest(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

template <class Iterator>
std::vector<fs::path> filesOf(Iterator begin) {
  std::vector<fs::path> files;
  for (const auto& entry : begin) {
    if (entry.is_regular_file() && isManifest(entry.path())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::vector<fs::path>> filesOf(const fs::path& path, bool recursive) {
  if (!fs::exists(path)) return fail(fmt::format("{}: there is no such file", path.string()));
  if (!fs::is_directory(path)) return std::vector{path};
  auto files = recursive ? filesOf(fs::recursive_directory_iterator(path))
                         : filesOf(fs::directory_iterator(path));
  if (files.empty()) {
    return fail(fmt::format("{}: no *.yaml, *.yml or *.json file in this directory{}",
                            path.string(), recursive ? "" : "; -R looks below it too"));
  }
  return files;
}

Result<Source> readFile(const fs::path& path) {
  std::error_code unknown;
  if (const auto size = fs::file_size(path, unknown); !unknown && size > largestFile) {
    return fail(fmt::format("{}: is larger than {} MiB", path.string(), largestFile >> 20));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(fmt::format("{}: cannot be opened", path.string()));
  return Source{path.string(), std::string(std::istreambuf_iterator<char>(in), {})};
}

}  // namespace

Result<std::vector<Source>> collect(const std::vector<std::string>& paths, bool recursive,
                                    std::istream& input) {
  std::vector<Source> sources;
  for (const auto& path : paths) {
    if (path == "-") {
      sources.push_back({"standard input", std::string(std::istreambuf_iterator<char>(input), {})});
      continue;
    }
    if (path.find("://") != std::string::npos) {
      return fail(fmt::format("{}: addresses are not fetched: give a file, or pipe it in and "
                              "write -f -", path));
    }
    try {
      const auto files = filesOf(path, recursive);
      if (!files) return tl::unexpected(files.error());
      for (const auto& file : *files) {
        auto source = readFile(file);
        if (!source) return tl::unexpected(source.error());
        sources.push_back(*std::move(source));
      }
    } catch (const fs::filesystem_error& error) {
      return fail(fmt::format("{}: {}", path, error.code().message()));
    }
  }
  return sources;
}

}  // namespace bailiwick::manifest
