#pragma once
// A route table as one sidecar sees it, and the choice of a backend for a request. Immutable but
// for the health of its targets, so that threads share one by pointer.

#include <bitset>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.hpp"
#include "config/route_table.hpp"
#include "route/health.hpp"
#include "route/law.hpp"
#include "route/random.hpp"
#include "route/refusal.hpp"

namespace bailiwick::sidecar {

// A backend with what the sidecar adds to it.
struct Target {
  Backend backend;
  bool own = false;     // one's own engine, whatever URL others are told
  bool inside = false;  // its jurisdiction is in the table's domain; else never used
  Url url;
  std::string region, jurisdiction, variant, model;  // as the answer's headers name them
  std::shared_ptr<Health> health;
};

using Tried = std::bitset<maxBackends>;

struct Query {
  Law law;
  bool hopped = false;       // has been forwarded once: served in this region or not at all
  bool stale = false;        // the table is past its maxAge: only the own engine serves
  std::string_view towards;  // not empty: only the peers of that region (a gateway asked by a pod)
  Tried tried;               // targets that this request has already failed at
};

class Routes {
 public:
  // `ownHealth`: of one's own engine, whether it is listed or not; null where there is none.
  // Targets that `previous` reached in the same way keep their health. What cannot be reached (an
  // Engine without URL where there is no engine) is left out and reported.
  Routes(RouteTable table, const Config& config, std::shared_ptr<Health> ownHealth,
         const Routes* previous);

  const RouteTable& table() const { return table_; }
  const std::vector<Target>& targets() const { return targets_; }
  // One's own engine, where it is listed.
  const Target* own() const;
  // Where copies go, or nullptr.
  const Target* shadow() const;
  // What a person should know: each backend that is never used, with its reason.
  const std::vector<std::string>& reports() const { return reports_; }

  // The index of the target to try next. The law is judged on the table alone, whatever is healthy:
  // what no target may serve is 451, what no target can serve now 503.
  tl::expected<std::size_t, Refusal> select(const Query& query, Random& random, Instant now) const;

 private:
  struct Choice {
    Tried from;
    bool ramped = true;  // slow starts count
  };
  bool reaches(const Target& target, const Query& query) const;
  Refusal jurisdictionRefused(const std::vector<std::string>& asked, const Tried& reachable) const;
  double rampOf(std::size_t index, const Choice& choice, Instant now) const;
  std::optional<std::size_t> byWeight(const Choice& choice, Random& random, Instant now) const;
  std::size_t ofEqualPriority(const Choice& choice, Random& random, Instant now) const;
  std::size_t byPriority(const Choice& choice, Random& random, Instant now) const;

  RouteTable table_;
  bool hasEngine_;
  std::vector<Target> targets_;
  std::vector<std::string> reports_;
};

// The path at a target: that of the request, but where the URL has one ("…/openai/v1") it stands
// for the leading /v1.
std::string pathAt(const Url& url, std::string_view path);

}  // namespace bailiwick::sidecar
