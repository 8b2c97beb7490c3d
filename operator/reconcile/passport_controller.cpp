#include "reconcile/passport_controller.hpp"

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "api/decode.hpp"
#include "api/encode.hpp"
#include "api/labels.hpp"
#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

using nlohmann::json;
namespace resources = kube::resources;

// The queue's clock knows nothing of changes of the wall clock, and cannot count to the year 9999.
constexpr std::chrono::milliseconds longestWait = std::chrono::hours(1);

bool sameUse(const api::ModelDeployment& a, const api::ModelDeployment& b) {
  return a.decodeError == b.decodeError &&
         std::equal(a.spec.variants.begin(), a.spec.variants.end(), b.spec.variants.begin(),
                    b.spec.variants.end(),
                    [](const auto& x, const auto& y) { return x.passport == y.passport; });
}

bool sameLineage(const api::ModelPassport& a, const api::ModelPassport& b) {
  return a.decodeError == b.decodeError && a.derivedFrom == b.derivedFrom;
}

// Gone meanwhile, there is nothing left to write.
kube::Outcome outcomeOf(const kube::ApiResult<kube::Written>& written) {
  if (written || written.error().kind == kube::ApiError::Kind::NotFound) return kube::Done{};
  return kube::outcomeOf(written.error());
}

}  // namespace

PassportController::PassportController(Config config)
    : config_(std::move(config)), find_([this](std::string_view name) {
        return config_.caches->passports.store().find(kube::KeyView{"", name});
      }) {}

void PassportController::watch(const std::function<void(const api::Key&)>& changed) {
  const auto passed = [changed](const std::set<std::string>& names) {
    for (const auto& name : names) changed(api::Key{"", name});
  };
  const auto all = [this, changed] {
    for (const auto& passport : config_.caches->passports.store().snapshot()) {
      changed(passport->meta.key);
    }
  };
  // What cannot be read might use any passport.
  using Deployment = std::shared_ptr<const api::ModelDeployment>;
  const auto used = [this, passed, all](const Deployment& deployment) {
    if (!deployment->decodeError.empty()) return all();
    passed(plan::passportsOf(*deployment, find_));
  };
  config_.caches->deployments.addHandler(
      {used,
       [used](const Deployment& before, const Deployment& after) {
         if (sameUse(*before, *after)) return;
         used(before);
         used(after);
       },
       used});
  using Passport = std::shared_ptr<const api::ModelPassport>;
  const auto line = [this, passed, all](const Passport& passport) {
    if (!passport->decodeError.empty()) return all();
    passed(plan::lineageOf(*passport, find_));
  };
  config_.caches->passports.addHandler(
      {line,
       [line, changed](const Passport& before, const Passport& after) {
         if (sameLineage(*before, *after)) return changed(after->meta.key);
         line(before);
         line(after);
       },
       line});
}

kube::Outcome PassportController::reconcile(const api::Key& key, std::stop_token stop) {
  const auto passport = config_.caches->passports.store().get(key);
  if (!passport) return kube::Done{};
  const auto now = config_.now();
  auto deployments = config_.caches->deployments.store().snapshot();
  auto decision = plan::decide({*passport, deployments, find_, now});
  if (passport->meta.deleted && decision.finalizers.size() < passport->meta.finalizers.size()) {
    // What is let go does not come back, and the cache may be behind.
    auto listed = listDeployments(stop);
    if (!listed) return kube::outcomeOf(listed.error());
    deployments = *std::move(listed);
    decision = plan::decide({*passport, deployments, find_, now});
  }
  if (decision.finalizers != passport->meta.finalizers) {
    return writeFinalizers(*passport, decision.finalizers, stop);
  }
  if (decision.status != passport->status) return writeStatus(*passport, decision.status, stop);
  if (!decision.wakeAt) return kube::Done{};
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*decision.wakeAt - now);
  return kube::RequeueAfter{std::min(wait, longestWait)};
}

kube::ApiResult<PassportController::Deployments> PassportController::listDeployments(
    std::stop_token stop) {
  Deployments all;
  kube::ListOptions page;
  const auto visit = [&](simdjson::dom::element list) -> Result<void> {
    simdjson::dom::array items;
    if (list["items"].get(items)) return fail("a list of ModelDeployments has no items");
    for (const auto item : items) {
      auto decoded = api::decodeModelDeployment(item);
      if (!decoded) return tl::unexpected(decoded.error());
      all.push_back(std::make_shared<const api::ModelDeployment>(*std::move(decoded)));
    }
    std::string_view next;
    const bool last = list["metadata"]["continue"].get(next) != simdjson::SUCCESS;
    page.continueToken = last ? "" : std::string(next);
    return {};
  };
  do {
    const auto read = kube::readJson(
        *config_.transport, kube::list(resources::modelDeployments, "", page), stop, visit);
    if (!read) return tl::unexpected(read.error());
  } while (!page.continueToken.empty());
  return all;
}

kube::Outcome PassportController::writeFinalizers(const api::ModelPassport& passport,
                                                  const std::vector<std::string>& finalizers,
                                                  std::stop_token stop) {
  // The whole list: the precondition keeps what others added meanwhile.
  const json body = {{"metadata",
                      {{"uid", passport.meta.uid},
                       {"resourceVersion", passport.meta.resourceVersion},
                       {"finalizers", finalizers}}}};
  const auto written = kube::write(
      *config_.transport,
      kube::mergePatch(resources::modelPassports, passport.meta.key, body.dump()), stop);
  if (written) {
    const bool held = finalizers.size() > passport.meta.finalizers.size();
    log::info(held ? "passport held" : "passport let go", {{"passport", passport.meta.key.name}});
  }
  return outcomeOf(written);
}

kube::Outcome PassportController::writeStatus(const api::ModelPassport& passport,
                                              const api::ModelPassportStatus& status,
                                              std::stop_token stop) {
  const json body = {{"metadata", {{"resourceVersion", passport.meta.resourceVersion}}},
                     {"status", api::toJson(status)}};
  return outcomeOf(kube::write(
      *config_.transport,
      kube::statusPatch(resources::modelPassports, passport.meta.key, body.dump()), stop));
}

}  // namespace bailiwick::reconcile
