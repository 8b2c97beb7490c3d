#pragma once
// What SovereigntyPolicy and ExitOrder share. Internal to the decoders.

#include <array>

#include "api/deployment_selector.hpp"
#include "api/json_cursor.hpp"

namespace bailiwick::api {

void readSelector(const Cursor& selector, DeploymentSelector& out);

// A word of a closed list: what else it may say is the error.
template <class Enum, std::size_t N>
void readWord(const Cursor& word, const std::array<std::pair<std::string_view, Enum>, N>& known,
              Enum& out) {
  std::string text;
  word.read(text);
  std::string all;
  for (const auto& [name, value] : known) {
    if (text == name) {
      out = value;
      return;
    }
    all.append(all.empty() ? "" : ", ").append(name);
  }
  word.refuse("must be one of " + all);
}

}  // namespace bailiwick::api
