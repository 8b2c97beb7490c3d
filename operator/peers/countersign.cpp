#include "peers/countersign.hpp"

#include <algorithm>

namespace bailiwick::peers {
namespace {

using api::EvidenceHead;

constexpr std::size_t maxHeads = 256, maxName = 253, headSize = 71;

bool sound(const EvidenceHead& head) {
  return !head.order.empty() && head.order.size() <= maxName && head.records > 0 &&
         head.head.size() == headSize && head.head.starts_with("sha256:") &&
         head.head.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
}

template <class Heads>
auto find(Heads& heads, const std::string& order) {
  return std::find_if(heads.begin(), heads.end(),
                      [&](const EvidenceHead& head) { return head.order == order; });
}

// A chain only grows. Without its records nobody here can tell that a longer one goes on from what was
// seen; `verify` can, from the head that stands here.
bool goesOn(const EvidenceHead& known, const EvidenceHead& shown) {
  return shown.records > known.records ||
         (shown.records == known.records && shown.head == known.head);
}

}  // namespace

Recorded record(const std::vector<EvidenceHead>& known, const std::vector<EvidenceHead>& shown,
                const std::string& self) {
  Recorded out{known, {}};
  for (const auto& head : shown) {
    if (!sound(head)) continue;
    const auto before = find(out.heads, head.order);
    if (before == out.heads.end()) {
      if (out.heads.size() < maxHeads) out.heads.push_back({head.order, head.head, head.records, {self}});
    } else if (goesOn(*before, head)) {
      *before = {head.order, head.head, head.records, {self}};
    } else {
      out.rewritten.push_back(head.order);
    }
  }
  return out;
}

std::vector<EvidenceHead> withWitnesses(std::vector<EvidenceHead> own,
                                        const std::vector<Witness>& witnesses) {
  for (auto& head : own) {
    std::vector<std::string> names;
    for (const auto& witness : witnesses) {
      if (!witness.region) continue;
      const auto& theirs = witness.region->status.evidenceHeads;
      const auto seen = find(theirs, head.order);
      if (seen != theirs.end() && seen->head == head.head && seen->records == head.records) {
        names.push_back(witness.peer);
      }
    }
    std::sort(names.begin(), names.end());
    if (names.size() > 128) names.resize(128);
    // Who has witnessed this head once stays its witness while he cannot be read.
    for (const auto& before : head.countersigned) {
      if (names.size() < 128 && std::find(names.begin(), names.end(), before) == names.end()) {
        names.push_back(before);
      }
    }
    std::sort(names.begin(), names.end());
    head.countersigned = std::move(names);
  }
  return own;
}

}  // namespace bailiwick::peers
