#include "weights/tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t maxDepth = 64, maxFiles = 1'000'000;
constexpr int fileFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;  // no pipe may hold us up
constexpr int folderFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_DIRECTORY;

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

std::string reason(int error) {
  return std::generic_category().message(error);
}

bool isDots(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

const char* kindOf(mode_t mode) {
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

class Walker {
 public:
  explicit Walker(Tree& out) : out_(out) {}

  void folder(int fd, const std::string& prefix, std::size_t depth) {
    const Folder entries(fdopendir(fd));
    if (!entries) {
      close(fd);
      return problem(prefix, "cannot be read: " + reason(errno));
    }
    for (errno = 0; const dirent* next = readdir(entries.get()); errno = 0)
      if (!isDots(next->d_name)) entry(dirfd(entries.get()), prefix, next->d_name, depth);
    if (errno != 0) problem(prefix, "cannot be read to its end: " + reason(errno));
  }

 private:
  void problem(const std::string& name, const std::string& what) {
    out_.problems.push_back((name.empty() ? "the folder" : name) + " " + what);
  }

  void entry(int parent, const std::string& prefix, const char* base, std::size_t depth) {
    const std::string name = prefix.empty() ? base : prefix + "/" + base;
    struct stat info {};
    if (fstatat(parent, base, &info, AT_SYMLINK_NOFOLLOW) != 0)
      return problem(name, "cannot be read: " + reason(errno));
    if (S_ISREG(info.st_mode)) {
      if (out_.files.size() == maxFiles) return problem(name, "is one file too many");
      out_.files.push_back({name, stateOf(info)});
    } else if (S_ISDIR(info.st_mode)) {
      subfolder(parent, name, base, info, depth);
    } else {
      problem(name, std::string("is ") + kindOf(info.st_mode) + ", which no artifact may hold");
    }
  }

  void subfolder(int parent, const std::string& name, const char* base, const struct stat& info,
                 std::size_t depth) {
    if (depth == maxDepth) return problem(name, "is nested too deeply");
    const int fd = openat(parent, base, folderFlags);
    if (fd >= 0) return folder(fd, name, depth + 1);
    // What a new ext4 volume has at its root: root's own, and nothing that an engine can read.
    const bool filesystems = name == "lost+found" && info.st_uid == 0 && errno == EACCES;
    if (!filesystems) problem(name, "cannot be read: " + reason(errno));
  }

  Tree& out_;
};

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

FileState stateOf(const struct stat& info) {
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim, info.st_ctim};
}

bool operator==(const FileState& a, const FileState& b) {
  const auto same = [](const timespec& x, const timespec& y) {
    return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
  };
  return a.device == b.device && a.inode == b.inode && a.size == b.size &&
         same(a.modified, b.modified) && same(a.changed, b.changed);
}

Result<Descriptor> openFolder(const std::string& path) {
  Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!fd) return fail("cannot open the folder " + path + ": " + reason(errno));
  return fd;
}

Tree walk(const Descriptor& root) {
  Tree tree;
  const int fd = openat(root.get(), ".", folderFlags);
  if (fd < 0) {
    tree.problems.push_back("the folder cannot be read: " + reason(errno));
    return tree;
  }
  Walker(tree).folder(fd, "", 0);
  std::sort(tree.files.begin(), tree.files.end(),
            [](const TreeFile& a, const TreeFile& b) { return a.name < b.name; });
  std::sort(tree.problems.begin(), tree.problems.end());
  return tree;
}

Result<Descriptor> openFile(const Descriptor& root, const std::string& name) {
  Descriptor folder;
  std::size_t begin = 0;
  for (std::size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', begin)) {
    const std::string part = name.substr(begin, slash - begin);
    folder = Descriptor(openat(folder ? folder.get() : root.get(), part.c_str(), folderFlags));
    if (!folder) return fail("cannot be opened: " + reason(errno));
    begin = slash + 1;
  }
  Descriptor file(openat(folder ? folder.get() : root.get(), name.c_str() + begin, fileFlags));
  if (!file)
    return fail(errno == ELOOP ? "is a symbolic link" : "cannot be opened: " + reason(errno));
  struct stat info {};
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return fail("is no regular file");
  return file;
}

Result<std::string> readFile(const Descriptor& root, const std::string& name, std::size_t most) {
  const auto file = openFile(root, name);
  if (!file) return tl::unexpected<Error>(file.error());
  std::string text;
  while (text.size() <= most) {
    const std::size_t before = text.size();
    text.resize(std::min(before + (64 << 10), most + 1));
    const ssize_t got = read(file->get(), text.data() + before, text.size() - before);
    if (got < 0 && errno != EINTR) return fail("cannot be read: " + reason(errno));
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return text;
  }
  return fail("is larger than " + std::to_string(most) + " bytes");
}

}  // namespace bailiwick::sidecar
