#pragma once
// How a model's weights reach /models of the engine, read-only, by source type (protocols 3).

#include "render/metadata.hpp"

namespace bailiwick::render {

inline constexpr char weightsFolder[] = "/models";

// Where an artifact's address points. What it holds goes to programs as whole arguments.
struct Source {
  std::string reference;   // the address without its scheme: "registry.example/models/x@sha256:…"
  std::string repository;  // without revision, and without host where the address is a web page's
  std::string revision;    // digest, tag or branch; the type's default where none is named
};

// Which addresses can be read: oci://REF, https://…, pvc://CLAIM[/FOLDER], image://REF, and for
// hubs [SCHEME://[HOST/]]OWNER/NAME[@REVISION].
Result<Source> parseSource(const api::Artifact& artifact);

struct Weights {
  nlohmann::json volumes;         // of the pod
  nlohmann::json mount;           // of the engine
  nlohmann::json initContainers;  // that fill the volume, and verify it where there is a digest
};

// The artifact exists and its source parses (unrenderable).
Weights weights(const api::ModelDeployment& deployment, const VariantShare& share,
                const Environment& environment);

std::optional<policy::Refusal> weightsRefusal(const api::Variant& variant,
                                              const api::ModelPassport& passport,
                                              const Environment& environment);

}  // namespace bailiwick::render
