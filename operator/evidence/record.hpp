#pragma once
// One record of evidence: a line of canonical JSON that names its number, its predecessor's SHA-256
// and the key that signed it (docs/adr/0011).
//
//   at         RFC 3339, in UTC
//   body       what it tells, by its type
//   key        fingerprint of the key that signed it
//   number     1, 2, 3 …
//   previous   "sha256:…" of the whole line before, with its signature; 64 zeros in the first one
//   signature  Ed25519 over the canonical record without this field
//   type       Opened and Closed are the first and the last; KeyRotated changes the key
//
// Opened and KeyRotated carry the public key in body.publicKey. KeyRotated carries in
// body.endorsement what the key before says to it, where that key was still at hand.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/result.hpp"
#include "api/time.hpp"
#include "evidence/key.hpp"

namespace bailiwick::evidence {

inline constexpr char openedType[] = "Opened";
inline constexpr char closedType[] = "Closed";
inline constexpr char keyRotatedType[] = "KeyRotated";

// A record larger than this is not written, and not read.
inline constexpr std::size_t maxLine = 64 * 1024;

struct Entry {
  std::string type;
  api::Time at;
  nlohmann::json body = nlohmann::json::object();
};

// The end of a chain: all that is needed to go on.
struct Tail {
  std::uint64_t records = 0;
  std::string head;         // "sha256:…" of the last line; empty before the first
  std::string fingerprint;  // of the key that signs
  bool closed = false;
  friend bool operator==(const Tail&, const Tail&) = default;
};

struct Sealed {
  std::string lines;  // each with its line feed
  Tail tail;
};

// Appends entries to a chain. The first entry of a new chain is of type Opened and gets the key; where
// the tail was signed by another key, a KeyRotated record comes first, endorsed by `previousKey` if
// that is the one. A Closed entry gets the count of records. Nothing follows a closed chain.
Result<Sealed> append(const Tail& tail, const std::vector<Entry>& entries, const SigningKey& key,
                      const SigningKey* previousKey = nullptr);

// A record as read. Fails with what is wrong in the line; nothing of the chain or of the signature
// is checked.
struct Record {
  std::uint64_t number = 0;
  std::string type, previous, key, signature;
  api::Time at;
  nlohmann::json body;
  std::string unsignedText;  // what the signature is of
};
Result<Record> parseRecord(std::string_view line);

std::string digestOf(std::string_view line);
// What the key before a rotation signs of the new one.
std::string endorsementText(const PublicKey& before, const PublicKey& after, std::uint64_t number);

}  // namespace bailiwick::evidence
