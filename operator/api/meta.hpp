#pragma once
// What every object carries, reduced to the fields we use.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/time.hpp"

namespace bailiwick::api {

// Sorted by key, keys unique. A flat vector: objects carry few of the labels that they have in the
// cluster, because decoders drop what nothing reads.
class Labels {
 public:
  using Entry = std::pair<std::string, std::string>;

  Labels() = default;
  Labels(std::initializer_list<Entry> entries);
  explicit Labels(std::vector<Entry> entries);

  // Nullptr when absent; an empty value is a value.
  const std::string* find(std::string_view key) const;
  bool has(std::string_view key, std::string_view value) const;
  bool containsAll(const Labels& other) const;
  void set(std::string key, std::string value);
  void erase(std::string_view key);

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  friend bool operator==(const Labels&, const Labels&) = default;

 private:
  std::vector<Entry> entries_;
};

struct Key {
  std::string ns;  // empty for cluster-scoped objects
  std::string name;
  friend auto operator<=>(const Key&, const Key&) = default;
  // "ns/name", or "name" for cluster-scoped objects.
  std::string str() const { return ns.empty() ? name : ns + "/" + name; }
};

struct ObjectMeta {
  Key key;
  std::string uid;
  std::string resourceVersion;
  std::int64_t generation = 0;
  Time created{};
  std::optional<Time> deleted;  // metadata.deletionTimestamp
  Labels labels;
  Labels annotations;
  std::vector<std::string> finalizers;
  std::string controllerUid;  // uid of the owner reference with controller: true, or empty
  friend bool operator==(const ObjectMeta&, const ObjectMeta&) = default;
};

// metav1.Condition. `since` is lastTransitionTime.
struct Condition {
  std::string type;
  std::string status;  // True | False | Unknown
  std::int64_t observedGeneration = 0;
  Time since{};
  std::string reason;
  std::string message;
  friend bool operator==(const Condition&, const Condition&) = default;
};

const Condition* findCondition(const std::vector<Condition>& conditions, std::string_view type);

}  // namespace bailiwick::api
