#pragma once
// The few fields we use of Kubernetes' own kinds.

#include <optional>
#include <string>
#include <vector>

#include "api/meta.hpp"

namespace bailiwick::api {

struct Taint {
  std::string key, value, effect;
  friend bool operator==(const Taint&, const Taint&) = default;
};

struct Node {
  ObjectMeta meta;  // only labels whose key the decoder was told to keep
  bool unschedulable = false;
  bool ready = false;
  std::vector<Taint> taints;
  Labels allocatable;  // resource name -> quantity, as written
  friend bool operator==(const Node&, const Node&) = default;
};

// Requests of a pod as the scheduler counts them (init containers, native sidecars, overhead,
// pod-level resources), in thousandths, by resource name.
using Requests = std::vector<std::pair<std::string, std::int64_t>>;

// One of our pods' containers: what it runs and, once it has ended, what it said last.
struct ContainerReport {
  std::string name;
  std::string image, imageId;  // as asked for, and as the node resolved it (by digest)
  bool ended = false;
  std::string lastWords;  // its termination message, at most maxLastWords bytes of it
  friend bool operator==(const ContainerReport&, const ContainerReport&) = default;
};
inline constexpr std::size_t maxLastWords = 4096;  // the kubelet's own bound

struct Pod {
  ObjectMeta meta;       // labels and annotations only where the pod is ours
  std::string node;      // empty: not bound
  bool terminated = false;  // phase Succeeded or Failed: holds no devices
  bool ready = false;
  Requests requests;
  // Why it does not start, in the kubelet's or scheduler's words: the first waiting container's
  // reason and message, else PodScheduled=False's. Only for our pods.
  std::string waitingReason, waitingMessage;
  Time readyChanged{};  // lastTransitionTime of the Ready condition, whichever its status; else created
  std::string templateHash;  // label pod-template-hash
  // It is being deleted and deletionGracePeriodSeconds is 0: nothing of it runs any more, or nobody
  // is left who could tell. Only for our pods, as are the containers.
  bool finalDelete = false;
  std::vector<ContainerReport> containers;
  friend bool operator==(const Pod&, const Pod&) = default;
};

// A Deployment or LeaderWorkerSet of ours.
struct Workload {
  ObjectMeta meta;
  bool groups = false;  // a LeaderWorkerSet
  int replicas = 0;  // spec
  std::int64_t observedGeneration = 0;
  int statusReplicas = 0, updatedReplicas = 0, readyReplicas = 0;
  // A ReplicaFailure condition (quota, pod security, admission), word for word, or empty.
  std::string failureReason, failureMessage;
  Time failureSince{};
  friend bool operator==(const Workload&, const Workload&) = default;
};

struct EndpointSlice {
  ObjectMeta meta;
  int port = 0;  // the first one
  std::vector<std::string> addresses;
  friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

// Any other object: Service, ConfigMap, PodDisruptionBudget, NetworkPolicy, ServiceAccount, Role,
// RoleBinding, RuntimeClass, Namespace.
struct GenericObject {
  ObjectMeta meta;
  friend bool operator==(const GenericObject&, const GenericObject&) = default;
};

}  // namespace bailiwick::api
