#pragma once
// ExitOrder (bailiwick.dev/v1alpha1): leave X by T, or a drill of it.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/deployment_selector.hpp"
#include "api/meta.hpp"

namespace bailiwick::api {

// They add up. Countries and blocs as written.
struct ExitTarget {
  std::vector<std::string> origins, publishers, passports, licences;
  std::vector<std::string> vendors, products, engines;
  std::vector<std::string> providers, regions, jurisdictions;
  std::vector<std::string> policies;  // what violates these
  friend bool operator==(const ExitTarget&, const ExitTarget&) = default;
};

enum class OnDeadline { Hold, Stop };
enum class ExitMode { MakeBeforeBreak, Immediate };
enum class ExitPhase {
  Announced,
  NoNewPlacement,
  Shifting,
  Draining,
  Purging,
  Verified,
  Blocked,
  Held,
};

inline constexpr std::array<std::string_view, 8> exitPhaseNames = {
    "Announced", "NoNewPlacement", "Shifting", "Draining",
    "Purging",   "Verified",       "Blocked",  "Held"};
inline std::string_view nameOf(ExitPhase phase) {
  return exitPhaseNames[static_cast<std::size_t>(phase)];
}

struct ExitOrderSpec {
  ExitTarget target;
  DeploymentSelector selector;
  std::string reason;
  Time deadline{};
  OnDeadline onDeadline = OnDeadline::Hold;
  ExitMode mode = ExitMode::MakeBeforeBreak;
  bool purgeWeights = true, purgeCredentials = true;
  bool drill = false;
  bool paused = false;
  friend bool operator==(const ExitOrderSpec&, const ExitOrderSpec&) = default;
};

struct PhaseEntry {
  ExitPhase phase = ExitPhase::Announced;
  Time at{};
  friend bool operator==(const PhaseEntry&, const PhaseEntry&) = default;
};

struct DrainCount {
  int inFlightAtDrain = 0, completed = 0, cut = 0;
  friend bool operator==(const DrainCount&, const DrainCount&) = default;
};

struct Replacement {
  std::string region, variant;
  int replicas = 0;
  friend bool operator==(const Replacement&, const Replacement&) = default;
};

// One share of what is targeted.
struct AffectedRow {
  std::string ns, name, region, variant;
  int replicas = 0;
  std::optional<Replacement> replacement;
  ExitPhase phase = ExitPhase::Announced;
  std::optional<DrainCount> drained;  // absent: nothing drained yet, or unknown
  std::string reason, message;
  friend bool operator==(const AffectedRow&, const AffectedRow&) = default;
};

struct ExitTotals {
  int affected = 0, shifted = 0, blocked = 0, unknown = 0, residual = 0;
  friend bool operator==(const ExitTotals&, const ExitTotals&) = default;
};

struct ExitRegion {
  std::string name;
  std::string state;  // Ordered | NotOrdered | unknown | Verified
  friend bool operator==(const ExitRegion&, const ExitRegion&) = default;
};

struct EvidenceRef {
  std::string configMap, head;
  int records = 0;
  friend bool operator==(const EvidenceRef&, const EvidenceRef&) = default;
};

struct ExitOrderStatus {
  std::int64_t observedGeneration = 0;
  std::optional<ExitPhase> phase;
  std::vector<PhaseEntry> phases;
  std::vector<AffectedRow> affected;  // the first 500
  ExitTotals totals;
  std::vector<ExitRegion> regions;
  std::optional<EvidenceRef> evidence;
  std::vector<Condition> conditions;
  friend bool operator==(const ExitOrderStatus&, const ExitOrderStatus&) = default;
};

struct ExitOrder {
  ObjectMeta meta;
  ExitOrderSpec spec;
  // Set when the spec could not be read; the spec is empty then.
  std::string decodeError;
  ExitOrderStatus status;
  friend bool operator==(const ExitOrder&, const ExitOrder&) = default;
};

}  // namespace bailiwick::api
