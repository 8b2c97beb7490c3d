#pragma once
// A value that must not reach a log, an error or a metric: it can only be read on purpose.

#include <string>
#include <utility>

namespace bailiwick::kube {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace bailiwick::kube
