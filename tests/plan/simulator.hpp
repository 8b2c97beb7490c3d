#pragma once
// A model of a cluster that behaves as Kubernetes does where it matters to the planner: a scheduler
// that obeys affinity, taints and devices, ReplicaSets with their own ranking of whom to delete,
// rolling updates with one extra pod, LeaderWorkerSets, kubelets, dying nodes. Deterministic: all chance comes from
// one seed. Every step of the operator is checked against the invariants before it is carried out.

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "plan/fixture.hpp"

namespace bailiwick::testing {

class Simulator {
 public:
  explicit Simulator(unsigned seed) : random_(seed) {}

  Cluster cluster;
  // Engine images that never become Ready.
  std::set<std::string> brokenImages;
  // Variants whose workload the API server refuses to make or change.
  std::set<std::string> refusedVariants;
  // The API server refuses every change of a pod's annotations.
  bool marksRefused = false;
  // Pods that the namespace's quota allows; negative: any number.
  int quota = -1;
  std::vector<std::string> violations;

  // One minute: every controller once, in any order; the operator sometimes not at all.
  void tick();
  // Somebody changed something from outside: it is to come to rest again.
  void disturb() { quietTicks_ = 0; }
  // No controller has anything to do: what the operator last asked for is what is there.
  bool quiet() const { return quietTicks_ >= 12; }
  // Ready capacity units of a deployment.
  api::Units ready(const api::ModelDeployment& deployment) const;
  // Everything that an outside observer can see, for comparison.
  std::string picture() const;

 private:
  struct Template {
    plan::Requirement requirement;
    std::string hash, image;
  };
  using WorkloadKey = std::pair<api::Key, std::string>;

  void operate();
  void mark(const plan::Step& step);
  void remember(const plan::DeploymentPlan& plan);
  void carryOut(const plan::DeploymentPlan& plan, const plan::Step& step);
  void renderTemplate(const WorkloadKey& key, const plan::VariantPlan& planned);
  void check(const plan::DeploymentPlan& plan, const plan::Step& step);
  void checkLaw();
  bool applied(const plan::DeploymentPlan& plan, const std::string& variant, int replicas);
  void checkRemovals(const plan::DeploymentPlan& plan, const std::string& variant, int replicas,
                     api::Units& ready, int& gap);
  void checkGroups(const plan::DeploymentPlan& plan, const plan::Step& step,
                   const std::string& variant, api::Units& ready, int& gap);
  void checkGoing(const plan::DeploymentPlan& plan, const std::string& variant,
                  const api::Pod& pod, api::Units& ready, int& gap);
  void runReplicaSets();
  void roll(const WorkloadKey& key, api::Workload& workload);
  void observe(const WorkloadKey& key, api::Workload& workload);
  api::Pod& create(const WorkloadKey& key);
  void runGroups(const WorkloadKey& key, api::Workload& workload);
  using Groups = std::map<int, std::vector<api::Pod*>>;  // by index
  Groups groupsOf(const WorkloadKey& key, bool alive);
  bool whole(const std::vector<api::Pod*>& group, const api::Variant& variant);
  void terminate(api::Pod& pod);
  void schedule();
  bool fits(const api::Node& node, const api::Pod& pod, const Template& t) const;
  void runKubelets();
  void loseNodes();
  std::vector<api::Pod*> podsOf(const WorkloadKey& key, bool alive = true);
  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  void violate(const std::string& what);
  api::Node* nodeOf(const api::Pod& pod);
  static api::Key ownerOf(const api::Pod& pod);
  static bool lawful(const api::Node& node);
  // Which of two pods a ReplicaSet deletes first.
  static bool ranksBefore(const api::Pod* a, const api::Pod* b);

  std::mt19937 random_;
  std::map<WorkloadKey, Template> templates_;
  std::map<std::string, Template> podTemplates_;  // by pod uid
  std::map<std::string, api::Time> unlawfulSince_;  // by pod uid: as the law is, whoever knows it
  int serial_ = 0, quietTicks_ = 0;
  bool changed_ = false;
};

}  // namespace bailiwick::testing
