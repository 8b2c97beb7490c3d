#pragma once
// Logs to standard error, as text for people or as JSON lines for collectors.

#include <string>

namespace bailiwick::cmd {

void setUpLogging(const std::string& format, const std::string& level);

}  // namespace bailiwick::cmd
