#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "render/pod.hpp"
#include "render/world.hpp"

namespace bailiwick::render {
namespace {

using plan::Operator;

const World& world() {
  static const World one;
  return one;
}

rc::Gen<plan::Expression> anyExpression() {
  return rc::gen::apply(
      [](Operator op, const std::string& key, std::vector<std::string> values, int bound) {
        if (op == Operator::Exists || op == Operator::DoesNotExist) values.clear();
        if (op == Operator::Gt) values = {std::to_string(bound)};
        return plan::Expression{key, op, std::move(values)};
      },
      rc::gen::element(Operator::In, Operator::NotIn, Operator::Exists, Operator::DoesNotExist,
                       Operator::Gt),
      rc::gen::element<std::string>("a", "b", "c"),
      rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
          rc::gen::element<std::string>("1", "2", "x"))),
      rc::gen::inRange(0, 3));
}

// Of a size that vendors' labels make: the terms of two selectors are multiplied.
rc::Gen<plan::NodeSelector> anySelector() {
  const auto term = rc::gen::map(
      rc::gen::nonEmpty(rc::gen::container<std::vector<plan::Expression>>(anyExpression())),
      [](std::vector<plan::Expression> all) { return plan::Term{std::move(all)}; });
  return rc::gen::resize(
      8, rc::gen::map(rc::gen::container<std::vector<plan::Term>>(term),
                      [](std::vector<plan::Term> any) { return plan::NodeSelector{std::move(any)}; }));
}

// Kubernetes' own words, read back independently of the renderer.
plan::NodeSelector readBack(const json& rendered) {
  const std::map<std::string, Operator> operators = {{"In", Operator::In},
                                                     {"NotIn", Operator::NotIn},
                                                     {"Exists", Operator::Exists},
                                                     {"DoesNotExist", Operator::DoesNotExist},
                                                     {"Gt", Operator::Gt}};
  plan::NodeSelector result;
  for (const json& term : rendered.at("nodeSelectorTerms")) {
    plan::Term read;
    for (const json& e : term.at("matchExpressions"))
      read.all.push_back({e.at("key"), operators.at(e.at("operator")),
                          e.value("values", std::vector<std::string>{})});
    result.any.push_back(std::move(read));
  }
  return result;
}

RC_GTEST_PROP(Affinity, HasExactlyTheSelectorsTerms, ()) {
  const auto selector = *anySelector();
  const auto read = readBack(nodeSelector(selector));
  if (!selector.any.empty()) RC_ASSERT(read == selector);
  api::Labels labels;
  for (const char* key : {"a", "b", "c"})
    if (*rc::gen::arbitrary<bool>()) labels.set(key, *rc::gen::element<std::string>("1", "2", "x"));
  RC_ASSERT(plan::matches(read, labels) == plan::matches(selector, labels));
}

RC_GTEST_PROP(Affinity, OfAPodIsLawAndHardwareTogether, ()) {
  const auto deployment = assistant().variant(h200()).obj();
  VariantShare share = world().share(deployment);
  share.requirement.law = *anySelector();
  share.requirement.hardware = *anySelector();
  const auto pod = podTemplate(deployment, share, Member::Single, world().environment);
  const auto read = readBack(
      pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]);
  api::Labels labels;
  for (const char* key : {"a", "b", "c"})
    if (*rc::gen::arbitrary<bool>()) labels.set(key, *rc::gen::element<std::string>("1", "2", "x"));
  RC_ASSERT(plan::matches(read, labels) == (plan::matches(share.requirement.law, labels) &&
                                            plan::matches(share.requirement.hardware, labels)));
}

std::string bytes(const World& in, const api::ModelDeployment& deployment) {
  std::string all;
  for (const Object& object : in.sharedOf(deployment)) all += object.body.dump();
  for (std::size_t i = 0; i < deployment.spec.variants.size(); ++i)
    for (const Object& object : in.variantOf(deployment, i)) all += object.body.dump();
  return all;
}

api::ModelDeployment anyDeployment() {
  const auto vendor = rc::gen::element<std::string>("nvidia", "amd", "ascend", "cpu", "kunlunxin");
  auto builder = assistant();
  const int variants = *rc::gen::inRange(1, 4);
  for (int i = 0; i < variants; ++i) {
    const auto artifact = *rc::gen::element<std::string>("fp8", "image", "claim", "hub");
    builder.variant(makeVariant("v" + std::to_string(i))
                        .on(*vendor, {}, *rc::gen::inRange(1, 9))
                        .nodes(*rc::gen::inRange(1, 3))
                        .passport("deepseek-v3-2", artifact)
                        .args(*rc::gen::container<std::vector<std::string>>(
                            rc::gen::element<std::string>("--x", "{port}", "$(A)", "")))
                        .env("A", *rc::gen::element<std::string>("1", "{model}")));
  }
  auto deployment = builder.obj();
  deployment.spec.rollout.maxUnavailable = *rc::gen::inRange(0, 3);
  deployment.spec.exit.drainTimeout = api::Duration{*rc::gen::inRange(1, 5000000)};
  return deployment;
}

RC_GTEST_PROP(Render, GivesTheSameBytesForTheSameInput, ()) {
  const auto deployment = anyDeployment();
  const World other;
  RC_ASSERT(bytes(world(), deployment) == bytes(other, deployment));
}

RC_GTEST_PROP(Render, NamesEveryVolumeThatItMountsOnceAndMountsEveryVolume, ()) {
  const auto deployment = anyDeployment();
  const json workload = world().workloadOf(deployment);
  const json spec = workload.contains(json::json_pointer("/spec/template"))
                        ? workload["spec"]["template"]["spec"]
                        : workload["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"];
  std::set<std::string> volumes, mounted;
  for (const json& volume : spec.at("volumes"))
    RC_ASSERT(volumes.insert(volume.at("name").get<std::string>()).second);
  for (const char* list : {"initContainers", "containers"})
    for (const json& container : spec.value(list, json::array())) {
      std::set<std::string> paths;
      for (const json& mount : container.at("volumeMounts")) {
        mounted.insert(mount.at("name").get<std::string>());
        RC_ASSERT(paths.insert(mount.at("mountPath").get<std::string>()).second);
      }
    }
  RC_ASSERT(volumes == mounted);
}

}  // namespace
}  // namespace bailiwick::render
