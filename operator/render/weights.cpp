#include "render/weights.hpp"

#include <algorithm>

#include "api/quantity.hpp"
#include "render/container.hpp"
#include "render/env.hpp"
#include "render/placeholders.hpp"

namespace bailiwick::render {
namespace {

using api::SourceType;
using nlohmann::json;
using policy::Refusal;

constexpr char volumeName[] = "weights";

std::string typeName(SourceType type) {
  switch (type) {
    case SourceType::OCI:
      return "OCI";
    case SourceType::HuggingFace:
      return "HuggingFace";
    case SourceType::ModelScope:
      return "ModelScope";
    case SourceType::HTTP:
      return "HTTP";
    case SourceType::PVC:
      return "PVC";
    case SourceType::Image:
      return "Image";
  }
  return "";
}

bool isMounted(SourceType type) {
  return type == SourceType::PVC || type == SourceType::Image;
}
bool isHub(SourceType type) {
  return type == SourceType::HuggingFace || type == SourceType::ModelScope;
}

std::string defaultRevision(SourceType type) {
  if (type == SourceType::HuggingFace) return "main";
  if (type == SourceType::ModelScope) return "master";
  return type == SourceType::OCI ? "latest" : "";
}

const char* form(SourceType type) {
  switch (type) {
    case SourceType::OCI:
      return "oci://REGISTRY/REPOSITORY@DIGEST";
    case SourceType::HTTP:
      return "https://HOST/PATH";
    case SourceType::PVC:
      return "pvc://CLAIM or pvc://CLAIM/FOLDER";
    case SourceType::Image:
      return "image://REGISTRY/REPOSITORY@DIGEST";
    case SourceType::HuggingFace:
    case SourceType::ModelScope:
      break;
  }
  return "OWNER/NAME@REVISION";
}

bool schemeFits(SourceType type, std::string_view scheme) {
  switch (type) {
    case SourceType::OCI:
      return scheme == "oci";
    case SourceType::HTTP:
      return scheme == "http" || scheme == "https";
    case SourceType::PVC:
      return scheme == "pvc";
    case SourceType::Image:
      return scheme == "image";
    case SourceType::HuggingFace:
    case SourceType::ModelScope:
      return true;
  }
  return false;
}

void splitRevision(SourceType type, Source& source) {
  std::size_t mark = source.repository.find('@');
  if (mark == std::string::npos && type == SourceType::OCI) {
    // A colon before a slash belongs to the registry's port.
    mark = source.repository.find(':', source.repository.rfind('/') + 1);
  }
  if (mark == std::string::npos || type == SourceType::HTTP) {
    source.revision = defaultRevision(type);
    return;
  }
  source.revision = source.repository.substr(mark + 1);
  source.repository.erase(mark);
}

// Below where it starts, as Kubernetes wants a subPath: relative, and never upwards.
bool staysBelow(std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == ".." || slash == 0) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::int64_t cacheGiB(const api::Artifact& artifact) {
  const auto size = api::parseThousandths(artifact.sizeGiB);
  if (!size) return 0;
  return (*size * 11 + 9999) / 10000;  // 10% of room, rounded up
}

json mountedVolume(const api::Artifact& artifact, const Source& source) {
  if (artifact.sourceType == SourceType::Image) {
    return {{"name", volumeName},
            {"image", {{"reference", source.reference}, {"pullPolicy", "IfNotPresent"}}}};
  }
  const std::string claim = source.reference.substr(0, source.reference.find('/'));
  return {{"name", volumeName},
          {"persistentVolumeClaim", {{"claimName", claim}, {"readOnly", true}}}};
}

json cacheVolume(const api::ModelDeployment& deployment, const VariantShare& share,
                 const api::Artifact& artifact, const Environment& environment) {
  const std::int64_t gib = cacheGiB(artifact);
  const std::string size = std::to_string(gib) + "Gi";
  const std::string& storageClass = environment.region->weightsStorageClass;
  if (storageClass.empty()) {
    json folder = json::object();
    if (gib > 0) folder["sizeLimit"] = size;
    return {{"name", volumeName}, {"emptyDir", folder}};
  }
  const json spec = {{"accessModes", {"ReadWriteOnce"}},
                     {"storageClassName", storageClass},
                     {"resources", {{"requests", {{"storage", size}}}}}};
  const json claim = {
      {"metadata", {{"labels", labels(deployment, share.variant->name, environment)}}},
      {"spec", spec}};
  return {{"name", volumeName}, {"ephemeral", {{"volumeClaimTemplate", claim}}}};
}

json fetchContainer(const catalog::Fetcher& fetcher, const api::Artifact& artifact,
                    const Source& source, const Scratch& writable) {
  const Placeholders values = {{"uri", literal(artifact.uri)},
                               {"directory", weightsFolder},
                               {"reference", literal(source.reference)},
                               {"repository", literal(source.repository)},
                               {"revision", literal(source.revision)}};
  Environ environment;
  environment.set("HOME", "/tmp");
  environment.add(fetcher.env, values);
  json mounts = writable.mounts;
  mounts.push_back({{"name", volumeName}, {"mountPath", weightsFolder}});
  return {{"name", "fetch-weights"},
          {"image", fetcher.image},
          {"command", substitute(fetcher.command, values)},
          {"env", environment.list()},
          {"resources",
           {{"requests", {{"cpu", "100m"}, {"memory", "256Mi"}}}, {"limits", {{"memory", "4Gi"}}}}},
          {"securityContext", restrictedContext()},
          {"volumeMounts", mounts}};
}

// The volume and what fills it.
Weights arrival(const api::ModelDeployment& deployment, const VariantShare& share,
                const api::Artifact& artifact, const Source& source,
                const Environment& environment) {
  Weights result{json::array(), {}, json::array()};
  result.mount = {{"name", volumeName}, {"mountPath", weightsFolder}, {"readOnly", true}};
  if (isMounted(artifact.sourceType)) {
    result.volumes.push_back(mountedVolume(artifact, source));
    const std::size_t slash = source.reference.find('/');
    if (artifact.sourceType == SourceType::PVC && slash + 1 < source.reference.size() &&
        slash != std::string::npos)
      result.mount["subPath"] = source.reference.substr(slash + 1);
    return result;
  }
  const catalog::Fetcher& fetcher = *environment.catalog->fetcher(typeName(artifact.sourceType));
  std::vector<std::string> paths = fetcher.writablePaths;
  if (std::find(paths.begin(), paths.end(), "/tmp") == paths.end()) paths.push_back("/tmp");
  const Scratch writable = scratch("fetch", paths);
  result.volumes = writable.volumes;
  result.volumes.push_back(cacheVolume(deployment, share, artifact, environment));
  result.initContainers.push_back(fetchContainer(fetcher, artifact, source, writable));
  return result;
}

// Reads every byte once, from the mount that the engine gets. Its last words become the reason that
// the status shows.
json verifyContainer(const api::Artifact& artifact, const json& mount,
                     const Environment& environment) {
  json args =
      json::array({"--verify-weights", weightsFolder, "--manifest-digest", artifact.digest});
  if (const auto& signature = artifact.signature) {
    args.push_back("--public-key=" + literal(signature->publicKey));
    if (!signature->uri.empty())
      args.push_back("--signature=" + (weightsFolder + ("/" + literal(signature->uri))));
  }
  return {
      {"name", "verify-weights"},
      {"image", environment.sidecarImage},
      {"args", args},
      {"resources",
       {{"requests", {{"cpu", "100m"}, {"memory", "64Mi"}}}, {"limits", {{"memory", "512Mi"}}}}},
      {"securityContext", restrictedContext()},
      {"terminationMessagePolicy", "FallbackToLogsOnError"},
      {"volumeMounts", json::array({mount})}};
}

// A signature that lies elsewhere has nobody who brings it.
bool isBesideTheWeights(const std::string& uri) {
  return uri.empty() || (uri.find("://") == std::string::npos && staysBelow(uri));
}

}  // namespace

Result<Source> parseSource(const api::Artifact& artifact) {
  const SourceType type = artifact.sourceType;
  const auto wrong = [&] {
    return fail("source " + artifact.uri + " of artifact " + artifact.name + " is no " +
                typeName(type) + " address; write " + form(type));
  };
  const std::size_t mark = artifact.uri.find("://");
  const bool hasScheme = mark != std::string::npos;
  const std::string scheme = hasScheme ? artifact.uri.substr(0, mark) : "";
  if (!schemeFits(type, scheme)) return wrong();

  Source source;
  source.reference = hasScheme ? artifact.uri.substr(mark + 3) : artifact.uri;
  source.repository = source.reference;
  if (isHub(type) && scheme.starts_with("http"))
    source.repository.erase(0, source.repository.find('/') + 1);
  splitRevision(type, source);
  // A leading dash would be an option of the program that gets it.
  for (const std::string* part : {&source.reference, &source.repository, &source.revision})
    if (part->starts_with('-') || part->starts_with('/')) return wrong();
  if (source.repository.empty()) return wrong();
  if (source.revision.empty() && type != SourceType::HTTP && !isMounted(type)) return wrong();
  if (isHub(type) && std::count(source.repository.begin(), source.repository.end(), '/') != 1)
    return wrong();
  if (type == SourceType::PVC && !staysBelow(source.reference)) return wrong();
  return source;
}

Weights weights(const api::ModelDeployment& deployment, const VariantShare& share,
                const Environment& environment) {
  const api::Artifact& artifact = *share.passport->artifact(share.variant->artifact);
  const Source source = parseSource(artifact).value();
  Weights result = arrival(deployment, share, artifact, source, environment);
  if (!artifact.digest.empty())
    result.initContainers.push_back(verifyContainer(artifact, result.mount, environment));
  return result;
}

std::optional<Refusal> weightsRefusal(const api::Variant& variant,
                                      const api::ModelPassport& passport,
                                      const Environment& environment) {
  const std::string& name = passport.meta.key.name;
  const api::Artifact* artifact = passport.artifact(variant.artifact);
  if (!artifact)
    return Refusal{"ArtifactMissing", "passport " + name + " has no artifact " + variant.artifact};
  if (auto source = parseSource(*artifact); !source)
    return Refusal{"InvalidSpec", "passport " + name + ": " + source.error().message};
  const auto& signature = artifact->signature;
  if (!artifact->digest.empty() && signature && !isBesideTheWeights(signature->uri))
    return Refusal{"InvalidSpec", "signature.uri of artifact " + artifact->name + " of passport " +
                                      name + " is " + signature->uri +
                                      "; write the name of a file beside the weights, such as "
                                      "model.sig"};
  if (isMounted(artifact->sourceType)) return std::nullopt;
  const std::string type = typeName(artifact->sourceType);
  if (!environment.catalog->fetcher(type))
    return Refusal{"EngineUnsupported", "artifact " + artifact->name + " of passport " + name +
                                            ": the catalogue has no fetcher for " + type};
  if (!environment.region->weightsStorageClass.empty() && cacheGiB(*artifact) == 0)
    return Refusal{"InvalidSpec", "artifact " + artifact->name + " of passport " + name +
                                      " has no sizeGiB, which its cache volume of storage class " +
                                      environment.region->weightsStorageClass + " needs"};
  return std::nullopt;
}

}  // namespace bailiwick::render
