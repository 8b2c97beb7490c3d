#pragma once
// Catalogues from one text, for tests.

#include <string>

#include "catalog/loader.hpp"

namespace bailiwick::catalog::testing {

inline Result<Catalog> parseText(std::string text, bool shipped = false) {
  return parse({Layer{{{"f.yaml", std::move(text)}}, shipped}});
}

// What is wrong with the text, or "".
inline std::string errorOf(std::string text) {
  const auto result = parseText(std::move(text));
  return result ? "" : result.error().message;
}

inline const Catalog& shipped() {
  static const Catalog catalog = builtin().value();
  return catalog;
}

}  // namespace bailiwick::catalog::testing
