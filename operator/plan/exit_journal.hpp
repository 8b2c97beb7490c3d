#pragma once
// What the evidence of an exit order says so far. It is the order's only memory: after a crash the
// records are read again, and what they say is found, decided or done is not done twice.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "api/exit_order.hpp"
#include "api/workload.hpp"
#include "evidence/record.hpp"
#include "plan/drain.hpp"

namespace bailiwick::plan {

// Types of records, beside Opened, KeyRotated and Closed.
namespace record {
inline constexpr char found[] = "Found";        // a share of what is targeted
inline constexpr char pods[] = "Pods";          // its replicas, with uids, nodes and images
inline constexpr char claims[] = "Claims";      // its cached weights
inline constexpr char decided[] = "Decided";    // what takes over, or what binds
inline constexpr char phase[] = "Phase";
inline constexpr char draining[] = "Draining";  // a replica is on its way out
inline constexpr char drained[] = "Drained";    // what became of its requests
inline constexpr char left[] = "Left";          // nothing of the share runs any more
inline constexpr char purge[] = "Purge";        // about to be deleted
inline constexpr char purged[] = "Purged";      // seen to be gone
inline constexpr char residual[] = "Residual";  // cannot be seen to be gone
inline constexpr char answer[] = "Answer";      // of a drill
inline constexpr char lifted[] = "Lifted";      // the order was deleted before its end
}  // namespace record

struct RowKey {
  std::string ns, name, variant;
  friend auto operator<=>(const RowKey&, const RowKey&) = default;
};

struct JournalPod {
  std::string name, node, image;
  bool draining = false;
  std::optional<Drained> drained;
  friend bool operator==(const JournalPod&, const JournalPod&) = default;
};

struct Decision {
  bool blocked = false;
  std::optional<api::Replacement> replacement;
  std::string reason, message;
  // Whether it says something new: figures in a message come and go.
  bool same(const Decision& other) const;
};

struct JournalRow {
  std::string why;
  int replicas = 0;
  std::map<std::string, JournalPod> pods;       // by uid
  std::map<std::string, std::string> claims;    // by uid: the volume, or empty
  std::set<std::string> secrets;                // names that the deployment referred to
  std::optional<Decision> decision;
  bool left = false;
};

struct Journal {
  bool opened = false, closed = false, lifted = false;
  std::optional<api::ExitPhase> phase;
  std::vector<api::PhaseEntry> phases;
  std::map<RowKey, JournalRow> rows;
  std::set<std::string> purging, purged, residual;  // what(…) of an object
  std::optional<bool> answer;                       // of a drill: whether all could be left

  // Takes in one record, in their order. What this version does not know is passed over.
  void apply(const std::string& type, api::Time at, const nlohmann::json& body);
  bool knows(const std::string& podUid) const;
};

// How an object is named in records: "PersistentVolumeClaim team/x".
std::string what(const std::string& kind, const api::Key& key);

nlohmann::json toBody(const RowKey& key);
nlohmann::json toBody(const RowKey& key, const Decision& decision);
nlohmann::json toBody(const RowKey& key, const api::Pod& pod, const Drained& drained);

}  // namespace bailiwick::plan
