#include "reconcile/memory_api.hpp"

#include <algorithm>
#include <set>

#include "kube/support/fake_transport.hpp"

namespace bailiwick::testing {
namespace {

using kube::Method;
using kube::Request;
using kube::Response;
using nlohmann::json;

Response jsonAnswer(int code, const json& body) {
  return kube::test::jsonResponse(code, body.dump());
}

// "/api/v1/pods" lists what is under "/api/v1/pods/" and "/api/v1/namespaces/NS/pods/".
bool lists(const std::string& collection, const std::string& path) {
  const auto slash = path.rfind('/');
  const auto parent = path.substr(0, slash);
  if (parent == collection) return true;
  const auto kind = collection.rfind('/');
  const auto prefix = collection.substr(0, kind) + "/namespaces/";
  return parent.starts_with(prefix) && parent.ends_with(collection.substr(kind)) &&
         std::count(parent.begin() + static_cast<std::ptrdiff_t>(prefix.size()), parent.end(),
                    '/') == 1;
}

std::string base64(const std::string& text) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      const bool given = i + j <= text.size();
      out += given ? digits[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return out;
}

}  // namespace

kube::Response statusResponse(int code, const std::string& reason, const std::string& message) {
  return jsonAnswer(code, {{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Failure"},
                           {"message", message}, {"reason", reason}, {"code", code}});
}

void MemoryApi::store(const std::string& path, json object) {
  const auto before = objects_.find(path);
  const bool isNew = before == objects_.end();
  auto& meta = object["metadata"];
  if (!isNew) {
    auto same = object;
    same["metadata"]["resourceVersion"] = before->second["metadata"]["resourceVersion"];
    if (same == before->second) return;
  }
  const auto name = path.substr(path.rfind('/') + 1);
  if (!meta.contains("name")) meta["name"] = name;
  if (!meta.contains("uid")) meta["uid"] = "uid-" + std::to_string(std::hash<std::string>()(path));
  if (!meta.contains("creationTimestamp")) meta["creationTimestamp"] = "2026-11-22T09:00:00Z";
  meta["resourceVersion"] = std::to_string(++version_);
  if (object.contains("spec")) {
    const bool changes = isNew || before->second.value("spec", json()) != object["spec"];
    meta["generation"] = meta.value("generation", 0) + (changes ? 1 : 0);
  }
  objects_[path] = object;
  changes_.push_back({path, isNew ? "ADDED" : "MODIFIED", std::move(object)});
  changed_.notify_all();
}

void MemoryApi::put(const std::string& path, json object) {
  const std::lock_guard lock(mutex_);
  store(path, std::move(object));
}

void MemoryApi::erase(const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto object = objects_.at(path);
  objects_.erase(path);
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  changes_.push_back({path, "DELETED", std::move(object)});
  changed_.notify_all();
}

void MemoryApi::holdWatches(bool hold) {
  const std::lock_guard lock(mutex_);
  held_ = hold;
  changed_.notify_all();
}

json MemoryApi::get(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto object = objects_.find(path);
  return object == objects_.end() ? json() : object->second;
}

std::vector<std::string> MemoryApi::writes() const {
  const std::lock_guard lock(mutex_);
  return writes_;
}

int MemoryApi::writesOf(const std::string& method, const std::string& path) const {
  const auto all = writes();
  return static_cast<int>(std::count(all.begin(), all.end(), method + " " + path));
}

MemoryApi::Answer MemoryApi::remove(const Request& request) {
  const std::lock_guard lock(mutex_);
  const auto object = objects_.find(request.path);
  if (object == objects_.end()) return statusResponse(404, "NotFound", "not found");
  const auto wanted = json::parse(request.body).at("preconditions");
  for (const char* field : {"uid", "resourceVersion"}) {
    if (wanted.at(field) != object->second["metadata"][field]) {
      return statusResponse(409, "Conflict", std::string("precondition: ") + field);
    }
  }
  auto gone = object->second;
  objects_.erase(object);
  gone["metadata"]["resourceVersion"] = std::to_string(++version_);
  changes_.push_back({request.path, "DELETED", gone});
  changed_.notify_all();
  return jsonAnswer(200, gone);
}

MemoryApi::Answer MemoryApi::create(const Request& request) {
  auto object = json::parse(request.body);
  if (object.value("kind", "") == "SelfSubjectAccessReview") {
    object["status"] = {{"allowed", allows}};
    object["metadata"] = {{"resourceVersion", "1"}};
    return jsonAnswer(201, object);
  }
  const std::lock_guard lock(mutex_);
  const auto path = request.path + "/" + object.at("metadata").at("name").get<std::string>();
  if (objects_.contains(path)) return statusResponse(409, "AlreadyExists", "already exists");
  if (object.contains("stringData")) {
    for (const auto& [key, value] : object["stringData"].items()) {
      object["data"][key] = base64(value.get<std::string>());
    }
    object.erase("stringData");
  }
  store(path, object);
  return jsonAnswer(201, objects_.at(path));
}

MemoryApi::Answer MemoryApi::write(const Request& request) {
  if (request.method == Method::Delete) return remove(request);
  if (request.method == Method::Post) return create(request);
  const std::lock_guard lock(mutex_);
  auto path = request.path;
  const auto body = json::parse(request.body);
  if (path.ends_with("/status")) path.erase(path.size() - 7);
  const auto known = objects_.find(path);
  const bool apply = request.contentType.find("apply") != std::string::npos;
  if (known == objects_.end() && !apply) return statusResponse(404, "NotFound", "not found");
  auto object = known == objects_.end() ? json::object() : known->second;
  const auto version = body.value(json::json_pointer("/metadata/resourceVersion"), std::string());
  if (!apply && !version.empty() && version != object["metadata"]["resourceVersion"]) {
    return statusResponse(409, "Conflict", "the object has been modified");
  }
  auto patch = body;
  if (patch.contains("metadata")) patch["metadata"].erase("resourceVersion");
  // There is one manager: keys of such maps that it no longer names go.
  for (const char* map : {"data", "binaryData"}) {
    if (apply && patch.contains(map)) object.erase(map);
  }
  object.merge_patch(patch);
  store(path, object);
  return jsonAnswer(200, objects_.at(path));
}

kube::Response MemoryApi::read(const std::string& path) const {
  const auto object = get(path);
  if (!object.is_null()) return jsonAnswer(200, object);
  static const std::set<std::string> plurals = {"secrets", "persistentvolumeclaims"};
  if (!plurals.contains(path.substr(path.rfind('/') + 1))) {
    return statusResponse(404, "NotFound", "not found");
  }
  auto items = json::array();
  const std::lock_guard lock(mutex_);
  for (const auto& [at, one] : objects_) {
    if (lists(path, at)) items.push_back(one);
  }
  return jsonAnswer(200, {{"metadata", {{"resourceVersion", std::to_string(version_)}}},
                          {"items", std::move(items)}});
}

MemoryApi::Answer MemoryApi::send(const Request& request, std::stop_token) {
  if (!request.mutating()) {
    auto answered = read(request.path);
    if (date) answered.head.date = date();
    return answered;
  }
  {
    const std::lock_guard lock(mutex_);
    writes_.push_back(std::string(kube::methodName(request.method)) + " " + request.path);
  }
  if (answer) {
    if (auto own = answer(request)) return *own;
  }
  auto done = write(request);
  if (written) written(request);
  return done;
}

tl::expected<void, kube::TransportError> MemoryApi::stream(const Request& request,
                                                           kube::StreamSink& sink,
                                                           std::chrono::milliseconds,
                                                           std::stop_token stop) {
  if (!sink.onHead({200, "application/json", std::nullopt})) return {};
  std::unique_lock lock(mutex_);
  auto next = changes_.size();
  std::vector<json> events;
  for (const auto& [path, object] : objects_) {
    if (lists(request.path, path)) events.push_back({{"type", "ADDED"}, {"object", object}});
  }
  const auto bookmark = [&] {
    return json{{"type", "BOOKMARK"},
                {"object",
                 {{"metadata",
                   {{"resourceVersion", std::to_string(version_)},
                    {"annotations", {{"k8s.io/initial-events-end", "true"}}}}}}}};
  };
  events.push_back(bookmark());
  while (!stop.stop_requested()) {
    lock.unlock();
    for (const auto& event : events) {
      if (!sink.onChunk(event.dump() + "\n")) return {};
    }
    events.clear();
    lock.lock();
    if (!changed_.wait(lock, stop, [&] { return !held_ && next < changes_.size(); })) break;
    for (; next < changes_.size(); ++next) {
      const auto& change = changes_[next];
      if (!lists(request.path, change.path)) continue;
      events.push_back({{"type", change.type}, {"object", change.object}});
    }
  }
  return tl::unexpected(kube::TransportError{kube::TransportError::Kind::Cancelled, "cancelled"});
}

}  // namespace bailiwick::testing
