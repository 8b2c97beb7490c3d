#include "evidence/growth.hpp"

#include <bit>

#include "api/hash.hpp"

namespace bailiwick::evidence {
namespace {

using Digests = std::span<const std::string>;

// Leaves and nodes begin differently, so that neither passes for the other.
std::string leafOf(const std::string& digest) { return api::sha256Hex("0" + digest); }
std::string nodeOf(const std::string& left, const std::string& right) {
  return api::sha256Hex("1" + left + right);
}

// The left part of a tree of so many leaves, at least two.
std::size_t leftOf(std::size_t leaves) { return std::bit_floor(leaves - 1); }

void prove(Digests digests, std::size_t from, bool known, std::vector<std::string>& proof) {
  if (from == digests.size()) {
    if (!known) proof.push_back(rootOf(digests));
    return;
  }
  const auto left = leftOf(digests.size());
  if (from <= left) {
    prove(digests.first(left), from, known, proof);
    proof.push_back(rootOf(digests.subspan(left)));
  } else {
    prove(digests.subspan(left), from - left, false, proof);
    proof.push_back(rootOf(digests.first(left)));
  }
}

}  // namespace

std::string rootOf(Digests digests) {
  if (digests.empty()) return api::sha256Hex("");
  if (digests.size() == 1) return leafOf(digests.front());
  const auto left = leftOf(digests.size());
  return nodeOf(rootOf(digests.first(left)), rootOf(digests.subspan(left)));
}

std::vector<std::string> growthProof(Digests digests, std::size_t from) {
  std::vector<std::string> proof;
  if (from > 0 && from < digests.size()) prove(digests, from, true, proof);
  return proof;
}

bool grewFrom(std::size_t from, const std::string& fromRoot, std::size_t to,
              const std::string& toRoot, const std::vector<std::string>& proof) {
  if (from == 0 || from > to || proof.size() > maxProof) return false;
  if (from == to) return proof.empty() && fromRoot == toRoot;
  auto hash = proof.begin();
  const bool whole = std::has_single_bit(from);  // then its root is a node of the longer tree
  if (!whole && hash == proof.end()) return false;
  auto first = from - 1, second = to - 1;
  while ((first & 1) != 0) {
    first >>= 1;
    second >>= 1;
  }
  std::string before = whole ? fromRoot : *hash++;
  std::string after = before;
  for (; hash != proof.end(); ++hash) {
    if (second == 0) return false;
    if ((first & 1) != 0 || first == second) {
      before = nodeOf(*hash, before);
      after = nodeOf(*hash, after);
      while ((first & 1) == 0 && first != 0) {
        first >>= 1;
        second >>= 1;
      }
    } else {
      after = nodeOf(after, *hash);
    }
    first >>= 1;
    second >>= 1;
  }
  return second == 0 && before == fromRoot && after == toRoot;
}

}  // namespace bailiwick::evidence
