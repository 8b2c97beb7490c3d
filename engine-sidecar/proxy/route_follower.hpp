#pragma once
// Where route tables, keys and certificates come from: files that are followed, and one ConfigMap
// that is watched. A table that is bad is refused and reported, and the old one stays.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/core.hpp"
#include "proxy/route_book.hpp"

namespace bailiwick::sidecar {

class RouteFollower {
 public:
  // `publish` gives a new book to all threads.
  using Publish = std::function<void(std::shared_ptr<const RouteBook>)>;
  RouteFollower(Plane& plane, Publish publish);

  // Reads everything for the first time: what is wrong with it, or nothing.
  Result<void> load();
  // Reads what has changed since.
  void poll();
  // A state of the watched ConfigMap, which has this uid.
  void offer(const std::string& uid, const std::string& text);
  // The API server has answered: what was last seen of it still holds.
  void confirm();

  // How many tables of a deployment were refused, and what was refused last, or empty.
  std::uint64_t refusals(const std::string& deployment) const;
  const std::string& refused() const { return refused_; }

 private:
  struct Source {
    std::string stamp;  // of the file that it was read from
    std::string uid;    // of the ConfigMap that it came from, or empty
    std::uint64_t refused = 0;
    std::shared_ptr<const Table> table;
    std::shared_ptr<Freshness> freshness = std::make_shared<Freshness>();
  };

  Result<void> loadKeys();
  Result<bool> loadFile(const std::string& deployment, const std::string& path);
  Result<bool> loadFolder();
  Result<bool> take(Source& source, const std::string& deployment, const std::string& name,
                    const std::string& text, const std::string& uid);
  bool reloadWays();
  std::string stampOfWays() const;
  std::vector<std::string> filesOf(const Table& table) const;
  void report(const Error& error);
  void publishBook();
  // Of a table that a file alone gives, reading it is contact.
  bool fileIsSource() const { return !plane_.config.routes.configMap; }

  Plane& plane_;
  Publish publish_;
  ClientContexts contexts_;
  std::map<std::string, Source, std::less<>> sources_;  // by deployment
  bool folderRead_ = false;
  std::string keysStamp_;
  std::string waysStamp_;
  std::string refused_;
};

}  // namespace bailiwick::sidecar
