#include "plugin/kubectl.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace bailiwick::plugin {
namespace {

using namespace std::chrono_literals;

constexpr auto startsWithin = 20s;
constexpr int notFound = 127;  // as a shell says it
constexpr char missing[] =
    "kubectl is not on the PATH: this program reaches the cluster with it, as its plugin";

struct Pipe {
  int read = -1, write = -1;
};

std::vector<std::string> commandLine(const ClusterFlags& flags, std::vector<std::string> more) {
  std::vector<std::string> all{"kubectl"};
  all.insert(all.end(), std::make_move_iterator(more.begin()),
             std::make_move_iterator(more.end()));
  if (!flags.kubeconfig.empty()) all.push_back("--kubeconfig=" + flags.kubeconfig);
  if (!flags.context.empty()) all.push_back("--context=" + flags.context);
  return all;
}

// The child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* arguments, int out, int err, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(notFound);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(arguments[0], arguments);
  _exit(notFound);
}

// -1 where no process can be made. The descriptors stay the caller's.
pid_t spawnKubectl(const std::vector<std::string>& line, int out, int err) {
  std::vector<char*> arguments;
  for (const auto& word : line) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const auto parent = getpid();
  const auto child = fork();
  if (child == 0) become(arguments.data(), out, err, parent);
  return child;
}

Pipe makePipe() {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  return {ends[0], ends[1]};
}

bool onPath(const char* program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const auto folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    const auto file = std::filesystem::path(folder) / program;
    if (access(file.c_str(), X_OK) == 0) return true;
  }
  return false;
}

bool accepts(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const bool connected =
      connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(descriptor);
  return connected;
}

// Of klog: "E1126 10:00:00.000000 …". What kubectl logs is for our own messages, and so is its last
// word; anything else is a login that talks to the user.
bool isForUs(std::string_view line) {
  const bool klog = line.size() > 5 && std::string_view("EWIF").find(line[0]) != line.npos &&
                    line[1] >= '0' && line[1] <= '9' && line[5] == ' ';
  return klog || line.starts_with("error:") || line.starts_with("Error");
}

// The path of a socket has room for 107 characters (unix(7)), and TMPDIR may be longer.
std::filesystem::path shortTemporaryFolder() {
  constexpr std::size_t most = 72;
  auto folder = std::filesystem::temp_directory_path();
  return folder.string().size() <= most ? folder : std::filesystem::path("/tmp");
}

}  // namespace

Outcome<std::unique_ptr<KubectlProxy>> KubectlProxy::start(const ClusterFlags& flags,
                                                           std::stop_token stop) {
  if (!onPath("kubectl")) return unreachable(missing);
  std::unique_ptr<KubectlProxy> proxy(new KubectlProxy);
  const auto parent = shortTemporaryFolder();
  auto folder = (parent / "kubectl-bailiwick-XXXXXX").string();
  if (!mkdtemp(folder.data())) {
    return unreachable(fmt::format("no directory can be made in {}: {}", parent.string(),
                                   std::strerror(errno)));
  }
  proxy->folder_ = folder;
  if (auto done = proxy->spawn(flags); !done) return tl::unexpected(done.error());
  if (auto done = proxy->waitUntilServing(std::move(stop)); !done) {
    return tl::unexpected(done.error());
  }
  return proxy;
}

Outcome<void> KubectlProxy::spawn(const ClusterFlags& flags) {
  const auto errors = makePipe();
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (errors.read >= 0 && nowhere >= 0) {
    pid_ = spawnKubectl(commandLine(flags, {"proxy", "--unix-socket=" + socketPath()}), nowhere,
                        errors.write);
  }
  close(nowhere);
  close(errors.write);
  if (pid_ < 0) {
    close(errors.read);
    return unreachable(fmt::format("kubectl cannot be started: {}", std::strerror(errno)));
  }
  listener_ = std::jthread([this, descriptor = errors.read](std::stop_token stop) {
    listen(std::move(stop), descriptor);
  });
  return {};
}

// Until kubectl closes its end, or has ended: a login helper that it left behind may hold the end open.
void KubectlProxy::listen(std::stop_token stop, int descriptor) {
  std::string line;
  std::array<char, 4096> buffer;
  for (;;) {
    pollfd ready{descriptor, POLLIN, 0};
    if (poll(&ready, 1, 50) <= 0) {
      if (stop.stop_requested()) break;
      continue;
    }
    const auto size = read(descriptor, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(size))) {
      line += c;
      if (c != '\n') continue;
      if (isForUs(line)) {
        const std::lock_guard lock(mutex_);
        said_ += line;
      } else {
        [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
      }
      line.clear();
    }
  }
  close(descriptor);
}

std::string KubectlProxy::said() const {
  const std::lock_guard lock(mutex_);
  auto text = said_;
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

bool KubectlProxy::ended() {
  if (pid_ < 0) return true;
  if (waitpid(pid_, nullptr, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

Outcome<void> KubectlProxy::waitUntilServing(std::stop_token stop) {
  const auto limit = std::chrono::steady_clock::now() + startsWithin;
  while (!accepts(socketPath())) {
    if (stop.stop_requested()) return unreachable("stopped");
    if (ended()) {
      listener_.join();
      return unreachable(fmt::format("kubectl proxy ended: {}", said()));
    }
    if (std::chrono::steady_clock::now() > limit) {
      return unreachable(fmt::format("kubectl proxy does not listen after {} s", startsWithin / 1s));
    }
    std::this_thread::sleep_for(5ms);
  }
  return {};
}

void KubectlProxy::end() {
  if (ended()) return;
  kill(pid_, SIGTERM);
  for (int i = 0; i < 200; ++i) {
    if (ended()) return;
    std::this_thread::sleep_for(10ms);
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

KubectlProxy::~KubectlProxy() {
  end();
  listener_.request_stop();
  if (listener_.joinable()) listener_.join();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Outcome<std::string> kubectlOutput(const ClusterFlags& flags,
                                   std::vector<std::string> arguments) {
  if (!onPath("kubectl")) return unreachable(missing);
  const auto output = makePipe();
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const auto child = output.read < 0 || nowhere < 0
                         ? -1
                         : spawnKubectl(commandLine(flags, std::move(arguments)), output.write,
                                        nowhere);
  close(nowhere);
  close(output.write);
  std::string text;
  std::array<char, 4096> buffer;
  while (child > 0) {
    const auto size = read(output.read, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  close(output.read);
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
  return child > 0 && status == 0 ? text : std::string();
}

}  // namespace bailiwick::plugin
