#pragma once
// The typed cache of one resource: one writer (its informer), many readers.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "api/meta.hpp"

namespace bailiwick::kube {

struct KeyHash {
  std::size_t operator()(const api::Key& key) const { return hash(key.ns, key.name); }
  static std::size_t hash(std::string_view ns, std::string_view name) {
    const std::hash<std::string_view> h;
    return h(name) * 31 + h(ns);
  }
};

// T has a member `meta` (api::ObjectMeta). Keys live in the objects only.
template <class T>
class Store {
 public:
  using Ptr = std::shared_ptr<const T>;

  // Nullptr when absent.
  Ptr get(const api::Key& key) const {
    std::shared_lock lock(mutex_);
    const auto it = objects_.find(key);
    return it == objects_.end() ? nullptr : *it;
  }

  // Every object as of one moment, in no particular order.
  std::vector<Ptr> snapshot() const {
    std::shared_lock lock(mutex_);
    return {objects_.begin(), objects_.end()};
  }

  // Under the lock: `f` must be quick and must not use the store.
  template <class F>
  void forEach(F&& f) const {
    std::shared_lock lock(mutex_);
    for (const auto& object : objects_) f(*object);
  }

  std::size_t size() const {
    std::shared_lock lock(mutex_);
    return objects_.size();
  }

  // Grows with every change: equal revisions mean equal contents.
  std::uint64_t revision() const {
    std::shared_lock lock(mutex_);
    return revision_;
  }

  // Writer's side. Each returns what was there before, or nullptr.
  Ptr put(Ptr object) {
    std::unique_lock lock(mutex_);
    ++revision_;
    Ptr old;
    if (const auto it = objects_.find(object->meta.key); it != objects_.end()) {
      old = *it;
      objects_.erase(it);
    }
    objects_.insert(std::move(object));
    return old;
  }

  Ptr erase(const api::Key& key) {
    std::unique_lock lock(mutex_);
    const auto it = objects_.find(key);
    if (it == objects_.end()) return nullptr;
    ++revision_;
    Ptr old = *it;
    objects_.erase(it);
    return old;
  }

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Ptr& object) const { return KeyHash{}(object->meta.key); }
    std::size_t operator()(const api::Key& key) const { return KeyHash{}(key); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Ptr& a, const Ptr& b) const { return a->meta.key == b->meta.key; }
    bool operator()(const Ptr& a, const api::Key& b) const { return a->meta.key == b; }
    bool operator()(const api::Key& a, const Ptr& b) const { return a == b->meta.key; }
  };
  using Set = std::unordered_set<Ptr, Hash, Equal>;

  // Takes the whole new set at once and hands back the old one.
  Set replace(Set objects) {
    std::unique_lock lock(mutex_);
    ++revision_;
    std::swap(objects_, objects);
    return objects;
  }

 private:
  mutable std::shared_mutex mutex_;
  Set objects_;
  std::uint64_t revision_ = 0;
};

}  // namespace bailiwick::kube
