#pragma once
// How much an informer may hold of a server that is not trusted: what would go beyond is left out.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>

namespace simdjson::dom {
class element;
}

namespace bailiwick::kube {

// What an object costs: its JSON, and what is made of its maps and list entries, for which a text of
// two or three characters is enough.
std::size_t weightOf(simdjson::dom::element object);

class Budget {
 public:
  struct Limits {
    std::size_t objects = std::numeric_limits<std::size_t>::max();
    std::size_t bytes = std::numeric_limits<std::size_t>::max();  // as weightOf counts them
  };

  explicit Budget(Limits limits) : limits_(limits) {}

  // Between begun() and complete() or discarded() a new full set is counted instead, and the present
  // one stays counted for itself.
  void begun();
  void complete();
  void discarded();
  // Whether an object of this size may be kept, in the place of what was kept under its name.
  bool keep(std::string_view ns, std::string_view name, std::size_t bytes);
  void drop(std::string_view ns, std::string_view name);

  std::size_t objects() const { return now_.sizes.size(); }
  std::size_t bytes() const { return now_.bytes; }

 private:
  struct Set {
    std::unordered_map<std::string, std::size_t> sizes;
    std::size_t bytes = 0;
  };
  Set& current() { return staging_ ? next_ : now_; }

  Limits limits_;
  bool staging_ = false;
  Set now_, next_;
};

}  // namespace bailiwick::kube
