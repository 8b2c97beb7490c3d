#pragma once
// Fixed names: labels, annotations and object names that others depend on (api.md).

namespace bailiwick::api::names {

inline constexpr char group[] = "bailiwick.dev";
inline constexpr char version[] = "v1alpha1";
inline constexpr char apiVersion[] = "bailiwick.dev/v1alpha1";

inline constexpr char deploymentLabel[] = "bailiwick.dev/deployment";
inline constexpr char variantLabel[] = "bailiwick.dev/variant";
inline constexpr char regionLabel[] = "bailiwick.dev/region";
inline constexpr char roleLabel[] = "bailiwick.dev/role";
// On copies of a peer's object: the region that it comes from.
inline constexpr char originRegionLabel[] = "bailiwick.dev/origin-region";
inline constexpr char originUidLabel[] = "bailiwick.dev/origin-uid";
inline constexpr char originSpecHashLabel[] = "bailiwick.dev/origin-spec-hash";
// On copies, as an annotation: the uid of the cluster that the original is in.
inline constexpr char originCluster[] = "bailiwick.dev/origin-cluster";
// On copies, as an annotation: why the original counts as lost. The copy stays as it is.
inline constexpr char originLost[] = "bailiwick.dev/origin-lost";
// On originals, while there are peers: their deletion is told before they go.
inline constexpr char originFinalizer[] = "bailiwick.dev/origin";
// On namespaces: "denied" keeps copies out.
inline constexpr char importLabel[] = "bailiwick.dev/import";
inline constexpr char managedByLabel[] = "app.kubernetes.io/managed-by";
inline constexpr char managedBy[] = "bailiwick";
inline constexpr char fieldManager[] = "bailiwick-operator";

inline constexpr char residencyPrefix[] = "data-residency.bailiwick.dev/";
inline constexpr char jurisdictionLabel[] = "bailiwick.dev/jurisdiction";
inline constexpr char topologyRegionLabel[] = "topology.kubernetes.io/region";
inline constexpr char topologyZoneLabel[] = "topology.kubernetes.io/zone";
inline constexpr char legacyRegionLabel[] = "failure-domain.beta.kubernetes.io/region";

inline constexpr char deletionCost[] = "controller.kubernetes.io/pod-deletion-cost";
// On a replica that runs where it may not: since when (RFC 3339). exit.drainTimeout counts from it.
inline constexpr char unlawfulSince[] = "bailiwick.dev/unlawful-since";
// On a workload: the capacity units of one of its replicas. A variant that left the spec has no other
// place for it.
inline constexpr char capacity[] = "bailiwick.dev/capacity";
// On engine pods: the uid of their ModelDeployment. A new one of the same name does not take the
// pods of the old one for its own.
inline constexpr char ownerUid[] = "bailiwick.dev/owner-uid";
// On engine pods: what they run (api/running.hpp). A spec that has changed no longer says it, and what
// still runs of the old one is judged by this.
inline constexpr char runs[] = "bailiwick.dev/runs";
inline constexpr char drainReportFinalizer[] = "bailiwick.dev/drain-report";
inline constexpr char inUseFinalizer[] = "bailiwick.dev/in-use";

}  // namespace bailiwick::api::names
