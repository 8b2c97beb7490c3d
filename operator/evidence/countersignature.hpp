#pragma once
// What a region signs of another's chain: that it has seen it with these records, each of which is in
// every chain that it will sign from then on (docs/adr/0014).

#include <string>
#include <string_view>
#include <vector>

#include "evidence/verify.hpp"

namespace bailiwick::evidence {

struct Countersignature {
  std::string region, order;  // whose chain
  std::uint64_t records = 0;
  std::string head, root;  // see growth.hpp
  std::string witness;     // the region that signs
  std::string key;         // its public key, 64 hexadecimal digits
  std::string signature;   // over statementOf(this)
  friend bool operator==(const Countersignature&, const Countersignature&) = default;
};

// Canonical JSON of all but key and signature.
std::string statementOf(const Countersignature& one);

// Whether its key signed it.
bool isSigned(const Countersignature& one);

// One a line, each canonical JSON of all fields.
std::string toLines(const std::vector<Countersignature>& all);
Result<std::vector<Countersignature>> fromLines(std::string_view lines);

struct Comparison {
  std::vector<std::string> problems;
  std::vector<std::string> agreed;  // "zrh, key sha256:…" of each whose signature holds for the chain
};

// A chain that was verified, and those who have countersigned it. Each of `witnesses`, fingerprints of
// keys, must be one of them; where there are any, others do not count.
Comparison compare(const Verdict& chain, const std::vector<Countersignature>& all,
                   const std::vector<std::string>& witnesses);

}  // namespace bailiwick::evidence
