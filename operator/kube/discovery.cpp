#include "kube/discovery.hpp"

namespace bailiwick::kube {

ApiResult<bool> listsResource(const Response& response, const Resource& resource) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array entries;
  if (response.head.contentType != "application/json" ||
      parser.parse(response.body).get(root) != simdjson::SUCCESS ||
      root["resources"].get(entries) != simdjson::SUCCESS) {
    return tl::unexpected(malformed(response.head, "the answer is no list of resources"));
  }
  for (const auto entry : entries) {
    std::string_view name;
    if (entry["name"].get(name) == simdjson::SUCCESS && name == resource.plural) return true;
  }
  return false;
}

ApiResult<bool> serves(Transport& transport, const Resource& resource, std::stop_token stop) {
  const auto response =
      transport.send(discoverResources(resource.group, resource.version), std::move(stop));
  if (!response) return tl::unexpected(toApiError(response.error()));
  // The API server's own 404 for an unknown group is plain text, not a Status.
  const auto& head = response->head;
  const bool unknown = head.contentType == "text/plain" || head.contentType == "application/json";
  if (head.status == 404 && unknown) return false;
  if (head.status != 200) return tl::unexpected(toApiError(head, response->body));
  return listsResource(*response, resource);
}

}  // namespace bailiwick::kube
