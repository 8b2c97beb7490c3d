#include "plan/passport.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/labels.hpp"
#include "plan/conditions.hpp"

namespace bailiwick::plan {
namespace {

constexpr std::size_t namesInMessage = 3;

struct Use {
  std::set<std::string> by;          // ModelDeployments that use it
  std::set<std::string> unreadable;  // objects that might
};

void addAncestors(const api::ModelPassport& passport, std::vector<std::string>& pending) {
  for (const auto& ancestor : passport.derivedFrom) {
    if (!ancestor.passport.empty()) pending.push_back(ancestor.passport);
  }
}

// Those that are pending, and all their ancestors. A lineage may run in a circle.
std::set<std::string> closure(std::vector<std::string> pending, const FindPassport& find) {
  std::set<std::string> names;
  while (!pending.empty()) {
    const auto name = std::move(pending.back());
    pending.pop_back();
    if (!names.insert(name).second) continue;
    if (const auto passport = find(name)) addAncestors(*passport, pending);
  }
  return names;
}

Use useOf(const PassportInput& in) {
  Use use;
  for (const auto& deployment : in.deployments) {
    if (!deployment->decodeError.empty()) {
      use.unreadable.insert("ModelDeployment " + deployment->meta.key.str());
      continue;
    }
    const auto names = passportsOf(*deployment, in.find);
    if (names.contains(in.passport.meta.key.name)) use.by.insert(deployment->meta.key.str());
    for (const auto& name : names) {
      const auto used = in.find(name);
      if (used && !used->decodeError.empty()) use.unreadable.insert("ModelPassport " + name);
    }
  }
  return use;
}

std::vector<std::string> finalizersOf(const api::ModelPassport& passport, const Use& use) {
  auto result = passport.meta.finalizers;
  const auto ours = std::find(result.begin(), result.end(), api::names::inUseFinalizer);
  const bool held = ours != result.end();
  // The API server takes no new finalizer once the object is being deleted.
  if (!use.by.empty() && !held && !passport.meta.deleted) {
    result.emplace_back(api::names::inUseFinalizer);
  } else if (held && use.by.empty() && use.unreadable.empty()) {
    result.erase(ours);
  }
  return result;
}

// Evidence of a failed examination never counted, so its expiry changes nothing.
bool counts(const api::Evidence& evidence) {
  return evidence.result == "Pass" && evidence.expiresAt.has_value();
}

std::optional<api::Time> nextExpiry(const api::ModelPassport& passport, api::Time now) {
  std::optional<api::Time> next;
  for (const auto& evidence : passport.evidence) {
    if (!counts(evidence) || *evidence.expiresAt <= now) continue;
    next = next ? std::min(*next, *evidence.expiresAt) : *evidence.expiresAt;
  }
  return next;
}

api::Condition validity(const api::ModelPassport& passport, api::Time now) {
  api::Condition valid;
  valid.type = "Valid";
  valid.status = "False";
  if (!passport.decodeError.empty()) {
    valid.reason = "InvalidSpec";
    valid.message = passport.decodeError;
    return valid;
  }
  std::vector<std::string> expired;
  for (const auto& evidence : passport.evidence) {
    if (!counts(evidence) || *evidence.expiresAt > now) continue;
    expired.push_back(
        fmt::format("{} expired at {}", evidence.type, api::formatTime(*evidence.expiresAt)));
  }
  if (!expired.empty()) {
    valid.reason = "PassportExpired";
    valid.message = fmt::format("evidence {}: renew it, or remove it from spec.evidence",
                                fmt::join(expired, ", "));
    return valid;
  }
  valid.status = "True";
  valid.reason = "Valid";
  valid.message = "none of its evidence has expired";
  return valid;
}

std::string whoHolds(const Use& use) {
  if (use.by.empty()) {
    return fmt::format("{} cannot be read and might use it: correct that object",
                       *use.unreadable.begin());
  }
  std::vector<std::string> names(use.by.begin(), use.by.end());
  const auto shown = std::min(names.size(), namesInMessage);
  const auto more = names.size() - shown;
  names.resize(shown);
  if (more > 0) names.push_back(fmt::format("{} more", more));
  return fmt::format("ModelDeployments use it ({}): what runs stays, nothing new is placed",
                     fmt::join(names, ", "));
}

api::Condition validCondition(const PassportInput& in, const Use& use, bool held) {
  const auto& passport = in.passport;
  auto valid = validity(passport, in.now);
  if (passport.meta.deleted && held) {
    if (valid.status == "True") valid.reason = "InUse";
    valid.message += "; it is being deleted and stays, because " + whoHolds(use);
  }
  if (passport.status.conditions.empty()) {
    valid.status = "Unknown";
    valid.reason = "Pending";
    valid.message = "it is seen for the first time";
  }
  valid.observedGeneration = passport.meta.generation;
  return judged(std::move(valid), passport.status.conditions, in.now);
}

}  // namespace

std::set<std::string> lineageOf(const api::ModelPassport& passport, const FindPassport& find) {
  std::vector<std::string> pending;
  addAncestors(passport, pending);
  auto names = closure(std::move(pending), find);
  names.insert(passport.meta.key.name);
  return names;
}

std::set<std::string> passportsOf(const api::ModelDeployment& deployment,
                                  const FindPassport& find) {
  std::vector<std::string> pending;
  for (const auto& variant : deployment.spec.variants) pending.push_back(variant.passport);
  return closure(std::move(pending), find);
}

PassportDecision decide(const PassportInput& in) {
  const auto use = useOf(in);
  const auto next = nextExpiry(in.passport, in.now);
  PassportDecision decision;
  decision.finalizers = finalizersOf(in.passport, use);
  decision.wakeAt = next;
  const bool held = std::count(decision.finalizers.begin(), decision.finalizers.end(),
                               api::names::inUseFinalizer) > 0;
  decision.status.observedGeneration = in.passport.meta.generation;
  decision.status.usedBy = static_cast<int>(use.by.size());
  if (next) decision.status.nextExpiry = std::chrono::floor<std::chrono::seconds>(*next);
  decision.status.conditions = {validCondition(in, use, held)};
  return decision;
}

}  // namespace bailiwick::plan
