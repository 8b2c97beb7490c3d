#include "kube/request.hpp"

#include <nlohmann/json.hpp>

#include "api/labels.hpp"

namespace bailiwick::kube {
namespace {

constexpr char json[] = "application/json";
constexpr char mergePatchType[] = "application/merge-patch+json";
constexpr char applyPatchType[] = "application/apply-patch+yaml";

std::string groupPath(std::string_view group, std::string_view version) {
  return group.empty() ? "/api/" + percentEncode(version)
                       : "/apis/" + percentEncode(group) + "/" + percentEncode(version);
}

std::string collectionPath(const Resource& resource, std::string_view ns) {
  std::string path = groupPath(resource.group, resource.version);
  if (resource.namespaced && !ns.empty()) path += "/namespaces/" + percentEncode(ns);
  return path + "/" + percentEncode(resource.plural);
}

std::string objectPath(const Resource& resource, const api::Key& key,
                       std::string_view subresource = "") {
  std::string path = collectionPath(resource, key.ns) + "/" + percentEncode(key.name);
  if (!subresource.empty()) path += "/" + percentEncode(subresource);
  return path;
}

void addIfSet(Request::Pairs& query, std::string name, const std::string& value) {
  if (!value.empty()) query.emplace_back(std::move(name), value);
}

Request writing(Method method, std::string path, std::string body, std::string contentType) {
  Request request;
  request.method = method;
  request.path = std::move(path);
  request.query = {{"fieldManager", api::names::fieldManager}, {"fieldValidation", "Strict"}};
  request.body = std::move(body);
  request.contentType = std::move(contentType);
  return request;
}

std::string_view propagationName(Propagation propagation) {
  switch (propagation) {
    case Propagation::Foreground:
      return "Foreground";
    case Propagation::Orphan:
      return "Orphan";
    case Propagation::Background:
      break;
  }
  return "Background";
}

}  // namespace

std::string_view methodName(Method method) {
  switch (method) {
    case Method::Post:
      return "POST";
    case Method::Patch:
      return "PATCH";
    case Method::Delete:
      return "DELETE";
    case Method::Get:
      break;
  }
  return "GET";
}

std::string percentEncode(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

std::string Request::target() const {
  std::string out = path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    out += separator + percentEncode(name) + "=" + percentEncode(value);
    separator = '&';
  }
  return out;
}

Request list(const Resource& resource, std::string_view ns, const ListOptions& options) {
  Request request;
  request.path = collectionPath(resource, ns);
  if (options.limit > 0) request.query.emplace_back("limit", std::to_string(options.limit));
  addIfSet(request.query, "continue", options.continueToken);
  addIfSet(request.query, "labelSelector", options.labelSelector);
  addIfSet(request.query, "fieldSelector", options.fieldSelector);
  addIfSet(request.query, "resourceVersion", options.resourceVersion);
  addIfSet(request.query, "resourceVersionMatch", options.resourceVersionMatch);
  request.deadline = deadline::list;
  return request;
}

Request watch(const Resource& resource, std::string_view ns, const WatchOptions& options) {
  Request request;
  request.path = collectionPath(resource, ns);
  request.query = {{"watch", "true"}, {"allowWatchBookmarks", "true"}};
  if (options.sendInitialEvents) {
    request.query.emplace_back("sendInitialEvents", "true");
    request.query.emplace_back("resourceVersionMatch", "NotOlderThan");
  }
  request.query.emplace_back("timeoutSeconds", std::to_string(options.timeout.count()));
  addIfSet(request.query, "resourceVersion", options.resourceVersion);
  addIfSet(request.query, "labelSelector", options.labelSelector);
  addIfSet(request.query, "fieldSelector", options.fieldSelector);
  return request;
}

Request get(const Resource& resource, const api::Key& key) {
  Request request;
  request.path = objectPath(resource, key);
  return request;
}

Request create(const Resource& resource, std::string_view ns, std::string body) {
  return writing(Method::Post, collectionPath(resource, ns), std::move(body), json);
}

Request apply(const Resource& resource, const api::Key& key, std::string body, Force force,
              std::string_view subresource) {
  Request request = writing(Method::Patch, objectPath(resource, key, subresource), std::move(body),
                            applyPatchType);
  if (force == Force::Yes) request.query.emplace_back("force", "true");
  return request;
}

Request mergePatch(const Resource& resource, const api::Key& key, std::string body,
                   std::string_view subresource) {
  return writing(Method::Patch, objectPath(resource, key, subresource), std::move(body),
                 mergePatchType);
}

Request statusPatch(const Resource& resource, const api::Key& key, std::string body) {
  return mergePatch(resource, key, std::move(body), "status");
}

Preconditions::Preconditions(std::string uid, std::string resourceVersion)
    : uid_(std::move(uid)), resourceVersion_(std::move(resourceVersion)) {}

Result<Preconditions> Preconditions::of(std::string uid, std::string resourceVersion) {
  if (uid.empty() || resourceVersion.empty()) {
    return fail("a deletion needs the uid and the resourceVersion of the object that was seen");
  }
  return Preconditions(std::move(uid), std::move(resourceVersion));
}

Result<Preconditions> Preconditions::of(const api::ObjectMeta& meta) {
  return of(meta.uid, meta.resourceVersion);
}

Request deleteObject(const Resource& resource, const api::Key& key,
                     const Preconditions& preconditions, const DeleteOptions& options) {
  nlohmann::json body = {
      {"kind", "DeleteOptions"},
      {"apiVersion", "v1"},
      {"propagationPolicy", propagationName(options.propagation)},
      {"preconditions",
       {{"uid", preconditions.uid()}, {"resourceVersion", preconditions.resourceVersion()}}}};
  if (options.gracePeriod) body["gracePeriodSeconds"] = options.gracePeriod->count();
  Request request;
  request.method = Method::Delete;
  request.path = objectPath(resource, key);
  request.body = body.dump();
  request.contentType = json;
  return request;
}

}  // namespace bailiwick::kube
