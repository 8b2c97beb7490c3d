#pragma once
// The regular files below a folder, found and opened without ever following a link.

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "api/result.hpp"

namespace bailiwick::sidecar {

// An open descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// What tells one state of a file from another.
struct FileState {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec modified{}, changed{};

  friend bool operator==(const FileState& a, const FileState& b);
};
FileState stateOf(const struct stat& info);

struct TreeFile {
  std::string name;  // below the root, with slashes
  FileState state;

  friend bool operator==(const TreeFile&, const TreeFile&) = default;
};

struct Tree {
  std::vector<TreeFile> files;        // by name, in byte order
  std::vector<std::string> problems;  // links, devices, sockets, pipes, what cannot be read
};

Result<Descriptor> openFolder(const std::string& path);
Tree walk(const Descriptor& root);
// A regular file by its name below the root; no part of the name may be a link.
Result<Descriptor> openFile(const Descriptor& root, const std::string& name);
// All of a small one.
Result<std::string> readFile(const Descriptor& root, const std::string& name, std::size_t most);

}  // namespace bailiwick::sidecar
