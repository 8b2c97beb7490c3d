#pragma once
// The evidence of exit orders as it is stored: chunks in ConfigMaps of the operator's namespace, and
// the key that signs it in a Secret beside them (protocols 8, docs/adr/0011).

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "evidence/countersignature.hpp"
#include "kube/client.hpp"

namespace bailiwick::reconcile {

// One order's chain as it was last seen in the cluster.
struct EvidenceChain {
  std::string base;  // name of the first chunk
  int chunk = 0;     // number of the last one; 0: there is none yet
  bool chunkFull = false;
  std::string chunkText;     // its lines
  std::string chunkVersion;  // its resourceVersion
  evidence::Tail tail;
  std::vector<std::string> digests;  // of its lines
  std::string root;                  // over them
};

class EvidenceStore {
 public:
  // The transport is fenced: it writes only while leading.
  EvidenceStore(kube::Transport& transport, std::string ns);

  // Reads and verifies the chain of an order of this name and uid; empty where there is none yet.
  // `known` is what was published of it: a chain that was changed, cut or taken away isRefused, and
  // nothing may be added to it. `each` is shown every record.
  kube::ApiResult<EvidenceChain> load(const std::string& order, const std::string& uid,
                                      const evidence::Known& known,
                                      const std::function<void(const evidence::Record&)>& each,
                                      std::stop_token stop);

  // Adds to the chain exactly as it was loaded: fails with Conflict where somebody else was quicker.
  // Many entries are several writes. After any failure it is not known how many of them are stored:
  // load it again.
  kube::ApiResult<void> append(EvidenceChain& chain, const std::string& order,
                               const std::string& uid,
                               const std::vector<evidence::Entry>& entries, std::stop_token stop);

  // Signs what was seen of a peer's chain by the key that signs our own.
  kube::ApiResult<void> countersign(evidence::Countersignature& one, std::stop_token stop);

 private:
  struct Keys;
  struct Chunk;
  kube::ApiResult<Keys> keys(std::stop_token stop);
  kube::ApiResult<void> makeKey(std::stop_token stop);
  kube::ApiResult<std::optional<Chunk>> chunk(const std::string& name, std::stop_token stop);
  // `sealed` has room in one chunk.
  kube::ApiResult<void> put(EvidenceChain& chain, const std::string& order, const std::string& uid,
                            const evidence::Sealed& sealed, std::stop_token stop);

  kube::Transport& transport_;
  const std::string ns_;
};

// What is stored was read, and is not what was written: no error of the way there, which may pass.
bool isRefused(const kube::ApiError& error);

inline constexpr char evidenceKeyName[] = "bailiwick-evidence-key";

}  // namespace bailiwick::reconcile
