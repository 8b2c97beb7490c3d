#pragma once
// OpenSSF Model Signing v1.0: a Sigstore bundle (v0.3, JSON) whose DSSE envelope signs an in-toto
// statement with the digest of every file. Checked with the publisher's own public key; nothing is
// asked of the network. Pure.

#include <map>
#include <string>
#include <string_view>

#include "api/result.hpp"
#include "weights/manifest.hpp"

namespace bailiwick::sidecar {

inline constexpr char signatureName[] = "model.sig";  // where none is named

// What the publisher signed: files by their names below the root.
using SignedFiles = std::map<std::string, Sha256, std::less<>>;

// An error reads on after the signature's name: "is no Sigstore bundle".
// `publicKey`: PEM, an elliptic curve key on P-256, P-384 or P-521, as the format allows.
Result<SignedFiles> verifySignature(std::string_view bundle, std::string_view publicKey);

// Whether signers leave this file out: the format's tools do with what belongs to git.
bool isLeftUnsigned(std::string_view name);

}  // namespace bailiwick::sidecar
