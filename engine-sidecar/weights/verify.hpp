#pragma once
// Whether a folder holds exactly the weights that a passport names (protocols 3).

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "weights/manifest.hpp"

namespace bailiwick::sidecar {

struct VerifyRequest {
  std::string folder;
  Sha256 manifestDigest{};  // of the bytes of MANIFEST.sha256
  // An OpenSSF Model Signing bundle, which is then demanded: a file below the folder or anywhere.
  // Without a public key no signature is looked at.
  std::string signatureFile;
  std::string publicKey;  // PEM
  unsigned threads = 1;
};

struct VerifyProgress {
  std::uint64_t bytes = 0, bytesOfAll = 0;
  std::size_t files = 0, filesOfAll = 0;  // done, and listed
};

struct VerifyOutcome {
  std::vector<std::string> problems;  // empty: the weights are those of the passport
  std::uint64_t bytes = 0;            // read
  std::size_t files = 0;
};

// Reads every file once. `progress` is called every two seconds, from this thread.
VerifyOutcome verifyWeights(const VerifyRequest& request,
                            const std::function<void(const VerifyProgress&)>& progress);

}  // namespace bailiwick::sidecar
