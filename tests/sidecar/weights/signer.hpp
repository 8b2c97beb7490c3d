#pragma once
// Signs statements as OpenSSF Model Signing does, for tests.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "weights/manifest.hpp"

namespace bailiwick::sidecar::testing {

std::string encodeBase64(const std::string& bytes);

// A key of its own on `curve`.
class Signer {
 public:
  explicit Signer(const char* curve = "P-256");
  std::string publicKey() const;
  // A bundle over `payload`.
  nlohmann::json sign(const std::string& payload) const;

 private:
  std::shared_ptr<void> key_;
};

// The statement over these files, in this order.
nlohmann::json statementOf(const std::vector<ManifestEntry>& files);

}  // namespace bailiwick::sidecar::testing
