#include "plugin/exit_orders.hpp"

#include <fmt/format.h>

#include "api/decode.hpp"
#include "evidence/chunk.hpp"
#include "kube/line_splitter.hpp"

namespace bailiwick::plugin {
namespace {

using Kind = kube::ApiError::Kind;
namespace resources = kube::resources;

constexpr std::size_t maxEvent = 8 << 20;
constexpr auto silence = std::chrono::minutes(6);  // bookmarks come about once a minute

// The events of a watch on one order.
class Events final : public kube::StreamSink {
 public:
  explicit Events(const std::function<bool(const api::ExitOrder&)>& seen) : seen_(seen) {}

  bool onHead(const kube::ResponseHead& head) override {
    status_ = head.status;
    return status_ == 200;
  }
  bool onChunk(std::string_view bytes) override {
    const auto outcome = lines_.feed(bytes, [&](std::string_view line) { return take(line); });
    return outcome == kube::LineSplitter::Outcome::Ok;
  }
  int status() const { return status_; }
  bool wantsMore() const { return wantsMore_; }
  bool deleted() const { return deleted_; }

 private:
  bool take(std::string_view line) {
    simdjson::dom::element event;
    std::string_view type;
    if (parser_.parse(line.data(), line.size(), false).get(event) != simdjson::SUCCESS ||
        event["type"].get(type) != simdjson::SUCCESS || type == "ERROR") {
      return false;
    }
    deleted_ = type == "DELETED";
    if (type != "ADDED" && type != "MODIFIED") return !deleted_;
    simdjson::dom::element object;
    if (event["object"].get(object) != simdjson::SUCCESS) return false;
    const auto order = api::decodeExitOrder(object);
    if (order) wantsMore_ = seen_(*order);
    return wantsMore_;
  }

  const std::function<bool(const api::ExitOrder&)>& seen_;
  kube::LineSplitter lines_{maxEvent};
  simdjson::dom::parser parser_;
  int status_ = 0;
  bool wantsMore_ = true, deleted_ = false;
};

struct Chunk {
  bool found = false;
  std::string text;
};

Outcome<Chunk> readChunk(Cluster& cluster, const api::Key& key, std::stop_token stop) {
  Chunk chunk;
  const auto pointer = fmt::format("/data/{}", evidence::chunkKey);
  const auto read = kube::readJson(
      cluster.transport(), kube::get(resources::configMaps, key), std::move(stop),
      [&](simdjson::dom::element json) -> Result<void> {
        std::string_view text;
        if (json.at_pointer(pointer).get(text) != simdjson::SUCCESS) {
          return fail(fmt::format("it has no {}", evidence::chunkKey));
        }
        chunk = {true, std::string(text)};
        return {};
      });
  if (!read && read.error().kind == Kind::NotFound) return chunk;
  if (!read) {
    return tl::unexpected(cluster.failure(read.error(), "get ConfigMap " + key.str()));
  }
  return chunk;
}

}  // namespace

Outcome<api::ExitOrder> readOrder(Cluster& cluster, const std::string& name,
                                  std::stop_token stop) {
  auto order = kube::read<api::ExitOrder>(cluster.transport(),
                                          kube::get(resources::exitOrders, {"", name}),
                                          std::move(stop), api::decodeExitOrder);
  if (!order) return tl::unexpected(cluster.failure(order.error(), "get ExitOrder " + name));
  return *std::move(order);
}

Outcome<void> followOrder(Cluster& cluster, const std::string& name, std::stop_token stop,
                          const std::function<bool(const api::ExitOrder&)>& seen) {
  while (!stop.stop_requested()) {
    const auto order = readOrder(cluster, name, stop);
    if (!order) return tl::unexpected(order.error());
    if (!seen(*order)) return {};
    auto request = kube::watch(resources::exitOrders, "", {"", "metadata.name=" + name,
                                                           order->meta.resourceVersion});
    Events events(seen);
    const auto done = cluster.transport().stream(request, events, silence, stop);
    if (stop.stop_requested() || !events.wantsMore()) return {};
    if (events.deleted()) return finding(fmt::format("ExitOrder {} was deleted", name));
    if (!done) return tl::unexpected(cluster.failure(kube::toApiError(done.error()), "watch it"));
    if (events.status() == 403) {
      return unreachable(fmt::format("you may not watch ExitOrders: leave --watch out"));
    }
  }
  return {};
}

Outcome<Evidence> readEvidence(Cluster& cluster, const std::string& order,
                               const std::string& systemNamespace, std::stop_token stop) {
  Evidence evidence;
  auto base = order + "-evidence";
  const auto object = readOrder(cluster, order, stop);
  if (!object && object.error().code != Exit::Finding) return tl::unexpected(object.error());
  if (object && object->status.evidence) {
    const auto& published = *object->status.evidence;
    base = published.configMap;
    evidence.known.head = published.head;
    evidence.known.records = static_cast<std::uint64_t>(published.records);
  }
  for (int number = 1;; ++number) {
    const api::Key key{systemNamespace, evidence::chunkName(base, number)};
    auto chunk = readChunk(cluster, key, stop);
    if (!chunk) return tl::unexpected(chunk.error());
    if (!chunk->found) break;
    evidence.lines += chunk->text;
  }
  if (evidence.lines.empty()) {
    return finding(fmt::format("there is no evidence of {}: no ConfigMap {} in namespace {}", order,
                               base, systemNamespace));
  }
  return evidence;
}

Outcome<std::vector<evidence::Countersignature>> readCountersignatures(Cluster& cluster,
                                                                       const std::string& order,
                                                                       const std::string& head,
                                                                       std::stop_token stop) {
  std::vector<evidence::Countersignature> all;
  const auto read = cluster.list(
      resources::regions, {}, std::move(stop), [&](simdjson::dom::element json) -> Result<void> {
        const auto region = api::decodeRegion(json);
        if (!region) return tl::unexpected(region.error());
        for (const auto& one : region->status.evidenceHeads) {
          if (one.order != order || one.head != head) continue;
          for (const auto& signature : one.signatures) {
            all.push_back({region->meta.key.name, order, static_cast<std::uint64_t>(one.records),
                           one.head, one.root, signature.region, signature.key,
                           signature.signature});
          }
        }
        return {};
      });
  if (!read) return tl::unexpected(read.error());
  return all;
}

}  // namespace bailiwick::plugin
