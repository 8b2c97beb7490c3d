#pragma once
// Where an image or the weights come from, in the form in which registries are compared.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/model_passport.hpp"

namespace bailiwick::policy {

// One way to name it: a scheme and whole path segments, the host first. "oci://r.example:443/a/b:1"
// is {"oci", {"r.example", "a", "b"}}.
struct Address {
  std::string scheme;  // lower case; empty for an image's reference
  std::vector<std::string> segments;
  friend bool operator==(const Address&, const Address&) = default;
};

struct Origin {
  std::string written;  // as in the spec, the passport or the catalogue
  // Every way to name it: "hf://org/model" is on huggingface.co as well. Empty where it cannot be
  // understood: then no list allows it and every list denies it.
  std::vector<Address> addresses;
};

// "vllm/vllm-openai:v1" is on docker.io.
Origin imageOrigin(std::string_view reference);
Origin sourceOrigin(api::SourceType type, std::string_view uri);

// A prefix of a policy, "registry.eu.example/models" or "pvc://weights", matched on whole segments.
// To allow, the prefix must name scheme, host and port exactly: without a scheme it is any registry
// on that host at its default port. To deny, a prefix without a port is that host at any port, and
// letters count as equal in either case.
bool allows(std::string_view prefix, const Origin& origin);
bool denies(std::string_view prefix, const Origin& origin);

}  // namespace bailiwick::policy
