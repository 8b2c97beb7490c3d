#include "serve/admission.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan/legality.hpp"
#include "policy/law.hpp"
#include "policy/strangers.hpp"
#include "serve/review.hpp"

namespace bailiwick::serve {
namespace {

using simdjson::dom::element;

template <class T>
std::vector<const T*> pointers(const std::vector<std::shared_ptr<const T>>& owned) {
  std::vector<const T*> out;
  for (const auto& object : owned) out.push_back(object.get());
  return out;
}

template <class T>
std::map<std::string, const T*, std::less<>> byName(
    const std::vector<std::shared_ptr<const T>>& owned) {
  std::map<std::string, const T*, std::less<>> out;
  for (const auto& object : owned) out.emplace(object->meta.key.name, object.get());
  return out;
}

Opinion refused(std::string why) { return {{std::move(why)}, {}}; }

// A placement's own question, asked where it is placed: nothing is planned here.
const policy::ExitReadiness readinessIsAskedLater(api::Time now) { return {true, "", now}; }

struct Bench {
  const catalog::Catalog& catalog;
  const policy::Settings& settings;
  const Known& known;
  const api::Region& region;
  policy::Regions regions;
  api::Time now;
};

// The passports that a deployment uses, ancestors included; held for as long as it is judged.
struct Passports {
  Passports(const api::ModelDeployment& deployment, const Known& known) {
    for (const auto& name : plan::passportsOf(deployment, known.passport)) {
      auto passport = known.passport(name);
      if (!passport) continue;
      byName.emplace(name, passport.get());
      held.push_back(std::move(passport));
    }
  }

  policy::Passports byName;
  std::vector<std::shared_ptr<const api::ModelPassport>> held;
};

plan::VariantLaw lawOf(const Bench& bench, const policy::Law& law,
                       const api::ModelDeployment& deployment, const api::Variant& variant,
                       const Passports& passports) {
  const auto readiness = readinessIsAskedLater(bench.now);
  return plan::legalityOf({law, deployment, variant, passports.byName, bench.regions, bench.region,
                           bench.catalog, bench.now, &readiness});
}

// What the variant lacks here beside the law: an error of the spec refuses, the rest may come.
void checkVariant(const Bench& bench, const api::ModelDeployment& deployment,
                  const api::Variant& variant, const Passports& passports, Opinion& out) {
  const auto passport = passports.byName.find(variant.passport);
  auto refusal = policy::checkVariant(
      {deployment, variant, passport == passports.byName.end() ? nullptr : passport->second,
       bench.region, bench.catalog, bench.settings, bench.known.leaderWorkerSets});
  if (!refusal) {
    auto requirement =
        plan::require(variant, deployment.spec.placement, bench.region, bench.catalog);
    if (!requirement) refusal = std::move(requirement.error());
  }
  if (!refusal) return;
  if (refusal->reason == "InvalidSpec") {
    out.refusals.insert(refusal->message);
  } else {
    out.warnings.push_back(refusal->message);
  }
}

// Refused is what has no lawful variant here; a variant refused beside a legal one is told.
void checkLaw(const Bench& bench, const api::ModelDeployment& deployment,
              const Passports& passports, Opinion& out) {
  const policy::Law law(pointers(bench.known.policies), bench.catalog);
  bool all = true;
  std::vector<std::string> denials;
  for (const auto& variant : deployment.spec.variants) {
    const auto legality = lawOf(bench, law, deployment, variant, passports);
    all = all && (legality.denied || legality.noNew);
    for (const auto& objection : legality.objections) {
      const bool warns = objection.effect == policy::Effect::Warn;
      (warns ? out.warnings : denials).push_back(objection.message);
    }
  }
  if (all && !denials.empty()) {
    out.refusals.insert(denials.begin(), denials.end());
  } else {
    out.warnings.insert(out.warnings.end(), denials.begin(), denials.end());
  }
}

// How many variants a policy would be against, and the first.
std::string reachOf(const Bench& bench, const api::SovereigntyPolicy& policy) {
  const policy::Law law({&policy}, bench.catalog);
  int variants = 0;
  std::string first;
  for (const auto& deployment : bench.known.deployments()) {
    if (!api::selects(policy.selector, *deployment)) continue;
    const Passports passports(*deployment, bench.known);
    for (const auto& variant : deployment->spec.variants) {
      const auto legality = lawOf(bench, law, *deployment, variant, passports);
      if (legality.objections.empty()) continue;
      if (++variants > 1) continue;
      first = fmt::format("{}: {}", deployment->meta.key.str(), legality.objections[0].message);
    }
  }
  if (variants == 0) return "";
  return fmt::format("{} of ModelDeployments violate{} it now, first {}",
                     variants == 1 ? "1 variant" : fmt::format("{} variants", variants),
                     variants == 1 ? "s" : "", first);
}

std::optional<Bench> benchOf(const Admission::Config& config, const Known& known) {
  for (const auto& region : known.regions) {
    if (region->meta.key.name != config.region || !region->decodeError.empty()) continue;
    return Bench{*config.catalog, config.settings, known, *region,
                 byName(known.regions), config.now()};
  }
  return std::nullopt;
}

// What an object that is there already does not keep anybody from changing something else of it.
ReviewAnswer answerOf(Opinion now, const Opinion& before) {
  ReviewAnswer answer;
  std::vector<std::string> fresh;
  for (const auto& refusal : now.refusals) {
    if (before.refusals.contains(refusal)) {
      answer.warnings.push_back(refusal);
    } else {
      fresh.push_back(refusal);
    }
  }
  answer.allowed = fresh.empty();
  answer.message = fmt::format("{}", fmt::join(fresh, "; "));
  answer.warnings.insert(answer.warnings.end(), now.warnings.begin(), now.warnings.end());
  return answer;
}

}  // namespace

Opinion Admission::onDeployment(element object) const {
  const auto deployment = api::decodeModelDeployment(object);
  if (!deployment) return refused(deployment.error().message);
  if (deployment->meta.deleted) return {};
  const auto known = config_.known();
  const auto bench = benchOf(config_, known);
  if (!bench) {
    return {{}, {fmt::format("region {} has no readable Region object in this cluster: nothing is "
                             "placed until it has",
                             config_.region)}};
  }
  Opinion out;
  if (const auto refusal = policy::checkDeployment(*deployment, bench->region, *config_.catalog,
                                                   config_.settings)) {
    if (refusal->reason == "InvalidSpec") return refused(refusal->message);
    out.warnings.push_back(refusal->message);
  }
  const Passports passports(*deployment, known);
  for (const auto& variant : deployment->spec.variants) {
    checkVariant(*bench, *deployment, variant, passports, out);
  }
  checkLaw(*bench, *deployment, passports, out);
  return out;
}

Opinion Admission::onPolicy(element object) const {
  const auto policy = api::decodeSovereigntyPolicy(object);
  if (!policy) return refused(policy.error().message);
  if (policy->meta.deleted) return {};
  if (auto problem = policy::Law::problemOf(*policy, *config_.catalog); !problem.empty()) {
    return refused(std::move(problem));
  }
  Opinion out;
  for (const auto& stranger : policy::Law::strangersIn(*policy, *config_.catalog)) {
    out.warnings.push_back(stranger + ", which the catalogue does not know: is it misspelt?");
  }
  const auto known = config_.known();
  const auto bench = benchOf(config_, known);
  if (!bench) return out;
  if (auto reach = reachOf(*bench, *policy); !reach.empty()) out.warnings.push_back(reach);
  return out;
}

Opinion Admission::onPassport(element object) const {
  const auto passport = api::decodeModelPassport(object);
  if (!passport) return refused(passport.error().message);
  if (passport->meta.deleted) return {};
  if (!passport->decodeError.empty()) return refused(passport->decodeError);
  Opinion out;
  const auto known = config_.known();
  policy::Passports line{{passport->meta.key.name, &*passport}};
  std::vector<std::shared_ptr<const api::ModelPassport>> held;
  for (const auto& name : plan::lineageOf(*passport, known.passport)) {
    held.push_back(known.passport(name));
    if (held.back()) line.emplace(name, held.back().get());
  }
  for (const auto& kin : policy::lineageOf(passport->meta.key.name, line)) {
    if (!kin.problem.empty()) out.warnings.push_back(fmt::format("{} {}", kin.object, kin.problem));
  }
  return out;
}

Opinion Admission::onRegion(element object) const {
  const auto region = api::decodeRegion(object);
  if (!region) return refused(region.error().message);
  if (region->meta.deleted) return {};
  if (!region->decodeError.empty()) return refused(region->decodeError);
  const auto objection =
      config_.catalog->objection(region->provider, region->location, region->jurisdiction);
  if (objection.empty()) return {};
  return refused(fmt::format("region {} {}; correct the Region's spec", region->meta.key.name,
                             objection));
}

Opinion Admission::onOrder(element object) const {
  const auto order = api::decodeExitOrder(object);
  if (!order) return refused(order.error().message);
  if (order->meta.deleted) return {};
  if (!order->decodeError.empty()) return refused(order->decodeError);
  Opinion out;
  if (order->spec.deadline <= config_.now()) {
    out.warnings.push_back(fmt::format("its deadline {} has passed already",
                                       api::formatTime(order->spec.deadline)));
  }
  const auto known = config_.known();
  const auto check = [&](const auto& names, const auto& exists, std::string_view kind) {
    for (const auto& name : names) {
      if (exists(name)) continue;
      out.warnings.push_back(fmt::format("it targets {} {}, which does not exist here", kind, name));
    }
  };
  const auto in = [](auto there) {
    return [there = std::move(there)](const std::string& name) { return there.contains(name); };
  };
  check(order->spec.target.policies, in(byName(known.policies)), "SovereigntyPolicy");
  check(order->spec.target.passports, known.passport, "ModelPassport");
  check(order->spec.target.regions, in(byName(known.regions)), "Region");
  for (const auto& stranger : policy::strangersIn(order->spec.target, *config_.catalog)) {
    out.warnings.push_back(
        fmt::format("it targets {}, which the catalogue does not know: is it misspelt?", stranger));
  }
  return out;
}

Opinion Admission::opinion(std::string_view kind, element object) const {
  if (kind == "ModelDeployment") return onDeployment(object);
  if (kind == "SovereigntyPolicy") return onPolicy(object);
  if (kind == "ModelPassport") return onPassport(object);
  if (kind == "Region") return onRegion(object);
  return onOrder(object);
}

std::vector<std::string> Admission::onDeletion(std::string_view kind, element object) const {
  std::string_view name;
  if (object["metadata"]["name"].get(name) != simdjson::SUCCESS) return {};
  if (kind == "ExitOrder") {
    return {fmt::format("ExitOrder {} is lifted: what it targets may come back", name)};
  }
  if (kind == "SovereigntyPolicy") {
    return {fmt::format("policy {} is lifted: what it refused may run", name)};
  }
  if (kind == "Region" && name == config_.region) {
    return {fmt::format("region {} is this cluster's own: without it nothing is placed", name)};
  }
  if (kind != "ModelPassport") return {};
  const auto known = config_.known();
  const auto uses = [&](const auto& deployment) {
    return plan::passportsOf(*deployment, known.passport).contains(std::string(name));
  };
  const auto deployments = known.deployments();
  const auto used = std::count_if(deployments.begin(), deployments.end(), uses);
  if (used == 0) return {};
  return {fmt::format("{} passport {}: it stays until none does, and nothing new of it is placed",
                      used == 1 ? "1 ModelDeployment uses"
                                : fmt::format("{} ModelDeployments use", used),
                      name)};
}

Admission::Reply Admission::review(const std::string& body) const {
  simdjson::dom::parser parser;
  element document;
  if (const auto error = parser.parse(body).get(document)) {
    return {400, fmt::format("the body is no JSON: {}\n", simdjson::error_message(error))};
  }
  const auto request = readReview(document);
  if (!request) return {400, request.error().message + "\n"};
  ReviewAnswer answer;
  if (request->subresource) return {200, writeReview(request->uid, answer)};
  if (request->operation == Operation::Delete) {
    if (request->oldObject) answer.warnings = onDeletion(request->kind, *request->oldObject);
    return {200, writeReview(request->uid, answer)};
  }
  if (!request->object) {
    answer = {false, 400, "request.object: is required", {}};
    return {200, writeReview(request->uid, answer)};
  }
  Opinion before;
  if (request->operation == Operation::Update && request->oldObject) {
    before = opinion(request->kind, *request->oldObject);
  }
  return {200, writeReview(request->uid, answerOf(opinion(request->kind, *request->object), before))};
}

}  // namespace bailiwick::serve
