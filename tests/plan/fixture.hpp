#pragma once
// A small catalogue and a cluster in memory for tests of the planner. The catalogue is written by
// hand, so that no test depends on shipped data.

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "plan/placement.hpp"
#include "plan/transition.hpp"
#include "support/builders.hpp"

namespace bailiwick::testing {

using namespace std::chrono_literals;

// Vendors nvidia, amd, huawei-ascend, cpu, and horizon, which is no target; engines vllm,
// llama-cpp and sglang; providers aws and its part aws-cn, ionos, tencent, huaweicloud, on-premises; blocs EU and EEA.
const catalog::Catalog& testCatalog();

// 2026-11-22 10:00 UTC.
inline constexpr api::Time testTime{std::chrono::microseconds{1795428000000000}};

// fra: aws eu-central-1, DE, class eu-personal.
api::Region fra();
// A Ready node of fra with eight H200s: label of its region, class eu-personal.
NodeBuilder h200Node(const std::string& name);
// The same with eight MI300X.
NodeBuilder mi300xNode(const std::string& name);
// Eight H200s of passport "open", one unit.
VariantBuilder h200(const std::string& name = "h200");
VariantBuilder mi300x(const std::string& name = "mi300x");
// Namespace team, jurisdictions EU, class eu-personal, no variants.
DeploymentBuilder assistant(const std::string& name = "assistant");

// Owns everything that a World points to. Add objects, then plan().
class Cluster {
 public:
  Cluster();

  api::Region region = fra();
  api::Time now = testTime;
  bool leaderWorkerSets = false;
  policy::Settings settings;
  std::deque<api::Node> nodes;
  std::deque<api::Pod> pods;
  std::deque<api::ModelDeployment> deployments;
  std::deque<api::ModelPassport> passports;
  std::deque<api::ExitOrder> orders;
  // How an order acts, by its name; none: it only keeps out what is new.
  std::map<std::string, plan::ExitInForce> exits;
  std::deque<api::SovereigntyPolicy> policies;
  std::map<api::Key, policy::ExitReadiness> exitReadiness;
  std::map<std::pair<api::Key, std::string>, api::Workload> workloads;
  std::map<std::pair<std::string, std::string>, plan::Withdrawal> withdrawn;
  std::map<std::pair<std::string, std::string>, plan::ApplyRefusal> applyRefusals;
  plan::PodMemory podMemory;

  Cluster& add(const NodeBuilder& node);
  Cluster& add(const api::ModelDeployment& deployment);
  Cluster& add(const DeploymentBuilder& deployment) { return add(deployment.obj()); }
  Cluster& add(const PodBuilder& pod);
  // To leave vendor nvidia in 30 days.
  api::ExitOrder& order(const std::string& name = "exit-nvidia");
  Cluster& add(const PolicyBuilder& policy);
  // A Ready replica on `node` that holds eight devices of the node's resource, an hour old.
  api::Pod& run(const std::string& variant, const std::string& node,
                const std::string& deployment = "assistant");
  // A replica that is not bound yet, a minute old.
  api::Pod& wait(const std::string& variant, const std::string& deployment = "assistant");
  // A group of a LeaderWorkerSet on these nodes, the leader first.
  api::Pod& runGroup(const std::string& variant, int index, const std::vector<std::string>& on);
  // What the workload asks for; observed and up to date.
  api::Workload& workload(const std::string& variant, int replicas,
                          const std::string& deployment = "assistant");
  api::Node& node(const std::string& name);
  api::ModelDeployment& deployment(const std::string& name = "assistant");

  plan::World world() const;
  plan::Plan plan() const { return plan::placeAll(world()); }
  // The plan must outlive the step.
  plan::Step step(const plan::Plan& plan, const std::string& deployment = "assistant") const;

 private:
  int serial_ = 0;
  api::Pod& engine(const std::string& deployment, const std::string& variant);
};

// As the one that its controller is to give up first.
void markFor(api::Pod& pod);

const plan::DeploymentPlan& of(const plan::Plan& plan, const std::string& name = "assistant");
int shareOf(const plan::Plan& plan, const std::string& variant,
            const std::string& deployment = "assistant");
// "Reason: message" of a variant, or empty.
std::string refusalOf(const plan::Plan& plan, const std::string& variant,
                      const std::string& deployment = "assistant");

}  // namespace bailiwick::testing
