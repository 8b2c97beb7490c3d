#pragma once
// Events, lists and objects as an API server writes them.

#include <string>
#include <vector>

namespace bailiwick::kube::test {

inline std::string object(const std::string& name, int version, const std::string& extra = "") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"ns","uid":"uid-)" + name +
         R"(","resourceVersion":")" + std::to_string(version) + R"("})" +
         (extra.empty() ? "" : "," + extra) + "}";
}

inline std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}";
}
inline std::string added(const std::string& name, int version) {
  return event("ADDED", object(name, version));
}
inline std::string modified(const std::string& name, int version) {
  return event("MODIFIED", object(name, version));
}
inline std::string deleted(const std::string& name, int version) {
  return event("DELETED", object(name, version));
}
inline std::string bookmark(int version, bool endsInitialEvents = false) {
  return R"({"type":"BOOKMARK","object":{"kind":"Thing","metadata":{"resourceVersion":")" +
         std::to_string(version) + "\"" +
         (endsInitialEvents ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "") +
         "}}}";
}

inline std::string status(int code, const std::string& reason, const std::string& message = "no") {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":")" +
         message + R"(","reason":")" + reason + R"(","code":)" + std::to_string(code) + "}";
}

inline std::string listOf(int version, const std::vector<std::string>& items,
                          const std::string& continueToken = "") {
  std::string out = R"({"kind":"ThingList","apiVersion":"v1","metadata":{"resourceVersion":")" +
                    std::to_string(version) + R"(","continue":")" + continueToken +
                    R"("},"items":[)";
  for (std::size_t i = 0; i < items.size(); ++i) out += (i ? "," : "") + items[i];
  return out + "]}";
}

}  // namespace bailiwick::kube::test
