#include "policy/origin.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bailiwick::policy {
namespace {

using api::SourceType;

struct Row {
  const char* prefix;
  Origin origin;
  bool allowed, denied;
};

Origin oci(const char* uri) { return sourceOrigin(SourceType::OCI, uri); }
Origin http(const char* uri) { return sourceOrigin(SourceType::HTTP, uri); }

void check(const std::vector<Row>& rows) {
  for (const auto& [prefix, origin, allowed, denied] : rows) {
    EXPECT_EQ(allows(prefix, origin), allowed) << prefix << " allows " << origin.written;
    EXPECT_EQ(denies(prefix, origin), denied) << prefix << " denies " << origin.written;
  }
}

TEST(Origin, MatchesWholePathSegments) {
  check({{"registry.eu.example/", oci("oci://registry.eu.example/m:1"), true, true},
         {"registry.eu.example", oci("oci://registry.eu.example/m:1"), true, true},
         {"registry.eu.example/", oci("oci://registry.eu.example.evil.com/m"), false, false},
         {"registry.eu.example/", imageOrigin("registry.eu.example.evil.com/m"), false, false},
         {"registry.eu.example/models", oci("oci://registry.eu.example/models/a@sha256:0"), true,
          true},
         {"registry.eu.example/models", oci("oci://registry.eu.example/models-evil/a"), false,
          false},
         {"registry.eu.example/models/a", oci("oci://registry.eu.example/models"), false, false}});
}

TEST(Origin, ReadsReferencesOfImagesAsContainerRuntimesDo) {
  check({{"docker.io", imageOrigin("vllm/vllm-openai:v1"), true, true},
         {"docker.io/library/ubuntu", imageOrigin("ubuntu:24.04"), true, true},
         {"docker.io", imageOrigin("index.docker.io/a/b"), true, true},
         {"registry.eu.example", imageOrigin("registry.eu.example/a@sha256:0"), true, true},
         {"registry", imageOrigin("registry/a"), false, false},
         {"localhost:5000", imageOrigin("localhost:5000/a:1"), true, true}});
}

TEST(Origin, IsNotFooledByPortsCaseOrAClosingDot) {
  check({{"registry.example", oci("oci://registry.example:443/m"), true, true},
         {"registry.example", oci("oci://REGISTRY.example./m"), true, true},
         {"registry.example", oci("oci://registry.example:5000/m"), false, true},
         {"registry.example:5000", oci("oci://registry.example:5000/m"), true, true},
         {"registry.example:5000", oci("oci://registry.example/m"), false, false},
         {"huggingface.co/Evil", sourceOrigin(SourceType::HuggingFace, "evil/m"), false, true}});
}

TEST(Origin, KnowsHubsByTheirHosts) {
  const auto hf = [](const char* uri) { return sourceOrigin(SourceType::HuggingFace, uri); };
  for (const auto* uri : {"org/m@main", "hf://org/m", "https://huggingface.co/org/m"}) {
    check({{"huggingface.co", hf(uri), true, true},
           {"huggingface.co/org", hf(uri), true, true},
           {"hf://org", hf(uri), true, true},
           {"org", hf(uri), false, false}});
  }
  check({{"modelscope.cn", sourceOrigin(SourceType::ModelScope, "org/m"), true, true},
         {"registry.eu.example", hf("registry.eu.example/m"), false, false}});
}

TEST(Origin, TakesClaimsAndPlainHttpOnlyByTheirSchemes) {
  const auto claim = sourceOrigin(SourceType::PVC, "pvc://weights/m");
  check({{"weights", claim, false, false},
         {"pvc://weights", claim, true, true},
         {"files.example", http("http://files.example/m"), false, true},
         {"http://files.example", http("http://files.example/m"), true, true},
         {"files.example", http("https://files.example/m?x=1"), true, true}});
}

TEST(Origin, AllowsNothingAndDeniesAllOfWhatClientsMightReadDifferently) {
  for (const auto* uri :
       {"https://a.example/m/../x", "https://user@a.example/m", "https://a.example/%2e%2e/x",
        "https://a.example//m", "https://a.example\\.evil.com/m", "https:///m", ""}) {
    check({{"a.example", http(uri), false, true}, {"b.example", http(uri), false, true}});
  }
}

}  // namespace
}  // namespace bailiwick::policy
