#pragma once
// Certificates made at test time.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace bailiwick::kube::test {

struct Identity {
  std::string certificatePem, keyPem;
};

struct CertificateSpec {
  std::string commonName = "test";
  std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1"};
  std::chrono::seconds validFrom{-3600};
  std::chrono::seconds validUntil{3600};
  bool client = false;
};

class TestCa {
 public:
  explicit TestCa(const std::string& name = "test CA");
  ~TestCa();

  const std::string& pem() const { return pem_; }
  Identity issue(const CertificateSpec& spec = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string pem_;
};

}  // namespace bailiwick::kube::test
