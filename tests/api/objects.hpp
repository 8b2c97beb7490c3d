#pragma once
// Full objects as the API server would send them: every field that a decoder reads, and nothing
// else below spec and status.

#include <simdjson.h>
#include <nlohmann/json.hpp>
#include <string>

namespace bailiwick::api::testing {

// Decodes text or a document with one of the decoders.
template <class Decode>
auto decodeText(const std::string& text, Decode&& decode) {
  simdjson::dom::parser parser;
  return decode(parser.parse(simdjson::padded_string(text)).value());
}

template <class Decode>
auto decodeJson(const nlohmann::json& json, Decode&& decode) {
  return decodeText(json.dump(), std::forward<Decode>(decode));
}

inline nlohmann::json fullModelDeployment() {
  return nlohmann::json::parse(R"({
    "apiVersion": "bailiwick.dev/v1alpha1", "kind": "ModelDeployment",
    "metadata": {
      "name": "assistant-eu", "namespace": "assistants", "uid": "u-1", "resourceVersion": "42",
      "generation": 7, "creationTimestamp": "2026-11-22T10:00:00Z",
      "deletionTimestamp": "2026-11-22T11:00:00Z",
      "labels": {"team": "a"},
      "annotations": {"bailiwick.dev/note": "kept"},
      "finalizers": ["bailiwick.dev/in-use"],
      "ownerReferences": [{"uid": "o-1", "controller": true}]},
    "spec": {
      "servedName": "assistant", "replicas": 6,
      "placement": {
        "jurisdictions": ["EU", "CH"], "dataResidency": ["eu-personal"],
        "regions": {"names": ["fra"], "selector": {"matchLabels": {"tier": "gold"}}},
        "strategy": "Pack", "minRegions": 2, "maxPerRegion": 4},
      "variants": [
        {"name": "deepseek-h200", "passport": "deepseek-v3-2", "artifact": "fp8",
         "engine": {"name": "vllm", "image": "registry.example/vllm:1", "args": ["--max-model-len=8192"],
                    "env": [{"name": "A", "value": "b"},
                            {"name": "T", "valueFrom": {"secretKeyRef":
                              {"name": "s", "key": "k", "optional": true}}}]},
         "accelerator": {"vendor": "nvidia", "products": ["NVIDIA-H200"], "perReplica": 8,
                         "minMemoryPerDevice": "140Gi", "nodes": 2},
         "capacity": "1.5"},
        {"name": "azure", "passport": "gpt-5-azure",
         "external": {"provider": "azure-ai-foundry", "baseURL": "https://a.example/openai",
                      "jurisdiction": "SE", "apiKeySecret": "azure-key"}}],
      "failover": {"suspectAfter": "5s", "lostAfter": "20s", "failbackAfter": "5m",
                   "onNoLegalTarget": "Hold", "onIsolation": "Expand"},
      "routing": {"mode": "Weighted", "weights": [{"variant": "deepseek-h200", "weight": 70}],
                  "shadow": {"variant": "azure", "percent": 5},
                  "auth": {"apiKeysSecret": "assistant-keys"},
                  "limits": {"maxInFlight": 100, "maxQueued": 10, "queueTimeout": "0s",
                             "requestTimeout": "1m", "maxBodySize": "1Mi"}},
      "exit": {"critical": true, "drillEvery": "90d", "drainTimeout": "5m"},
      "priority": -3,
      "pod": {"resources": {"requests": {"cpu": "4"}, "limits": {"memory": "8Gi"}},
              "env": [{"name": "C", "value": ""}],
              "labels": {"cost-centre": "7"}, "annotations": {"owner": "x"},
              "imagePullSecrets": [{"name": "pull"}], "serviceAccountName": "runner"},
      "rollout": {"maxUnavailable": 1, "progressDeadline": "10m"},
      "paused": true},
    "status": {
      "observedGeneration": 7, "replicas": 5, "selector": "a=b",
      "summary": {"regions": "fra", "variant": "deepseek-h200"},
      "regions": [{"name": "fra", "self": true, "health": "Live", "specHash": "aa",
                   "passportHash": "bb", "healthSince": "2026-11-22T10:00:00Z", "sequence": 118,
                   "allocator": 1,
                   "offer": [{"variant": "deepseek-h200", "replicas": 4, "pools": ["p"],
                              "reason": "NoCapacity", "message": "m"}],
                   "share": [{"variant": "deepseek-h200", "replicas": 3}],
                   "ready": [{"variant": "deepseek-h200", "replicas": 2}]}],
      "variants": [{"name": "deepseek-h200", "assigned": 6, "ready": 5, "pools": ["fra/p"],
                    "podSecurity": "baseline"}],
      "cost": {"perHour": "96.00", "currency": "EUR"},
      "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 7,
                      "lastTransitionTime": "2026-11-22T10:00:00Z", "reason": "AllReplicasReady",
                      "message": "ok"}]}
  })");
}

inline nlohmann::json fullModelPassport() {
  return nlohmann::json::parse(R"({
    "metadata": {"name": "deepseek-v3-2"},
    "spec": {
      "publisher": {"name": "DeepSeek", "country": "CN",
                    "parent": {"name": "High-Flyer", "country": "CN"}},
      "model": {"family": "deepseek-v3", "name": "DeepSeek-V3.2", "version": "2025-12-01",
                "parametersBillion": "685", "contextTokens": 131072},
      "originCountry": "CN", "openness": "OpenWeight", "licence": {"id": "MIT", "restrictions": ["no military use"]},
      "artifacts": [{"name": "fp8", "precision": "fp8",
                     "source": {"type": "HuggingFace", "uri": "hf://deepseek-ai/DeepSeek-V3.2"},
                     "sizeGiB": "690", "digest": "sha256:aa",
                     "signature": {"type": "OMS", "publicKey": "-----BEGIN PUBLIC KEY-----",
                                   "uri": "oci://registry.example/sig"},
                     "verifiedOn": [{"vendor": "nvidia", "products": ["NVIDIA-H200"]}]}],
      "endpoints": [{"provider": "azure-ai-foundry", "baseURL": "https://a.example",
                     "jurisdiction": "SE", "residencyClasses": ["eu-personal"]}],
      "derivedFrom": [{"passport": "deepseek-v3-base"},
                      {"family": "f", "publisher": {"name": "X", "country": "CN",
                       "parent": {"name": "Y", "country": "SG"}}}],
      "evidence": [{"type": "RedTeam", "result": "Pass", "reference": "https://r.example",
                    "digest": "sha256:bb", "issuer": "lab", "issuedAt": "2026-01-01T00:00:00Z",
                    "expiresAt": "2027-01-01T00:00:00Z"}]},
    "status": {"observedGeneration": 1, "nextExpiry": "2027-01-01T00:00:00Z", "usedBy": 3,
               "conditions": [{"type": "Valid", "status": "True", "observedGeneration": 1,
                               "lastTransitionTime": "2026-11-22T10:00:00Z", "reason": "Valid",
                               "message": "none of its evidence has expired"}]}
  })");
}

inline nlohmann::json fullRegion() {
  return nlohmann::json::parse(R"({
    "metadata": {"name": "fra", "labels": {"tier": "gold"}},
    "spec": {
      "provider": "aws", "location": "eu-central-1", "jurisdiction": "DE",
      "residencyClasses": ["eu-personal"], "weights": {"storageClass": "fast"},
      "certificates": [{"name": "SecNumCloud", "expiresAt": "2027-01-01T00:00:00Z"}],
      "access": {"server": "https://fra.example:6443", "caBundle": "QQ==",
                 "credentialSecret": {"namespace": "bailiwick-system", "name": "peer-fra"}},
      "gateway": {"address": "gw.fra.example:8443", "serverName": "fra.bailiwick",
                  "caBundle": "QQ=="},
      "egress": {"gateways": ["10.0.0.0/8"], "weightSources": ["192.0.2.0/24"],
                 "providers": ["198.51.100.0/24"]},
      "prices": [{"vendor": "nvidia", "product": "NVIDIA-H200", "perDeviceHour": "2.10",
                  "currency": "EUR"}],
      "cordoned": true},
    "status": {
      "health": "Live", "healthSince": "2026-11-22T10:00:00Z",
      "lastHeartbeat": "2026-11-22T10:00:01Z",
      "pools": [{"name": "nvidia-h200-a", "vendor": "nvidia", "product": "NVIDIA-H200",
                 "memoryPerDevice": "140Gi", "zone": "a", "nodes": 4, "nodesReady": 4, "devices": 32,
                 "devicesFree": 8, "largestFreeOnOneNode": 4, "residencyClasses": ["eu-personal"],
                 "eligible": false, "reason": "LocationUnknown"}],
      "clusterUID": "c-1",
      "tombstones": [{"kind": "ModelDeployment", "namespace": "a", "name": "old", "uid": "u",
                      "at": "2026-11-22T10:00:00Z"}],
      "evidenceHeads": [{"order": "exit-nvidia", "head": "sha256:cc", "records": 41,
                         "countersigned": ["zrh"], "root": "dd",
                         "proofs": [{"from": 40, "path": ["ee"]}],
                         "signatures": [{"region": "zrh", "key": "aa", "signature": "bb"}]}],
      "conditions": [{"type": "Ready", "status": "True"}]}
  })");
}

inline nlohmann::json fullSovereigntyPolicy() {
  return nlohmann::json::parse(R"({
    "metadata": {"name": "eu-personal-data"},
    "spec": {
      "enforcement": "Exit", "exitGracePeriod": "60d",
      "selector": {"namespaces": ["assistants"], "matchLabels": {"tier": "gold"},
                   "dataResidency": ["eu-personal"]},
      "rules": {
        "origins": {"allow": ["EU", "US"], "deny": ["CN"]},
        "publishers": {"deny": ["DeepSeek"]},
        "parentCountries": {"deny": ["RU"]},
        "licences": {"allow": ["MIT", "Apache-2.0"]},
        "families": {"deny": ["some-family"]},
        "openness": {"allow": ["OpenSource", "OpenWeight"]},
        "vendors": {"deny": ["huawei"]},
        "products": {"deny": ["NVIDIA-H20"]},
        "engines": {"allow": ["vllm"]},
        "registries": {"allow": ["registry.eu.example/"]},
        "placement": {"jurisdictions": {"allow": ["EU"]}, "providers": {"deny": ["aws"]}},
        "importFrom": {"jurisdictions": {"allow": ["EU", "CH"]}, "regions": {"deny": ["lab"]}},
        "externalProviders": {"allow": []},
        "evidence": [{"type": "RedTeam", "maxAge": "365d"}],
        "requireDigest": true, "requireSignature": true,
        "requireCertificates": ["SecNumCloud"],
        "requireExitReady": true, "drillMaxAge": "400d"},
      "source": {"title": "DORA Art. 28", "uri": "https://law.example", "date": "2025-01-17"}},
    "status": {
      "observedGeneration": 2,
      "violations": [{"namespace": "assistants", "name": "assistant", "variant": "h200",
                      "reason": "PolicyDenied", "message": "m"}],
      "violationsTotal": 3,
      "exit": {"order": "eu-personal-data", "firstViolationAt": "2026-11-22T10:00:00Z",
               "deadline": "2027-01-21T10:00:00Z"},
      "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 2,
                      "lastTransitionTime": "2026-11-22T10:00:00Z", "reason": "InForce",
                      "message": "m"}]}
  })");
}

inline nlohmann::json fullExitOrder() {
  return nlohmann::json::parse(R"({
    "metadata": {"name": "exit-nvidia"},
    "spec": {
      "target": {"origins": ["CN"], "publishers": ["DeepSeek"], "passports": ["deepseek-v3-2"],
                 "licences": ["MIT"], "vendors": ["nvidia"], "products": ["NVIDIA-H200"],
                 "engines": ["vllm"], "providers": ["aws"], "regions": ["fra"],
                 "jurisdictions": ["DE"], "policies": ["eu-personal-data"]},
      "selector": {"namespaces": ["assistants"], "matchLabels": {"tier": "gold"},
                   "dataResidency": ["eu-personal"]},
      "reason": "supplier contract ends", "deadline": "2026-12-31T00:00:00Z",
      "onDeadline": "Stop", "mode": "Immediate",
      "purge": {"weights": false, "credentials": false}, "drill": true, "paused": true},
    "status": {
      "observedGeneration": 1, "phase": "Shifting",
      "phases": [{"phase": "Announced", "at": "2026-11-22T10:00:00Z"}],
      "affected": [{"namespace": "assistants", "name": "assistant", "region": "fra",
                    "variant": "h200", "replicas": 2,
                    "replacement": {"region": "zrh", "variant": "mi300x", "replicas": 4},
                    "phase": "Draining",
                    "drained": {"inFlightAtDrain": 7, "completed": 6, "cut": 1},
                    "reason": "NoCapacity", "message": "m"}],
      "totals": {"affected": 12, "shifted": 7, "blocked": 1, "unknown": 3, "residual": 2},
      "regions": [{"name": "zrh", "state": "NotOrdered"}],
      "evidence": {"configMap": "exit-nvidia-evidence", "head": "sha256:aa", "records": 41},
      "conditions": [{"type": "Complete", "status": "False", "observedGeneration": 1,
                      "lastTransitionTime": "2026-11-22T10:00:00Z", "reason": "Shifting",
                      "message": "m"}]}
  })");
}

inline nlohmann::json fullNode() {
  return nlohmann::json::parse(R"({
    "metadata": {"name": "n1", "labels": {"keep/me": "1", "drop/me": "2"},
                 "annotations": {"bailiwick.dev/x": "dropped too"}},
    "spec": {"unschedulable": true,
             "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]},
    "status": {"allocatable": {"cpu": "64", "nvidia.com/gpu": "8"},
               "conditions": [{"type": "Ready", "status": "True"}]}
  })");
}

inline nlohmann::json fullPod() {
  return nlohmann::json::parse(R"({
    "metadata": {"name": "p1", "namespace": "a", "uid": "u", "creationTimestamp": "2026-11-22T09:00:00Z",
                 "labels": {"app.kubernetes.io/managed-by": "bailiwick", "pod-template-hash": "abc"}},
    "spec": {"nodeName": "n1",
             "initContainers": [{"name": "i", "restartPolicy": "Always",
                                 "resources": {"requests": {"cpu": "100m"}}}],
             "containers": [{"name": "c", "resources": {"requests": {"nvidia.com/gpu": "8"}}}],
             "overhead": {"memory": "1Mi"},
             "resources": {"requests": {"cpu": "2"}}},
    "status": {"phase": "Pending",
               "conditions": [{"type": "Ready", "status": "False",
                               "lastTransitionTime": "2026-11-22T10:00:00Z"}],
               "initContainerStatuses": [{"name": "i",
                  "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}],
               "containerStatuses": [{"name": "c",
                  "state": {"waiting": {"reason": "PodInitializing", "message": ""}},
                  "resources": {"requests": {"cpu": "1"}}, "allocatedResources": {"cpu": "1"}}]}
  })");
}

inline nlohmann::json fullWorkload() {
  return nlohmann::json::parse(R"({
    "metadata": {"name": "w", "namespace": "a"},
    "spec": {"replicas": 3},
    "status": {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "readyReplicas": 1,
               "conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
                               "lastTransitionTime": "2026-11-22T10:00:00Z",
                               "message": "exceeded quota"}]}
  })");
}

}  // namespace bailiwick::api::testing
