#pragma once
// A position in a JSON document that knows how it was reached. Reads never throw: the first thing
// that is wrong is kept with its path, and reading goes on harmlessly. Internal to the decoders.

#include <simdjson.h>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/meta.hpp"
#include "api/result.hpp"
#include "api/time.hpp"

namespace bailiwick::api {

enum class Nulls {
  Refuse,  // our own kinds: a null where a law lists something must never fail open
  Absent,  // Kubernetes' own kinds: Go's encoder writes null for what is not there
};

// Collects the first problem of one decoding.
struct Decoding {
  Nulls nulls = Nulls::Refuse;
  std::string problem;
  bool failed() const { return !problem.empty(); }
};

struct IntRange {
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int32_t>::max();
};

class Cursor {
 public:
  // `name` begins every path: "spec".
  Cursor(simdjson::dom::element element, std::string_view name, Decoding& decoding)
      : element_(element), key_(name), decoding_(&decoding) {}
  // A child refers to its parent, so parents outlive their children.
  Cursor(simdjson::dom::element element, std::string_view key, const Cursor& parent)
      : element_(element), key_(key), parent_(&parent), decoding_(parent.decoding_) {}
  Cursor(simdjson::dom::element element, std::size_t index, const Cursor& parent)
      : element_(element), index_(index), parent_(&parent), decoding_(parent.decoding_) {}

  void read(std::string& out) const;
  void read(bool& out) const;
  void read(int& out, IntRange range = {}) const;
  void read(std::int64_t& out,
            IntRange range = {0, std::numeric_limits<std::int64_t>::max()}) const;
  void read(std::vector<std::string>& out) const;
  void read(Labels& out) const;  // an object of strings
  void read(Time& out) const;
  void read(std::optional<Time>& out) const;
  // Greater than zero unless `zero` is allowed.
  void read(Duration& out, bool zero = false) const;
  void readQuantity(std::int64_t& bytesOrUnits) const;
  // A Kubernetes quantity as text: a string, or the integer that some clients write.
  void readQuantityText(std::string& out) const;
  void readThousandths(std::int64_t& out, IntRange range) const;

  // A list whose elements `readOne(item, element)` reads.
  template <class T, class ReadOne>
  void readEach(std::vector<T>& out, ReadOne&& readOne) const {
    out.reserve(out.size() + count());
    items([&](const Cursor& item) { readOne(item, out.emplace_back()); });
  }

  // Calls `visit(key, value)` for each field of an object.
  template <class Visit>
  void fields(Visit&& visit) const {
    simdjson::dom::object object;
    if (element_.get(object) != simdjson::SUCCESS) return mustBe("an object");
    for (const simdjson::dom::key_value_pair field : object) {
      if (decoding_->nulls == Nulls::Absent && field.value.is_null()) continue;
      visit(field.key, Cursor(field.value, field.key, *this));
    }
  }

  // Calls `visit(value)` for each element of an array.
  template <class Visit>
  void items(Visit&& visit) const {
    simdjson::dom::array array;
    if (element_.get(array) != simdjson::SUCCESS) return mustBe("a list");
    std::size_t index = 0;
    for (const simdjson::dom::element item : array) visit(Cursor(item, index++, *this));
  }

  // Says that field `name` of this object is needed when `present` is false.
  void require(bool present, std::string_view name) const;
  void refuse(std::string_view reason) const;
  bool isNull() const { return element_.is_null(); }
  // Of a list its elements, of an object its fields; of anything else 0.
  std::size_t count() const;
  simdjson::dom::element element() const { return element_; }
  Decoding& decoding() const { return *decoding_; }

 private:
  void mustBe(std::string_view type) const;
  void appendPath(std::string& out) const;
  std::string_view text() const;  // refuses and returns "" when it is no string

  simdjson::dom::element element_;
  std::string_view key_;
  std::size_t index_ = 0;
  const Cursor* parent_ = nullptr;
  Decoding* decoding_;
};

}  // namespace bailiwick::api
