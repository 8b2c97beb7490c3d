#pragma once
// An API server in memory, as far as informers and the operator's writes ask for one: objects by
// path, watches with initial events, apply, merge patch and delete. A test may answer any request
// itself instead.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kube/transport.hpp"

namespace bailiwick::testing {

class MemoryApi final : public kube::Transport {
 public:
  using Answer = tl::expected<kube::Response, kube::TransportError>;

  // Called for every write; nothing: the write is carried out.
  std::function<std::optional<kube::Response>(const kube::Request&)> answer;

  // At "/apis/apps/v1/namespaces/team/deployments/a". Makes or replaces it.
  void put(const std::string& path, nlohmann::json object);
  void erase(const std::string& path);
  // From now on watches show nothing new, or again all that there is.
  void holdWatches(bool hold);
  // Null when absent.
  nlohmann::json get(const std::string& path) const;
  // "PATCH /apis/...": all writes so far, refused ones included.
  std::vector<std::string> writes() const;
  int writesOf(const std::string& method, const std::string& path) const;

  Answer send(const kube::Request& request, std::stop_token stop) override;
  tl::expected<void, kube::TransportError> stream(const kube::Request& request,
                                                  kube::StreamSink& sink,
                                                  std::chrono::milliseconds idle,
                                                  std::stop_token stop) override;

 private:
  struct Change {
    std::string path, type;
    nlohmann::json object;
  };
  Answer write(const kube::Request& request);
  Answer remove(const kube::Request& request);
  void store(const std::string& path, nlohmann::json object);

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, nlohmann::json> objects_;
  std::vector<Change> changes_;
  bool held_ = false;
  std::vector<std::string> writes_;
  int version_ = 100;
};

kube::Response statusResponse(int code, const std::string& reason, const std::string& message);

}  // namespace bailiwick::testing
