#include "serve/review.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "plan/conditions.hpp"

namespace bailiwick::serve {
namespace {

using simdjson::dom::element;

constexpr std::size_t maxUid = 128, maxWarning = 256, maxWarnings = 4096, maxMessage = 4096;
constexpr std::array<std::string_view, 5> kinds = {"ModelDeployment", "ModelPassport",
                                                   "SovereigntyPolicy", "Region", "ExitOrder"};

// The parser bounds the depth, so that this ends.
bool hasDuplicateKeys(element value) {
  simdjson::dom::array array;
  if (value.get(array) == simdjson::SUCCESS) {
    return std::any_of(array.begin(), array.end(), hasDuplicateKeys);
  }
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return false;
  std::vector<std::string_view> keys;
  for (const auto field : object) {
    if (hasDuplicateKeys(field.value)) return true;
    keys.push_back(field.key);
  }
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

std::string_view text(element object, std::string_view key) {
  std::string_view value;
  if (object[key].get(value) != simdjson::SUCCESS) return {};
  return value;
}

std::optional<element> present(element object, std::string_view key) {
  element value;
  if (object[key].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

Result<void> readKind(element request, ReviewRequest& out) {
  element kind;
  if (request["kind"].get(kind) != simdjson::SUCCESS || !kind.is_object()) {
    return fail("request.kind: is required");
  }
  out.kind = text(kind, "kind");
  const bool known = std::find(kinds.begin(), kinds.end(), out.kind) != kinds.end();
  if (!known || text(kind, "group") != "bailiwick.dev" || text(kind, "version") != "v1alpha1") {
    return fail("request.kind: only the kinds of bailiwick.dev/v1alpha1 are judged here");
  }
  return {};
}

Result<void> readOperation(element request, ReviewRequest& out) {
  const auto operation = text(request, "operation");
  if (operation == "CREATE") {
    out.operation = Operation::Create;
  } else if (operation == "UPDATE") {
    out.operation = Operation::Update;
  } else if (operation == "DELETE") {
    out.operation = Operation::Delete;
  } else {
    return fail("request.operation: must be CREATE, UPDATE or DELETE");
  }
  return {};
}

}  // namespace

Result<ReviewRequest> readReview(element document) {
  if (!document.is_object()) return fail("must be a JSON object");
  if (hasDuplicateKeys(document)) return fail("a key is given twice in one object");
  if (text(document, "apiVersion") != "admission.k8s.io/v1" ||
      text(document, "kind") != "AdmissionReview") {
    return fail("must be an AdmissionReview of admission.k8s.io/v1");
  }
  const auto request = present(document, "request");
  if (!request || !request->is_object()) return fail("request: is required");
  ReviewRequest out;
  out.uid = text(*request, "uid");
  if (out.uid.empty() || out.uid.size() > maxUid) {
    return fail(fmt::format("request.uid: must be a string of 1 to {} bytes", maxUid));
  }
  if (const auto read = readKind(*request, out); !read) return tl::unexpected(read.error());
  if (const auto read = readOperation(*request, out); !read) return tl::unexpected(read.error());
  out.subresource = !text(*request, "subResource").empty();
  out.object = present(*request, "object");
  out.oldObject = present(*request, "oldObject");
  return out;
}

std::string writeReview(std::string_view uid, const ReviewAnswer& answer) {
  nlohmann::json response = {{"uid", uid}, {"allowed", answer.allowed}};
  if (!answer.allowed) {
    response["status"] = {{"code", answer.code},
                          {"reason", answer.code == 403 ? "Forbidden" : "BadRequest"},
                          {"message", plan::shortened(answer.message, maxMessage)}};
  }
  auto warnings = nlohmann::json::array();
  std::size_t size = 0;
  for (const auto& warning : answer.warnings) {
    auto shown = plan::shortened(warning, maxWarning);
    size += shown.size();
    if (size > maxWarnings) break;
    warnings.push_back(std::move(shown));
  }
  if (!warnings.empty()) response["warnings"] = std::move(warnings);
  const nlohmann::json review = {{"apiVersion", "admission.k8s.io/v1"},
                                 {"kind", "AdmissionReview"},
                                 {"response", std::move(response)}};
  return review.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace bailiwick::serve
