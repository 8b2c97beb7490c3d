#include "route/routes.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace bailiwick::sidecar {
namespace {

constexpr std::chrono::seconds retryAfter{1};

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

bool isOwn(const Backend& backend, const Config& config) {
  return config.engine && backend.kind == BackendKind::Engine &&
         (!backend.url || backend.variant == config.identity.variant);
}

Target targetOf(const Backend& backend, const Config& config) {
  Target target;
  target.backend = backend;
  target.own = isOwn(backend, config);
  target.url = target.own ? config.engine->url : *backend.url;
  target.model = target.own ? config.engine->model : backend.model;
  target.variant = backend.variant;
  const bool here = backend.kind == BackendKind::Engine;
  target.region = here ? config.identity.region : backend.region;
  target.jurisdiction = here ? config.identity.jurisdiction : backend.jurisdiction;
  return target;
}

std::shared_ptr<Health> keptHealth(const Routes* previous, const Target& target) {
  if (!previous) return nullptr;
  for (const Target& before : previous->targets())
    if (before.url == target.url && before.backend.kind == target.backend.kind &&
        before.backend.region == target.backend.region)
      return before.health;
  return nullptr;
}

// What select() may take: the first where there is one.
struct Usable {
  Tried good;
  Tried last;
};

Usable usable(const std::vector<Target>& targets, const Tried& lawful, const Query& query,
              Instant now) {
  Usable result;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (!lawful[i] || query.tried[i] || (query.stale && !targets[i].own)) continue;
    switch (targets[i].health->state(now)) {
      case HealthState::Healthy:
      case HealthState::Recovering:
        result.good.set(i);
        break;
      case HealthState::Unknown:
      case HealthState::Ejected:
        result.last.set(i);
        break;
      case HealthState::Down:
        break;
    }
  }
  return result;
}

// The lowest priority above `after` of what is usable.
std::optional<int> nextLevel(const std::vector<Target>& targets, const Tried& usable,
                             std::optional<int> after) {
  std::optional<int> level;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const int priority = targets[i].backend.priority;
    if (usable[i] && (!after || priority > *after) && (!level || priority < *level))
      level = priority;
  }
  return level;
}

Tried ofLevel(const std::vector<Target>& targets, const Tried& usable, int level) {
  Tried result;
  for (std::size_t i = 0; i < targets.size(); ++i)
    if (usable[i] && targets[i].backend.priority == level) result.set(i);
  return result;
}

}  // namespace

Routes::Routes(RouteTable table, const Config& config, std::shared_ptr<Health> ownHealth,
               const Routes* previous)
    : table_(std::move(table)), hasEngine_(config.engine.has_value()) {
  targets_.reserve(table_.backends.size());
  for (const Backend& backend : table_.backends) {
    const std::string name = "backend " + backend.name;
    if (!backend.url && !config.engine) {
      reports_.push_back(name + " has no url, and there is no engine of one's own here");
      continue;
    }
    Target target = targetOf(backend, config);
    if (target.own && own()) {
      reports_.push_back(name + " is one's own engine, which " + own()->backend.name +
                         " is already");
      continue;
    }
    target.inside = contains(table_.residency.jurisdictions, target.jurisdiction);
    if (!target.inside)
      reports_.push_back(name + " is in " + target.jurisdiction +
                         ", outside the domain: " + join(table_.residency.jurisdictions));
    target.health = target.own ? ownHealth : keptHealth(previous, target);
    if (!target.health) target.health = std::make_shared<Health>(config.outliers, false);
    targets_.push_back(std::move(target));
  }
}

const Target* Routes::own() const {
  const auto it = std::find_if(targets_.begin(), targets_.end(),
                               [](const Target& target) { return target.own; });
  return it == targets_.end() ? nullptr : &*it;
}

const Target* Routes::shadow() const {
  if (!table_.shadow) return nullptr;
  for (const Target& target : targets_)
    if (target.backend.name == table_.shadow->backend && target.inside) return &target;
  return nullptr;
}

// What has hopped stays here: in a sidecar at its engine, in a gateway at this region's sidecars.
bool Routes::reaches(const Target& target, const Query& query) const {
  if (!target.inside) return false;
  if (query.hopped) return hasEngine_ ? target.own : target.backend.kind == BackendKind::Engine;
  return query.towards.empty() ||
         (target.backend.kind == BackendKind::Peer && target.region == query.towards);
}

tl::expected<std::size_t, Refusal> Routes::select(const Query& query, Random& random,
                                                  Instant now) const {
  const auto refuse = [](Refusal refusal) { return tl::unexpected<Refusal>(std::move(refusal)); };
  if (auto refused = classesRefused(query.law, table_.residency)) return refuse(*refused);
  const auto& countries = query.law.jurisdictions;
  Tried reachable, lawful;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (!reaches(targets_[i], query)) continue;
    reachable.set(i);
    if (countries.empty() || contains(countries, targets_[i].jurisdiction)) lawful.set(i);
  }
  if (reachable.any() && lawful.none()) return refuse(jurisdictionRefused(countries, reachable));
  const Usable found = usable(targets_, lawful, query, now);
  if (found.good.none() && found.last.none())
    return refuse({Code::NoBackend, "no backend can serve this now", retryAfter});
  if (found.good.none()) return byPriority(Choice{found.last, false}, random, now);
  const Choice choice{found.good, true};
  if (table_.mode == Mode::Weighted && query.tried.none()) {
    if (const auto index = byWeight(choice, random, now)) return *index;
  }
  return byPriority(choice, random, now);
}

Refusal Routes::jurisdictionRefused(const std::vector<std::string>& asked,
                                    const Tried& reachable) const {
  std::vector<std::string> served;
  for (std::size_t i = 0; i < targets_.size(); ++i)
    if (reachable[i] && !contains(served, targets_[i].jurisdiction))
      served.push_back(targets_[i].jurisdiction);
  return {Code::JurisdictionRefused,
          "x-data-jurisdiction: nothing in " + join(asked) + " can serve this; it is served from " +
              join(served),
          {}};
}

double Routes::rampOf(std::size_t index, const Choice& choice, Instant now) const {
  return choice.ramped ? targets_[index].health->ramp(now) : 1.0;
}

std::optional<std::size_t> Routes::byWeight(const Choice& choice, Random& random,
                                            Instant now) const {
  double total = 0;
  for (std::size_t i = 0; i < targets_.size(); ++i)
    if (choice.from[i]) total += targets_[i].backend.weight * rampOf(i, choice, now);
  if (total <= 0) return std::nullopt;
  double left = random.unit() * total;
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (!choice.from[i] || targets_[i].backend.weight == 0) continue;
    last = i;
    left -= targets_[i].backend.weight * rampOf(i, choice, now);
    if (left < 0) break;
  }
  return last;
}

// Among equals without weights each is as good as the other.
std::size_t Routes::ofEqualPriority(const Choice& choice, Random& random, Instant now) const {
  if (const auto index = byWeight(choice, random, now)) return *index;
  std::int64_t nth = random.below(static_cast<std::int64_t>(choice.from.count()));
  std::size_t index = 0;
  for (; !choice.from[index] || nth > 0; ++index)
    if (choice.from[index]) --nth;
  return index;
}

// A level that recovers as a whole passes on what it does not take yet.
std::size_t Routes::byPriority(const Choice& choice, Random& random, Instant now) const {
  std::optional<int> level = nextLevel(targets_, choice.from, std::nullopt);
  const Choice first{ofLevel(targets_, choice.from, *level), choice.ramped};
  for (; level; level = nextLevel(targets_, choice.from, level)) {
    const Choice equals{ofLevel(targets_, choice.from, *level), choice.ramped};
    double takes = 0;
    for (std::size_t i = 0; i < targets_.size(); ++i)
      if (equals.from[i]) takes = std::max(takes, rampOf(i, choice, now));
    if (takes >= 1 || random.unit() < takes) return ofEqualPriority(equals, random, now);
  }
  return ofEqualPriority(first, random, now);
}

std::string pathAt(const Url& url, std::string_view path) {
  constexpr std::string_view version = "/v1/";
  if (!url.path.empty() && path.starts_with(version)) path.remove_prefix(version.size() - 1);
  return url.path + std::string(path);
}

}  // namespace bailiwick::sidecar
