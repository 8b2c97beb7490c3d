#include "proxy/route_follower.hpp"

#include <set>
#include <utility>

#include "log/log.hpp"
#include "proxy/files.hpp"

namespace bailiwick::sidecar {
namespace {

Instant now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

RouteFollower::RouteFollower(Plane& plane, Publish publish)
    : plane_(plane), publish_(std::move(publish)) {}

Result<void> RouteFollower::load() {
  if (auto keys = loadKeys(); !keys) return keys;
  const Config& config = plane_.config;
  auto loaded =
      plane_.isGateway() ? loadFolder() : loadFile(config.identity.deployment, config.routes.file);
  // Bad tables are reported one by one; what they leave of a gateway's folder is served.
  if (!loaded && !plane_.isGateway()) return tl::unexpected(loaded.error());
  if (!loaded) {
    report(loaded.error());
    return {};
  }
  waysStamp_ = stampOfWays();
  publishBook();
  return {};
}

void RouteFollower::poll() {
  if (auto keys = loadKeys(); !keys) report(keys.error());
  const Config& config = plane_.config;
  auto changed =
      plane_.isGateway() ? loadFolder() : loadFile(config.identity.deployment, config.routes.file);
  if (!changed) report(changed.error());
  const bool ways = reloadWays();
  if ((changed && *changed) || ways) publishBook();
}

Result<void> RouteFollower::loadKeys() {
  const std::string& file = plane_.config.keysFile;
  if (file.empty()) return {};
  const std::string stamp = stampOf({file});
  if (stamp == keysStamp_) return {};
  keysStamp_ = stamp;
  const auto text = readFile(file);
  if (!text) return tl::unexpected(text.error());
  auto keys = Keys::parse(file, *text);
  if (!keys) return tl::unexpected(keys.error());
  log::info("keys were read", {{"file", file}, {"keys", keys->size()}});
  plane_.setKeys(std::make_shared<const Keys>(std::move(*keys)));
  return {};
}

Result<bool> RouteFollower::loadFile(const std::string& deployment, const std::string& path) {
  Source& source = sources_[deployment];
  const std::string stamp = stampOf({path});
  if (stamp == source.stamp) {
    if (fileIsSource() && source.table && stamp != "-;") source.freshness->confirm(now());
    return false;
  }
  source.stamp = stamp;
  const auto text = readFile(path);
  if (!text) return tl::unexpected(text.error());
  return take(source, deployment, path, *text, "");
}

Result<bool> RouteFollower::loadFolder() {
  const std::string& folder = plane_.config.routes.folder;
  const auto names = filesIn(folder);
  if (!names) return tl::unexpected(names.error());
  std::set<std::string> present;
  bool changed = !std::exchange(folderRead_, true);
  for (const std::string& name : *names) {
    const auto deployment = deploymentOfFile(name);
    if (!deployment) continue;
    present.insert(*deployment);
    const auto loaded = loadFile(*deployment, folder + "/" + name);
    if (!loaded) report(loaded.error());
    changed = changed || (loaded && *loaded);
  }
  changed = std::erase_if(sources_,
                          [&](const auto& entry) { return !present.contains(entry.first); }) > 0 ||
            changed;
  return changed;
}

// Generations compare within one ConfigMap uid; a file has none, so that it never takes the place
// of a newer table, and a ConfigMap that was made anew always does.
Result<bool> RouteFollower::take(Source& source, const std::string& deployment,
                                 const std::string& name, const std::string& text,
                                 const std::string& uid) {
  auto parsed = parseRouteTable(name, text);
  if (!parsed) {
    ++source.refused;
    return tl::unexpected(parsed.error());
  }
  source.freshness->confirm(now());
  const Table* before = source.table.get();
  const bool comparable = before && (uid.empty() ? !source.uid.empty() : uid == source.uid);
  if (comparable && parsed->generation <= before->routes.table().generation) return false;
  Routes routes(std::move(*parsed), plane_.config, plane_.ownHealth,
                before ? &before->routes : nullptr);
  for (const std::string& line : routes.reports())
    log::warn("a backend is never used", {{"deployment", deployment}, {"why", line}});
  log::info("a route table is in force", {{"deployment", deployment},
                                          {"generation", routes.table().generation},
                                          {"from", uid.empty() ? name : "ConfigMap"}});
  source.table = makeTable(std::move(routes), deployment, source.freshness, contexts_);
  source.uid = uid;
  refused_.clear();
  return true;
}

void RouteFollower::offer(const std::string& uid, const std::string& text) {
  const std::string& deployment = plane_.config.identity.deployment;
  const auto taken = take(sources_[deployment], deployment, "ConfigMap", text, uid);
  if (!taken) return report(taken.error());
  if (*taken) publishBook();
}

std::uint64_t RouteFollower::refusals(const std::string& deployment) const {
  const auto it = sources_.find(deployment);
  return it == sources_.end() ? 0 : it->second.refused;
}

void RouteFollower::confirm() {
  for (auto& [deployment, source] : sources_) source.freshness->confirm(now());
}

std::vector<std::string> RouteFollower::filesOf(const Table& table) const {
  std::vector<std::string> files;
  for (const Target& target : table.routes.targets()) {
    files.push_back(target.backend.caFile);
    files.push_back(target.backend.keyFile);
  }
  if (const auto& tls = table.routes.table().tls) {
    files.push_back(tls->certFile);
    files.push_back(tls->keyFile);
  }
  std::erase(files, std::string());
  return files;
}

std::string RouteFollower::stampOfWays() const {
  std::string stamp;
  for (const auto& [deployment, source] : sources_)
    if (source.table) stamp += stampOf(filesOf(*source.table));
  return stamp;
}

// Certificates and providers' keys are renewed under the same names.
bool RouteFollower::reloadWays() {
  std::string stamp = stampOfWays();
  if (stamp == waysStamp_) return false;
  waysStamp_ = std::move(stamp);
  for (auto& [deployment, source] : sources_)
    if (source.table)
      source.table = makeTable(source.table->routes, deployment, source.freshness, contexts_);
  return true;
}

void RouteFollower::report(const Error& error) {
  if (refused_ == error.message) return;
  refused_ = error.message;
  log::error("refused; what was in force stays", {{"error", error.message}});
}

void RouteFollower::publishBook() {
  RouteBook::Tables tables;
  for (const auto& [deployment, source] : sources_) {
    if (!source.table) continue;
    tables.emplace(deployment, source.table);
    for (const Way& way : source.table->ways)
      if (!way.fault.empty())
        log::warn("a backend cannot be reached",
                  {{"deployment", deployment}, {"url", way.authority}, {"why", way.fault}});
  }
  const bool serves = sources_.empty() || !tables.empty();
  publish_(std::make_shared<const RouteBook>(std::move(tables), serves));
}

}  // namespace bailiwick::sidecar
