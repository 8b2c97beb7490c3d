#include "log/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>

namespace bailiwick::log {
namespace {

std::atomic<Format> chosen{Format::Text};

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool isPlain(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  });
}

std::string shown(Format format, const Field& field) {
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return std::to_string(*number);
  if (const auto* yes = std::get_if<bool>(&field.value)) return *yes ? "true" : "false";
  const auto& text = std::get<std::string>(field.value);
  return format == Format::Text && isPlain(text) ? text : quoted(text);
}

void write(spdlog::level::level_enum level, std::string_view message, Fields fields) {
  if (spdlog::should_log(level)) spdlog::log(level, "{}", line(chosen, message, fields));
}

}  // namespace

std::string line(Format format, std::string_view message, Fields fields) {
  const bool json = format == Format::Json;
  std::string out = json ? "\"message\":" + quoted(std::string(message)) : std::string(message);
  for (const auto& field : fields) {
    out += json ? ",\"" : " ";
    out += field.key;
    out += json ? "\":" : "=";
    out += shown(format, field);
  }
  return out;
}

void setUp(Format format, const std::string& level) {
  chosen = format;
  auto logger = std::make_shared<spdlog::logger>(
      "bailiwick", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(format == Format::Json
                          ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                          : "%Y-%m-%dT%H:%M:%S.%e %-5l %v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void debug(std::string_view message, Fields fields) { write(spdlog::level::debug, message, fields); }
void info(std::string_view message, Fields fields) { write(spdlog::level::info, message, fields); }
void warn(std::string_view message, Fields fields) { write(spdlog::level::warn, message, fields); }
void error(std::string_view message, Fields fields) { write(spdlog::level::err, message, fields); }

}  // namespace bailiwick::log
