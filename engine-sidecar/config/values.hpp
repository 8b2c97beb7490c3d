#pragma once
// What a value must look like. Each reader says what is wrong through its cursor and leaves `out`
// as it was.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/time.hpp"
#include "config/address.hpp"
#include "yaml/reader.hpp"

namespace bailiwick::sidecar {

bool isCountry(std::string_view text);  // two capital letters, but no bloc
bool isClass(std::string_view text);    // a residency class: the end of a label key

void readInt(const yaml::Cursor& at, int least, int most, int& out);
void readSize(const yaml::Cursor& at, std::int64_t least, std::int64_t most, std::int64_t& out);
void readDuration(const yaml::Cursor& at, api::Duration& out);       // above zero
void readDurationOrOff(const yaml::Cursor& at, api::Duration& out);  // 0s is fine
void readAddress(const yaml::Cursor& at, Address& out);
void readUrl(const yaml::Cursor& at, std::optional<Url>& out);
void readCountry(const yaml::Cursor& at, std::string& out);
// Lower case letters, digits and dashes, as in names of Kubernetes objects.
void readLabel(const yaml::Cursor& at, std::string& out);
// What is sent as a header or as "model": printable ASCII without spaces, up to 253.
void readToken(const yaml::Cursor& at, std::string& out);
// An absolute path of a file.
void readFilePath(const yaml::Cursor& at, std::string& out);
// The path of a request, as it must be spelt to be served.
void readRequestPath(const yaml::Cursor& at, std::string& out);

// Each value once; `what` in the plural's singular: "country".
void refuseRepeats(const yaml::Cursor& list, const std::vector<std::string>& values);

}  // namespace bailiwick::sidecar
