#include "kube/response_head.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>

#include "kube/http_date.hpp"

namespace bailiwick::kube {
namespace {

constexpr std::int64_t longestWait = 86'400;

std::string lowerType(std::string_view field) {
  std::string type(field.substr(0, field.find(';')));
  type.erase(type.find_last_not_of(" \t") + 1);
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type;
}

}  // namespace

ResponseHead headOf(int status, const HeadFields& fields) {
  ResponseHead head;
  head.status = status;
  head.contentType = lowerType(fields.contentType);
  std::int64_t seconds = -1;
  const auto after = fields.retryAfter;
  std::from_chars(after.data(), after.data() + after.size(), seconds);
  if (seconds >= 0) head.retryAfter = std::chrono::seconds{std::min(seconds, longestWait)};
  if (!fields.date.empty()) head.date = parseHttpDate(fields.date);
  return head;
}

}  // namespace bailiwick::kube
