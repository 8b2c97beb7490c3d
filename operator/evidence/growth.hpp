#pragma once
// That a chain which was seen with so many records is the beginning of a longer one, shown in a few
// hashes: the tree and the proofs of RFC 9162 (2.1), over hexadecimal text instead of bytes.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace bailiwick::evidence {

// A proof has at most this many hashes, whatever the lengths of two chains.
inline constexpr std::size_t maxProof = 64;

// Over the digests of a chain's lines ("sha256:…"): 64 hexadecimal digits that stand for all of them.
std::string rootOf(std::span<const std::string> digests);

// For who has seen the first `from` records, 0 < from <= digests.size(). Empty where they are all.
std::vector<std::string> growthProof(std::span<const std::string> digests, std::size_t from);

// Whether the chain of `to` records and root `toRoot` begins with that of `from` and `fromRoot`.
bool grewFrom(std::size_t from, const std::string& fromRoot, std::size_t to,
              const std::string& toRoot, const std::vector<std::string>& proof);

}  // namespace bailiwick::evidence
