#include "api/json_cursor.hpp"

#include "api/quantity.hpp"

namespace bailiwick::api {
namespace {

std::string_view typeName(simdjson::dom::element element) {
  switch (element.type()) {
    case simdjson::dom::element_type::ARRAY:
      return "a list";
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::DOUBLE:
      return "a number";
    case simdjson::dom::element_type::STRING:
      return "a string";
    case simdjson::dom::element_type::BOOL:
      return "a boolean";
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
  }
  return "unknown";
}

}  // namespace

void Cursor::appendPath(std::string& out) const {
  if (parent_ != nullptr) parent_->appendPath(out);
  if (key_.data() == nullptr) {
    out.append("[").append(std::to_string(index_)).append("]");
    return;
  }
  if (!out.empty()) out.append(".");
  out.append(key_);
}

void Cursor::refuse(std::string_view reason) const {
  if (decoding_->failed()) return;
  std::string problem;
  appendPath(problem);
  decoding_->problem = problem.append(": ").append(reason);
}

void Cursor::mustBe(std::string_view type) const {
  refuse(std::string("must be ").append(type).append(", is ").append(typeName(element_)));
}

void Cursor::require(bool present, std::string_view name) const {
  if (present) return;
  Cursor(element_, name, *this).refuse("is required");
}

std::string_view Cursor::text() const {
  std::string_view value;
  if (element_.get(value) != simdjson::SUCCESS) mustBe("a string");
  return value;
}

void Cursor::read(std::string& out) const {
  out = text();
}

void Cursor::read(bool& out) const {
  if (element_.get(out) != simdjson::SUCCESS) mustBe("a boolean");
}

void Cursor::read(std::int64_t& out, IntRange range) const {
  std::int64_t value = 0;
  if (element_.get(value) != simdjson::SUCCESS) return mustBe("an integer");
  if (value < range.least || value > range.most) {
    return refuse("must be between " + std::to_string(range.least) + " and " +
                  std::to_string(range.most) + ", is " + std::to_string(value));
  }
  out = value;
}

void Cursor::read(int& out, IntRange range) const {
  std::int64_t value = out;
  read(value, range);
  out = static_cast<int>(value);
}

std::size_t Cursor::count() const {
  simdjson::dom::array array;
  simdjson::dom::object object;
  if (element_.get(array) == simdjson::SUCCESS) return array.size();
  return element_.get(object) == simdjson::SUCCESS ? object.size() : 0;
}

void Cursor::read(std::vector<std::string>& out) const {
  out.reserve(out.size() + count());
  items([&](const Cursor& item) { out.emplace_back(item.text()); });
}

void Cursor::read(Labels& out) const {
  std::vector<Labels::Entry> entries;
  entries.reserve(count());
  fields(
      [&](std::string_view key, const Cursor& value) { entries.emplace_back(key, value.text()); });
  out = Labels(std::move(entries));
}

void Cursor::read(Time& out) const {
  const Result<Time> time = parseTime(text());
  if (!time) return refuse(time.error().message);
  out = *time;
}

void Cursor::read(std::optional<Time>& out) const {
  Time time{};
  read(time);
  if (!decoding_->failed()) out = time;
}

void Cursor::read(Duration& out, bool zero) const {
  const Result<Duration> duration = parseDuration(text());
  if (!duration) return refuse(duration.error().message);
  if (!zero && duration->count() == 0) return refuse("must be greater than zero");
  out = *duration;
}

void Cursor::readQuantity(std::int64_t& bytesOrUnits) const {
  std::string quantity;
  readQuantityText(quantity);
  const Result<std::int64_t> value = parseUnits(quantity);
  if (!value) return refuse(value.error().message);
  if (*value < 0) return refuse("must not be negative");
  bytesOrUnits = *value;
}

void Cursor::readQuantityText(std::string& out) const {
  std::int64_t number = 0;
  if (element_.get(number) == simdjson::SUCCESS) {
    out = std::to_string(number);
  } else {
    out = text();
  }
}

void Cursor::readThousandths(std::int64_t& out, IntRange range) const {
  const Result<std::int64_t> value = parseThousandths(text());
  if (!value) return refuse(value.error().message);
  if (*value < range.least || *value > range.most) {
    return refuse("must be between " + formatThousandths(range.least) + " and " +
                  formatThousandths(range.most));
  }
  out = *value;
}

}  // namespace bailiwick::api
