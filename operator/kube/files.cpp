#include "kube/files.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace bailiwick::kube {

Result<std::string> readSmallFile(const std::string& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) return fail(file + ": there is no such file");
  if (!std::filesystem::is_regular_file(status)) return fail(file + ": this is no regular file");
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(file + ": cannot be opened: " + std::generic_category().message(errno));
  std::string text(maxSmallFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return fail(file + ": cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > maxSmallFile) return fail(file + ": larger than 1 MiB");
  if (text.find('\0') != std::string::npos) return fail(file + ": holds a NUL byte");
  return text;
}

}  // namespace bailiwick::kube
