#include "api/decode_meta.hpp"

#include "api/labels.hpp"

namespace bailiwick::api {
namespace {

// bailiwick.dev/x and anything.bailiwick.dev/x.
bool isOurs(std::string_view annotation) {
  const std::string_view group = names::group;
  const std::size_t slash = annotation.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view domain = annotation.substr(0, slash);
  if (!domain.ends_with(group)) return annotation == names::deletionCost;
  return domain.size() == group.size() || domain[domain.size() - group.size() - 1] == '.';
}

template <class Keep>
Labels readKept(const Cursor& labels, const Keep& keep) {
  std::vector<Labels::Entry> entries;
  labels.fields([&](std::string_view key, const Cursor& value) {
    if (!keep(key)) return;
    std::string text;
    value.read(text);
    entries.emplace_back(key, std::move(text));
  });
  entries.shrink_to_fit();
  return Labels(std::move(entries));
}

void readLabels(const Cursor& labels, Labels& out, const MetaFields& wanted) {
  if (!wanted.labels) return;
  if (wanted.keepLabel == nullptr) return labels.read(out);
  out = readKept(labels, *wanted.keepLabel);
}

void readOwners(const Cursor& owners, std::string& controllerUid) {
  owners.items([&](const Cursor& owner) {
    bool controller = false;
    std::string uid;
    owner.fields([&](std::string_view key, const Cursor& value) {
      if (key == "controller") value.read(controller);
      if (key == "uid") value.read(uid);
    });
    if (controller) controllerUid = std::move(uid);
  });
}

void readIdentity(std::string_view key, const Cursor& value, ObjectMeta& out) {
  if (key == "uid") return value.read(out.uid);
  if (key == "creationTimestamp") {
    if (!value.isNull()) value.read(out.created);
  } else if (key == "ownerReferences") {
    readOwners(value, out.controllerUid);
  } else if (key == "finalizers") {
    value.read(out.finalizers);
  }
}

}  // namespace

void readMeta(const Cursor& metadata, ObjectMeta& out, const MetaFields& wanted) {
  metadata.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name") return value.read(out.key.name);
    if (key == "namespace") return value.read(out.key.ns);
    if (key == "resourceVersion") return value.read(out.resourceVersion);
    if (key == "generation") return value.read(out.generation);
    if (key == "deletionTimestamp") return value.read(out.deleted);
    if (key == "labels") return readLabels(value, out.labels, wanted);
    if (key == "annotations") {
      if (wanted.annotations) out.annotations = readKept(value, isOurs);
      return;
    }
    if (wanted.identity) readIdentity(key, value, out);
  });
  metadata.require(!out.key.name.empty(), "name");
}

void readCondition(const Cursor& condition, Condition& out) {
  condition.fields([&](std::string_view key, const Cursor& value) {
    if (key == "type")
      value.read(out.type);
    else if (key == "status")
      value.read(out.status);
    else if (key == "observedGeneration")
      value.read(out.observedGeneration);
    else if (key == "lastTransitionTime")
      value.read(out.since);
    else if (key == "reason")
      value.read(out.reason);
    else if (key == "message")
      value.read(out.message);
  });
}

Result<Envelope> readEnvelope(simdjson::dom::element json, std::string_view kind, Nulls nulls,
                              ObjectMeta& meta, const MetaFields& wanted) {
  simdjson::dom::object object;
  if (json.get(object) != simdjson::SUCCESS)
    return fail(std::string(kind).append(": must be an object"));
  Envelope envelope;
  for (const simdjson::dom::key_value_pair field : object) {
    if (nulls == Nulls::Absent && field.value.is_null()) continue;
    if (field.key == "metadata") envelope.metadata = field.value;
    if (field.key == "spec") envelope.spec = field.value;
    if (field.key == "status") envelope.status = field.value;
  }
  if (!envelope.metadata) return fail(std::string(kind).append(": metadata: is required"));
  Decoding decoding{Nulls::Absent, {}};
  readMeta(Cursor(*envelope.metadata, "metadata", decoding), meta, wanted);
  if (decoding.failed()) return decodeFailure(kind, meta, decoding.problem);
  return envelope;
}

tl::unexpected<Error> decodeFailure(std::string_view kind, const ObjectMeta& meta,
                                    const std::string& problem) {
  std::string message(kind);
  if (!meta.key.name.empty()) message.append(" ").append(meta.key.str());
  return fail(message.append(": ").append(problem));
}

}  // namespace bailiwick::api
