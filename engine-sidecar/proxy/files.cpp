#include "proxy/files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t maxSize = std::size_t{8} << 20;

}  // namespace

Result<std::string> readFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(fmt::format("{}: {}", path, std::strerror(errno)));
  std::string text;
  char block[16384];
  while (in.read(block, sizeof block) || in.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
    if (text.size() > maxSize) return fail(path + " is larger than 8 MiB");
  }
  if (in.bad()) return fail(fmt::format("{}: {}", path, std::strerror(errno)));
  return text;
}

std::string stampOf(const std::vector<std::string>& paths) {
  std::string stamp;
  for (const std::string& path : paths) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      stamp += "-;";
    } else {
      stamp += fmt::format("{}:{}:{}.{}:{};", info.st_dev, info.st_ino, info.st_mtim.tv_sec,
                           info.st_mtim.tv_nsec, info.st_size);
    }
  }
  return stamp;
}

Result<std::vector<std::string>> filesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    std::string name = entries->path().filename().string();
    std::error_code ignored;
    if (!name.starts_with('.') && entries->is_regular_file(ignored))
      names.push_back(std::move(name));
  }
  if (error) return fail(fmt::format("{}: {}", folder, error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace bailiwick::sidecar
