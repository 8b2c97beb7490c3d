#include "api/decode_meta.hpp"

namespace bailiwick::api {
namespace {

void readTaint(const Cursor& taint, Taint& out) {
  taint.fields([&](std::string_view key, const Cursor& value) {
    if (key == "key")
      value.read(out.key);
    else if (key == "value")
      value.read(out.value);
    else if (key == "effect")
      value.read(out.effect);
  });
  taint.require(!out.key.empty(), "key");
}

void readNodeSpec(const Cursor& spec, Node& out) {
  spec.fields([&](std::string_view key, const Cursor& value) {
    if (key == "unschedulable") return value.read(out.unschedulable);
    if (key != "taints") return;
    value.readEach(out.taints, readTaint);
  });
}

void readNodeStatus(const Cursor& status, Node& out) {
  status.fields([&](std::string_view key, const Cursor& value) {
    if (key == "allocatable") return value.read(out.allocatable);
    if (key != "conditions") return;
    value.items([&](const Cursor& item) {
      Condition condition;
      readCondition(item, condition);
      if (condition.type == "Ready") out.ready = condition.status == "True";
    });
  });
}

void readWorkloadStatus(const Cursor& status, Workload& out) {
  status.fields([&](std::string_view key, const Cursor& value) {
    if (key == "observedGeneration") return value.read(out.observedGeneration);
    if (key == "replicas") return value.read(out.statusReplicas);
    if (key == "updatedReplicas") return value.read(out.updatedReplicas);
    if (key == "readyReplicas") return value.read(out.readyReplicas);
    if (key != "conditions") return;
    value.items([&](const Cursor& item) {
      Condition condition;
      readCondition(item, condition);
      if (condition.type != "ReplicaFailure" || condition.status != "True") return;
      out.failureReason = std::move(condition.reason);
      out.failureMessage = std::move(condition.message);
      out.failureSince = condition.since;
    });
  });
}

// Addresses of one port: an EndpointSlice lists every address beside every port, and the API
// server's has one port, "https".
void readEndpoints(simdjson::dom::element json, Decoding& decoding, EndpointSlice& out) {
  Cursor(json, "", decoding).fields([&](std::string_view key, const Cursor& value) {
    if (key == "ports") {
      value.items([&](const Cursor& port) {
        port.fields([&](std::string_view name, const Cursor& number) {
          if (name == "port" && out.port == 0) number.read(out.port, {1, 65535});
        });
      });
    } else if (key == "endpoints") {
      value.items([&](const Cursor& endpoint) {
        endpoint.fields([&](std::string_view name, const Cursor& addresses) {
          if (name != "addresses") return;
          std::vector<std::string> more;
          addresses.read(more);
          out.addresses.insert(out.addresses.end(), more.begin(), more.end());
        });
      });
    }
  });
}

}  // namespace

Result<EndpointSlice> decodeEndpointSlice(simdjson::dom::element json) {
  EndpointSlice out;
  const Result<Envelope> parts = readEnvelope(json, "EndpointSlice", Nulls::Absent, out.meta);
  if (!parts) return tl::unexpected(parts.error());
  Decoding decoding{Nulls::Absent, {}};
  readEndpoints(json, decoding, out);
  if (decoding.failed()) return decodeFailure("EndpointSlice", out.meta, decoding.problem);
  return out;
}

Result<Node> decodeNode(simdjson::dom::element json, const LabelFilter& keepLabel) {
  Node out;
  const MetaFields wanted{&keepLabel, true, false, true};
  const Result<Envelope> parts = readEnvelope(json, "Node", Nulls::Absent, out.meta, wanted);
  if (!parts) return tl::unexpected(parts.error());
  Decoding decoding{Nulls::Absent, {}};
  if (parts->spec) readNodeSpec(Cursor(*parts->spec, "spec", decoding), out);
  if (parts->status) readNodeStatus(Cursor(*parts->status, "status", decoding), out);
  if (decoding.failed()) return decodeFailure("Node", out.meta, decoding.problem);
  return out;
}

Result<Workload> decodeWorkload(simdjson::dom::element json) {
  Workload out;
  out.replicas = 1;  // what both kinds mean when the field is absent
  const Result<Envelope> parts = readEnvelope(json, "Workload", Nulls::Absent, out.meta);
  if (!parts) return tl::unexpected(parts.error());
  Decoding decoding{Nulls::Absent, {}};
  if (parts->spec) {
    Cursor(*parts->spec, "spec", decoding).fields([&](std::string_view key, const Cursor& value) {
      if (key == "replicas") value.read(out.replicas);
      // Items of a list do not say their kind.
      if (key == "leaderWorkerTemplate") out.groups = true;
    });
  }
  if (parts->status) readWorkloadStatus(Cursor(*parts->status, "status", decoding), out);
  if (decoding.failed()) return decodeFailure("Workload", out.meta, decoding.problem);
  return out;
}

Result<GenericObject> decodeGenericObject(simdjson::dom::element json) {
  GenericObject out;
  const Result<Envelope> parts = readEnvelope(json, "object", Nulls::Absent, out.meta);
  if (!parts) return tl::unexpected(parts.error());
  return out;
}

}  // namespace bailiwick::api
