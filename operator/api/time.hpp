#pragma once
// Wall time as Kubernetes writes it (RFC 3339) and durations as api.md defines them. Pure: nothing
// here reads a clock.

#include <chrono>
#include <string>
#include <string_view>

#include "api/result.hpp"

namespace bailiwick::api {

using Time = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::milliseconds;

// "2026-11-22T10:00:00Z", with or without a fraction, with Z or a numeric offset.
Result<Time> parseTime(std::string_view text);
// To the second, in UTC: metav1.Time. `formatMicroTime` keeps six decimals: metav1.MicroTime.
std::string formatTime(Time time);
std::string formatMicroTime(Time time);

// "1d2h3m4s5ms", each part optional, in this order, at least one; no sign, no fraction.
Result<Duration> parseDuration(std::string_view text);
// The shortest spelling that parseDuration reads back to the same value; "0s" for zero.
std::string formatDuration(Duration duration);

}  // namespace bailiwick::api
