#pragma once
// The addresses of a name, without waiting for them: the system's resolver may take a minute, and
// no stop ends it.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bailiwick::peers {

using Addresses = std::vector<std::string>;
// The addresses of a name as numbers; none: it has none, or nobody says. May take long.
using Resolve = std::function<Addresses(const std::string& name)>;
Addresses resolveBySystem(const std::string& name);

// One name at a time. A thread of its own asks, and is left behind where nobody wants its answer any
// more.
class Lookup {
 public:
  explicit Lookup(Resolve resolve) : resolve_(std::move(resolve)) {}

  // Nothing: they have not come yet. Whoever asks again after they came has them looked up anew.
  std::optional<Addresses> of(const std::string& name);

 private:
  struct Answer;

  const Resolve resolve_;
  std::shared_ptr<Answer> awaited_;
};

}  // namespace bailiwick::peers
