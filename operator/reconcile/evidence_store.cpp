#include "reconcile/evidence_store.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/labels.hpp"
#include "evidence/chunk.hpp"
#include "evidence/growth.hpp"
#include "kube/base64.hpp"
#include "kube/secret.hpp"
#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

using kube::ApiError;
using kube::ApiResult;
using nlohmann::json;
namespace resources = kube::resources;

constexpr char keyField[] = "key.pem", previousField[] = "previous.pem", publicField[] = "public.pem";
// More chunks than any order can have: 20,000 records a chunk are not read for ever.
constexpr int maxChunks = 1000;
constexpr char refusedReason[] = "EvidenceRefused";

tl::unexpected<ApiError> refuse(std::string message) {
  ApiError error;
  error.kind = ApiError::Kind::Malformed;
  error.message = std::move(message);
  return tl::unexpected(std::move(error));
}

tl::unexpected<ApiError> refuseChain(std::string message) {
  auto refused = refuse(std::move(message));
  refused.value().reason = refusedReason;
  return refused;
}

std::string textAt(simdjson::dom::element element, const char* pointer) {
  std::string_view text;
  return element.at_pointer(pointer).get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

std::optional<kube::Secret> secretAt(simdjson::dom::element element, const std::string& field) {
  const auto encoded = textAt(element, ("/data/" + field).c_str());
  if (encoded.empty()) return std::nullopt;
  auto decoded = kube::decodeBase64(encoded);
  return decoded ? std::optional(kube::Secret(*std::move(decoded))) : std::nullopt;
}

}  // namespace

bool isRefused(const ApiError& error) { return error.reason == refusedReason; }

struct EvidenceStore::Keys {
  evidence::SigningKey current;
  std::optional<evidence::SigningKey> previous;
};

struct EvidenceStore::Chunk {
  std::string uid, version, text;
  bool full = false;
};

EvidenceStore::EvidenceStore(kube::Transport& transport, std::string ns)
    : transport_(transport), ns_(std::move(ns)) {}

ApiResult<EvidenceStore::Keys> EvidenceStore::keys(std::stop_token stop) {
  std::optional<kube::Secret> current, previous;
  const auto request = kube::get(resources::secrets, {ns_, evidenceKeyName});
  const auto visit = [&](simdjson::dom::element secret) -> Result<void> {
    current = secretAt(secret, keyField);
    previous = secretAt(secret, previousField);
    return {};
  };
  auto read = kube::readJson(transport_, request, stop, visit);
  if (!read && read.error().kind == ApiError::Kind::NotFound) {
    const auto made = makeKey(stop);
    if (!made && made.error().kind != ApiError::Kind::AlreadyExists) {
      return tl::unexpected(made.error());
    }
    read = kube::readJson(transport_, request, stop, visit);
  }
  if (!read) return tl::unexpected(read.error());
  auto key = evidence::SigningKey::fromPem(current ? current->reveal() : "");
  if (!key) {
    return refuse(fmt::format("Secret {}/{}: {} in {}: restore it, or delete the Secret so that a new "
                              "key is made", ns_, evidenceKeyName, key.error().message, keyField));
  }
  Keys result{*std::move(key), std::nullopt};
  if (previous) {
    if (auto old = evidence::SigningKey::fromPem(previous->reveal())) {
      result.previous = *std::move(old);
    }
  }
  return result;
}

ApiResult<void> EvidenceStore::makeKey(std::stop_token stop) {
  const auto key = evidence::SigningKey::generate();
  if (!key) return refuse(key.error().message);
  const json body = {
      {"apiVersion", "v1"},
      {"kind", "Secret"},
      {"metadata", {{"name", evidenceKeyName}, {"namespace", ns_}}},
      {"type", "Opaque"},
      {"stringData", {{keyField, key->privatePem()}, {publicField, key->publicKey().pem()}}}};
  const auto made = kube::write(transport_, kube::create(resources::secrets, ns_, body.dump()), stop);
  if (!made) return tl::unexpected(made.error());
  log::info("evidence key made", {{"fingerprint", key->publicKey().fingerprint()}});
  return {};
}

ApiResult<std::optional<EvidenceStore::Chunk>> EvidenceStore::chunk(const std::string& name,
                                                                   std::stop_token stop) {
  Chunk chunk;
  const auto read = kube::readJson(
      transport_, kube::get(resources::configMaps, {ns_, name}), stop,
      [&](simdjson::dom::element object) -> Result<void> {
        std::string_view uid;
        simdjson::dom::object annotations;
        if (object.at_pointer("/metadata/annotations").get(annotations) == simdjson::SUCCESS &&
            annotations[evidence::orderUidAnnotation].get(uid) == simdjson::SUCCESS) {
          chunk.uid = uid;
        }
        chunk.version = textAt(object, "/metadata/resourceVersion");
        chunk.text = textAt(object, fmt::format("/data/{}", evidence::chunkKey).c_str());
        bool immutable = false;
        chunk.full = object["immutable"].get(immutable) == simdjson::SUCCESS && immutable;
        return {};
      });
  if (!read && read.error().kind == ApiError::Kind::NotFound) return std::nullopt;
  if (!read) return tl::unexpected(read.error());
  return chunk;
}

ApiResult<EvidenceChain> EvidenceStore::load(
    const std::string& order, const std::string& uid, const evidence::Known& known,
    const std::function<void(const evidence::Record&)>& each, std::stop_token stop) {
  EvidenceChain chain;
  chain.base = order + "-evidence";
  auto next = chunk(chain.base, stop);
  // An earlier order of that name left its evidence, which may have been deleted since.
  if (next && !(*next && (*next)->uid == uid)) {
    const auto apart = fmt::format("{}-evidence-{}", order, uid.substr(0, 8));
    auto ours = chunk(apart, stop);
    if (!ours || *ours || *next) {
      chain.base = apart;
      next = std::move(ours);
    }
  }
  std::string all;
  while (next && *next) {
    if ((*next)->uid != uid) {
      return refuseChain(
          fmt::format("ConfigMap {}/{} is not the evidence of this order: move it away", ns_,
                      evidence::chunkName(chain.base, chain.chunk + 1)));
    }
    ++chain.chunk;
    chain.chunkText = std::move((*next)->text);
    chain.chunkVersion = (*next)->version;
    chain.chunkFull = (*next)->full;
    all += chain.chunkText;
    if (chain.chunk > maxChunks) return refuseChain("there are more than 1000 chunks of evidence");
    next = chunk(evidence::chunkName(chain.base, chain.chunk + 1), stop);
  }
  if (!next) return tl::unexpected(next.error());
  if (chain.chunk == 0 && known.records == 0) return chain;
  const auto verdict = evidence::verify(all, known, each);
  if (!verdict.good()) {
    return refuseChain(
        fmt::format("the evidence in ConfigMap {}/{} is not what was written: {}; restore it from a "
                    "backup, or delete the order",
                    ns_, chain.base, verdict.findings.front().str()));
  }
  chain.tail = {verdict.records, verdict.head, verdict.keys.back(), verdict.closed};
  chain.digests = verdict.digests;
  chain.root = evidence::rootOf(chain.digests);
  return chain;
}

ApiResult<void> EvidenceStore::append(EvidenceChain& chain, const std::string& order,
                                      const std::string& uid,
                                      const std::vector<evidence::Entry>& entries,
                                      std::stop_token stop) {
  if (entries.empty()) return {};
  const auto keys = this->keys(stop);
  if (!keys) return tl::unexpected(keys.error());
  evidence::Sealed batch{"", chain.tail};
  for (const auto& entry : entries) {
    const auto sealed = evidence::append(batch.tail, {entry}, keys->current,
                                         keys->previous ? &*keys->previous : nullptr);
    if (!sealed) return refuse(sealed.error().message);
    if (!evidence::fits(batch.lines.size(), sealed->lines)) {
      if (auto done = put(chain, order, uid, batch, stop); !done) return done;
      batch.lines.clear();
    }
    batch.lines += sealed->lines;
    batch.tail = sealed->tail;
  }
  return put(chain, order, uid, batch, stop);
}

ApiResult<void> EvidenceStore::put(EvidenceChain& chain, const std::string& order,
                                   const std::string& uid, const evidence::Sealed& sealed,
                                   std::stop_token stop) {
  const bool fits = chain.chunk > 0 && !chain.chunkFull &&
                    evidence::fits(chain.chunkText.size(), sealed.lines);
  const auto name = evidence::chunkName(chain.base, std::max(chain.chunk, 1));
  const auto patch = [&](json change) {
    change["metadata"]["resourceVersion"] = chain.chunkVersion;
    return kube::write(transport_,
                       kube::mergePatch(resources::configMaps, {ns_, name}, change.dump()), stop);
  };
  if (fits) {
    json change = {{"data", {{evidence::chunkKey, chain.chunkText + sealed.lines}}}};
    if (sealed.tail.closed) change["immutable"] = true;
    const auto written = patch(std::move(change));
    if (!written) return tl::unexpected(written.error());
    chain.chunkText += sealed.lines;
    chain.chunkVersion = written->resourceVersion;
  } else {
    if (chain.chunk > 0 && !chain.chunkFull) {
      const auto finished = patch({{"immutable", true}});
      if (!finished) return tl::unexpected(finished.error());
    }
    const auto next = evidence::chunkName(chain.base, chain.chunk + 1);
    json body = {{"apiVersion", "v1"},
                 {"kind", "ConfigMap"},
                 {"metadata",
                  {{"name", next},
                   {"namespace", ns_},
                   {"labels", {{api::names::managedByLabel, api::names::managedBy},
                               {evidence::chunkLabel, "true"}}},
                   {"annotations",
                    {{evidence::orderAnnotation, order}, {evidence::orderUidAnnotation, uid}}}}},
                 {"data", {{evidence::chunkKey, sealed.lines}}}};
    if (sealed.tail.closed) body["immutable"] = true;
    const auto made =
        kube::write(transport_, kube::create(resources::configMaps, ns_, body.dump()), stop);
    if (!made) return tl::unexpected(made.error());
    ++chain.chunk;
    chain.chunkText = sealed.lines;
    chain.chunkVersion = made->resourceVersion;
  }
  chain.chunkFull = sealed.tail.closed;
  chain.tail = sealed.tail;
  for (std::string_view rest = sealed.lines; !rest.empty();) {
    const auto end = rest.find('\n');
    chain.digests.push_back(evidence::digestOf(rest.substr(0, end)));
    rest.remove_prefix(end + 1);
  }
  chain.root = evidence::rootOf(chain.digests);
  return {};
}

ApiResult<void> EvidenceStore::countersign(evidence::Countersignature& one, std::stop_token stop) {
  const auto keys = this->keys(stop);
  if (!keys) return tl::unexpected(keys.error());
  one.key = keys->current.publicKey().hex();
  one.signature = keys->current.sign(evidence::statementOf(one));
  return {};
}

}  // namespace bailiwick::reconcile
