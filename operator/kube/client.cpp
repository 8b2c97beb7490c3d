#include "kube/client.hpp"

#include <utility>

namespace bailiwick::kube {
namespace {

std::string text(const simdjson::dom::object& object, std::string_view field) {
  std::string_view value;
  return object[field].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

Result<Written> writtenOf(simdjson::dom::element element) {
  simdjson::dom::object object, metadata;
  if (element.get(object) != simdjson::SUCCESS) return fail("no object");
  Written out;
  if (text(object, "kind") == "Status") {  // of a deletion that is complete
    simdjson::dom::object details;
    if (object["details"].get(details) == simdjson::SUCCESS) out.uid = text(details, "uid");
    return out;
  }
  if (object["metadata"].get(metadata) != simdjson::SUCCESS) return fail("no metadata");
  out.uid = text(metadata, "uid");
  out.resourceVersion = text(metadata, "resourceVersion");
  if (metadata["generation"].get(out.generation) != simdjson::SUCCESS) out.generation = 0;
  if (out.resourceVersion.empty()) return fail("no resourceVersion");
  return out;
}

}  // namespace

ApiResult<Response> perform(Transport& transport, const Request& request, std::stop_token stop) {
  auto response = transport.send(request, std::move(stop));
  if (!response) return tl::unexpected(toApiError(response.error()));
  const int status = response->head.status;
  if (status < 200 || status >= 300) {
    return tl::unexpected(toApiError(response->head, response->body));
  }
  return *std::move(response);
}

ApiResult<void> readJson(Transport& transport, const Request& request, std::stop_token stop,
                         const std::function<Result<void>(simdjson::dom::element)>& visit) {
  const auto response = perform(transport, request, std::move(stop));
  if (!response) return tl::unexpected(response.error());
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (response->head.contentType != "application/json" ||
      parser.parse(response->body).get(element) != simdjson::SUCCESS) {
    return tl::unexpected(malformed(response->head, "the answer is no JSON"));
  }
  if (auto done = visit(element); !done) {
    return tl::unexpected(malformed(response->head, done.error().message));
  }
  return {};
}

ApiResult<Written> write(Transport& transport, const Request& request, std::stop_token stop) {
  Written out;
  auto done = readJson(transport, request, std::move(stop), [&](simdjson::dom::element element) {
    return writtenOf(element).map([&](Written written) { out = std::move(written); });
  });
  if (!done) return tl::unexpected(done.error());
  return out;
}

}  // namespace bailiwick::kube
