#pragma once
// Makes the objects of a deployment as they are rendered: server-side apply where something differs,
// and nothing where nothing does.

#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <variant>

#include "kube/client.hpp"
#include "kube/expectations.hpp"
#include "reconcile/caches.hpp"
#include "render/render.hpp"

namespace bailiwick::reconcile {

// An object of that name exists and is not ours: the deployment does not control it, or it does by
// its owner reference alone, which any tenant can write.
struct NameTaken {
  std::string object;  // "Service assistant"
};

enum class Applied { Unchanged, Written };

class Applier {
 public:
  // All outlive this object.
  Applier(kube::Transport& transport, const Caches& caches, kube::Expectations& expectations);

  using Failure = std::variant<kube::ApiError, NameTaken>;
  // Unchanged where our last apply had the same body and nobody touched the object since. After a
  // start nothing is known of earlier applies, so each object is applied once.
  tl::expected<Applied, Failure> ensure(const api::ModelDeployment& owner,
                                        const render::Object& object, std::stop_token stop);

  // Deletes an object that is cached and controlled by the deployment; nothing otherwise.
  kube::ApiResult<void> remove(const api::ModelDeployment& owner, const kube::Resource& resource,
                               const api::Key& key, std::stop_token stop);

  // Forgets what was applied for a deployment that is gone.
  void forget(const api::Key& owner);

 private:
  struct Memory {
    std::size_t body = 0;
    std::string version;
  };
  using Objects = std::unordered_map<std::string, Memory>;

  // What of the name there is and is ours; nullopt where there is nothing.
  tl::expected<std::optional<api::ObjectMeta>, Failure> existing(const api::ModelDeployment& owner,
                                                                 const kube::Resource& resource,
                                                                 const render::Object& object,
                                                                 std::stop_token stop);

  kube::Transport& transport_;
  const Caches& caches_;
  kube::Expectations& expectations_;
  std::mutex mutex_;
  std::unordered_map<api::Key, Objects, kube::KeyHash> memory_;
};

// The resource of a rendered object. Every kind that render makes has one.
const kube::Resource& resourceOf(const render::Object& object);

}  // namespace bailiwick::reconcile
