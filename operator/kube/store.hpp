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

// A key that is only looked up.
struct KeyView {
  std::string_view ns, name;
};

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
  Ptr get(const api::Key& key) const { return find(KeyView{key.ns, key.name}); }
  Ptr find(KeyView key) const {
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

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Ptr& object) const { return KeyHash{}(object->meta.key); }
    std::size_t operator()(KeyView key) const { return KeyHash::hash(key.ns, key.name); }
  };
  struct Equal {
    using is_transparent = void;
    static KeyView view(const Ptr& object) { return {object->meta.key.ns, object->meta.key.name}; }
    static KeyView view(KeyView key) { return key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      const KeyView x = view(a), y = view(b);
      return x.name == y.name && x.ns == y.ns;
    }
  };
  using Set = std::unordered_set<Ptr, Hash, Equal>;

  // The writer's side.
  void put(Ptr object) {
    std::unique_lock lock(mutex_);
    ++revision_;
    putInto(objects_, std::move(object));
  }
  void erase(KeyView key) {
    std::unique_lock lock(mutex_);
    if (eraseFrom(objects_, key)) ++revision_;
  }
  // Takes the whole new set at once and hands back the old one.
  Set replace(Set objects) {
    std::unique_lock lock(mutex_);
    ++revision_;
    std::swap(objects_, objects);
    return objects;
  }
  // Without the lock: nobody but the writer changes it.
  const Set& contents() const { return objects_; }

  static void putInto(Set& set, Ptr object) {
    const auto [it, fresh] = set.insert(object);
    if (fresh) return;
    auto node = set.extract(it);
    node.value() = std::move(object);
    set.insert(std::move(node));
  }
  static bool eraseFrom(Set& set, KeyView key) {
    const auto it = set.find(key);
    if (it == set.end()) return false;
    set.erase(it);
    return true;
  }

 private:
  mutable std::shared_mutex mutex_;
  Set objects_;
  std::uint64_t revision_ = 0;
};

}  // namespace bailiwick::kube
