#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace bailiwick::kube::test {

// A folder that is gone at the end of the test.
class TempDir {
 public:
  TempDir() {
    auto pattern = (std::filesystem::temp_directory_path() / "bailiwick-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  // Replaces the file as a mounted Secret does: at once, by another inode.
  std::string write(const std::string& name, const std::string& text) const {
    const auto file = path_ / name;
    const auto fresh = path_ / (name + ".new");
    std::ofstream(fresh, std::ios::binary) << text;
    std::filesystem::rename(fresh, file);
    return file.string();
  }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace bailiwick::kube::test
