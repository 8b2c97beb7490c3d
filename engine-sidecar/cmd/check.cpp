#include "cmd/check.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>
#include <sstream>
#include <vector>

#include "config/config.hpp"
#include "config/route_table.hpp"
#include "route/keys.hpp"
#include "route/routes.hpp"

namespace bailiwick::sidecar {
namespace {

namespace fs = std::filesystem;

Result<std::string> read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(path + ": cannot be read");
  return text.str();
}

class Check {
 public:
  Check(std::ostream& out, std::ostream& errors) : out_(out), errors_(errors) {}

  void config(const std::string& file) {
    const auto text = take(read(file));
    if (!text) return;
    const auto config = take(parseConfig(file, *text));
    if (!config) return;
    if (!config->routes.file.empty()) table(config->routes.file, *config);
    if (!config->routes.folder.empty()) folder(config->routes.folder, *config);
    if (!config->keysFile.empty()) keys(config->keysFile);
  }

  bool failed() const { return failed_; }

 private:
  template <class T>
  std::optional<T> take(Result<T> result) {
    if (result) return *std::move(result);
    failed_ = true;
    errors_ << result.error().message << "\n";
    return std::nullopt;
  }

  std::optional<std::string> mounted(const std::string& file) {
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return std::nullopt;
    return take(read(file));
  }

  void table(const std::string& file, const Config& config) {
    const auto text = mounted(file);
    if (!text) return;
    const auto table = take(parseRouteTable(file, *text));
    if (!table) return;
    const Routes routes(*table, config, nullptr, nullptr);
    for (const std::string& report : routes.reports()) out_ << file << ": " << report << "\n";
  }

  void folder(const std::string& path, const Config& config) {
    std::error_code ignored;
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(path, ignored))
      if (deploymentOfFile(entry.path().filename().string())) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) table(file, config);
  }

  void keys(const std::string& file) {
    if (const auto text = mounted(file)) take(Keys::parse(file, *text));
  }

  std::ostream& out_;
  std::ostream& errors_;
  bool failed_ = false;
};

}  // namespace

int check(const std::string& configFile, std::ostream& out, std::ostream& errors) {
  Check check(out, errors);
  check.config(configFile);
  if (check.failed()) return 1;
  out << configFile << ": nothing is wrong\n";
  return 0;
}

}  // namespace bailiwick::sidecar
