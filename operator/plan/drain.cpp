#include "plan/drain.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <set>

#include "api/labels.hpp"

namespace bailiwick::plan {
namespace {

constexpr char sidecarName[] = "engine-sidecar";
constexpr std::int64_t mostRequests = 1'000'000'000;

}  // namespace

Result<api::DrainCount> parseDrainReport(std::string_view message) {
  const auto wrong = [] { return fail("the sidecar's termination message is no drain report"); };
  if (message.size() > api::maxLastWords) return wrong();
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const simdjson::padded_string padded(message);
  if (parser.parse(padded).get(object) != simdjson::SUCCESS) return wrong();
  api::DrainCount count;
  std::set<std::string_view> seen;
  for (const auto field : object) {
    int* const to = field.key == "inFlightAtDrain" ? &count.inFlightAtDrain
                    : field.key == "completed"     ? &count.completed
                    : field.key == "cut"           ? &count.cut
                                                   : nullptr;
    std::int64_t value = -1;
    if (!to || !seen.insert(field.key).second || field.value.get(value) != simdjson::SUCCESS ||
        value < 0 || value > mostRequests) {
      return wrong();
    }
    *to = static_cast<int>(value);
  }
  if (seen.size() != 3) return wrong();
  if (std::int64_t{count.completed} + count.cut != count.inFlightAtDrain) {
    return fail(fmt::format("the sidecar's drain report does not add up: {} in flight, {} completed, "
                            "{} cut", count.inFlightAtDrain, count.completed, count.cut));
  }
  return count;
}

std::optional<Drained> drainedOf(const api::Pod& pod) {
  if (!pod.meta.deleted) return std::nullopt;
  for (const auto& container : pod.containers) {
    if (container.name != sidecarName || !container.ended) continue;
    const auto count = parseDrainReport(container.lastWords);
    if (count) return Drained{*count, ""};
    if (pod.finalDelete) return Drained{std::nullopt, count.error().message};
  }
  if (!pod.finalDelete) return std::nullopt;
  return Drained{std::nullopt, pod.node.empty() ? "it never ran on a node"
                                                : "it ended without a report of its sidecar"};
}

bool holdsReport(const api::Pod& pod) {
  const auto& all = pod.meta.finalizers;
  return pod.meta.deleted &&
         std::find(all.begin(), all.end(), api::names::drainReportFinalizer) != all.end();
}

}  // namespace bailiwick::plan
