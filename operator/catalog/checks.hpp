#pragma once
// What a word must look like. Each check says what is wrong through the cursor that read it.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/reader.hpp"

namespace bailiwick::catalog {

using yaml::Cursor;

bool isId(std::string_view text);          // "huawei-ascend", "llama.cpp"
bool isCountry(std::string_view text);     // two capital letters
bool isBlocName(std::string_view text);    // api.md's place
bool isLabelKey(std::string_view text);    // also names of resources
bool isLabelValue(std::string_view text);  // not empty
bool isLocationId(std::string_view text);  // as a Region's spec.location
bool isImage(std::string_view text);       // with a tag or a digest

// Kubernetes refuses pods whose affinity names an impossible label.
void checkLabelKey(const Cursor& at, std::string_view key);
void checkLabelValues(const Cursor& list, const std::vector<std::string>& values);
void checkAbsolutePaths(const Cursor& list, const std::vector<std::string>& paths);
void checkEnvNames(const Cursor& map);
// Every {word} is one of the known placeholders.
void checkPlaceholders(const Cursor& at, std::initializer_list<std::string_view> known);

}  // namespace bailiwick::catalog
