#pragma once
// Whether a chain of evidence is what was once written, record by record. Reads anything without
// harm: sizes and depths are bounded, and the answer is always a verdict.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/record.hpp"

namespace bailiwick::evidence {

inline constexpr std::size_t maxFile = 256U << 20;
inline constexpr std::size_t maxFindings = 100;

struct Finding {
  std::uint64_t record = 0;  // its position, counted from 1; 0: the chain as a whole
  std::string problem;
  // "record 7: …"
  std::string str() const;
  friend bool operator==(const Finding&, const Finding&) = default;
};

// What is known from elsewhere. Without a fingerprint whoever writes a chain anew goes unnoticed.
struct Known {
  std::vector<std::string> fingerprints;  // "sha256:…" of keys that may sign
  // A head that was published: the chain had so many records and then this one was the last.
  std::string head;
  std::uint64_t records = 0;
};

struct Verdict {
  std::vector<Finding> findings;  // empty: nothing is wrong; at most maxFindings
  // Every record was signed by a key that the caller named, or one that such a key handed over to.
  // Otherwise a good chain shows integrity only.
  bool authoritative = false;
  std::uint64_t records = 0;
  std::string head;
  std::vector<std::string> digests;  // of each line, readable or not
  // A chain that is not closed is still being written, or its tail was cut.
  bool closed = false;
  std::vector<std::string> keys;  // fingerprints, in order of use

  bool good() const { return findings.empty(); }
};

// JSON Lines. `each`, where given, is shown every record that could be read.
Verdict verify(std::string_view jsonLines, const Known& known = {},
               const std::function<void(const Record&)>& each = {});

}  // namespace bailiwick::evidence
