#pragma once
// The program in process: arguments in, output and exit code out.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "plan/fixture.hpp"
#include "plugin/app.hpp"

namespace bailiwick::testing {

struct Ran {
  int code = 0;
  std::string out, err;
};

inline Ran runPlugin(const std::vector<std::string>& arguments, const std::string& input = "",
                     std::size_t width = 80, bool colour = false) {
  std::ostringstream out, err;
  std::istringstream in(input);
  Ran ran;
  ran.code = plugin::run(arguments, {{out, err, in, width, colour, false},
                                     [] { return testTime; },
                                     {}});
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

// A folder that goes with the test.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(std::filesystem::path(::testing::TempDir()) /
              ("bailiwick-plugin-" + std::to_string(getpid()) + "-" + name)) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }
  std::string str() const { return path_.string(); }

 private:
  const std::filesystem::path path_;
};

// A file of the repository.
inline std::string source(const std::string& path) {
  return std::string(BAILIWICK_SOURCE) + "/" + path;
}

inline std::string readFile(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace bailiwick::testing
