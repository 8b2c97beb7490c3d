#pragma once
// All route tables that are in force, each with what reaching its targets takes. Immutable: a
// change makes a new book, and requests keep the one that they began with.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/result.hpp"
#include "proxy/tls.hpp"
#include "route/paths.hpp"
#include "route/routes.hpp"

namespace bailiwick::sidecar {

// What a connection leads to; equal ones share idle connections.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string serverName;   // that TLS checks
  TlsContext tls;           // null: plain
  bool publicOnly = false;  // names that resolve to private addresses are refused
  std::string key;          // of all of these
};

// The way to one target.
struct Way {
  Endpoint endpoint;
  std::string authority;
  std::string answerHeaders;  // x-bailiwick-*, as lines
  std::string bearer;         // the provider's key
  std::string fault;          // why it cannot be used (a file that is missing), or empty
};

// When the source of a table was last known to say what the table says.
class Freshness {
 public:
  void confirm(Instant now) { at_.store(now.time_since_epoch().count()); }
  bool isPast(api::Duration maxAge, Instant now) const { return age(now) > maxAge; }
  Instant::duration age(Instant now) const { return now - Instant(Instant::duration(at_.load())); }

 private:
  std::atomic<Instant::rep> at_{0};
};

struct Table {
  std::string deployment;
  Routes routes;
  std::vector<Way> ways;  // by the index of their targets
  std::shared_ptr<const Freshness> freshness;
  Paths paths{std::vector<std::string>()};

  bool knowsModel(std::string_view name, bool ofTargets) const;
};

class RouteBook {
 public:
  using Tables = std::map<std::string, std::shared_ptr<const Table>, std::less<>>;

  RouteBook() = default;  // before anything was read
  RouteBook(Tables tables, bool serves) : tables_(std::move(tables)), serves_(serves) {}

  const Tables& tables() const { return tables_; }
  // Whether requests are to come: there is a table, or nothing to have one of.
  bool serves() const { return serves_; }
  std::shared_ptr<const Table> find(std::string_view deployment) const;

 private:
  Tables tables_;
  bool serves_ = false;
};

// Reads the files that the table names. A way whose files cannot be read says so and is not taken.
std::shared_ptr<const Table> makeTable(Routes routes, std::string deployment,
                                       std::shared_ptr<const Freshness> freshness,
                                       ClientContexts& contexts);

}  // namespace bailiwick::sidecar
