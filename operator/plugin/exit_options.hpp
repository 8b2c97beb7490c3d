#pragma once
// What `exit`, `drill` and `verify` are told.

#include <string>
#include <vector>

namespace bailiwick::plugin {

struct OrderOptions {
  std::vector<std::string> targets;  // "vendor=nvidia"
  std::string by;                    // "2026-12-31" or RFC 3339
  std::vector<std::string> inNamespaces, labels;  // only these deployments; "tier=critical"
  std::string name, reason;
  std::string onDeadline = "Hold", mode = "MakeBeforeBreak";
  bool drill = false, dryRun = false, watch = false;
};

struct EvidenceOptions {
  std::string order;      // name of an ExitOrder
  std::string file;       // where `export` writes
  std::string countersignatures;  // and where what peers have signed of it; empty: nowhere
  std::string systemNamespace = "bailiwick-system";  // of the operator: there the evidence is
  bool watch = false;
};

struct VerifyOptions {
  std::string what;               // a file, or "exit/NAME"
  std::vector<std::string> keys;  // files of public keys, or fingerprints
  std::string countersignatures;       // a file; empty: none are compared
  std::vector<std::string> witnesses;  // as `keys`: who must have countersigned it
  bool unfinished = false;        // a chain without its end is fine
  std::string systemNamespace = "bailiwick-system";
};

}  // namespace bailiwick::plugin
