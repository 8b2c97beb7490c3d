#pragma once
// The user's own kubectl: whoever can use it can use this program, however his cluster logs in.

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "plugin/failure.hpp"
#include "plugin/options.hpp"

namespace bailiwick::plugin {

// `kubectl proxy` on a Unix socket in a directory that only this user may enter. It ends with this
// object, and with this process in any case.
class KubectlProxy {
 public:
  static Outcome<std::unique_ptr<KubectlProxy>> start(const ClusterFlags& flags,
                                                      std::stop_token stop);
  ~KubectlProxy();
  KubectlProxy(const KubectlProxy&) = delete;
  KubectlProxy& operator=(const KubectlProxy&) = delete;

  std::string socketPath() const { return folder_ + "/api.sock"; }
  pid_t pid() const { return pid_; }
  // What kubectl has said on standard error and that was not for the user.
  std::string said() const;

 private:
  KubectlProxy() = default;
  Outcome<void> spawn(const ClusterFlags& flags);
  Outcome<void> waitUntilServing(std::stop_token stop);
  void listen(int descriptor);
  bool ended();
  void end();

  std::string folder_;
  pid_t pid_ = -1;
  mutable std::mutex mutex_;
  std::string said_;
  std::jthread listener_;
};

// Standard output of `kubectl ARGUMENTS`, and empty where it fails; a failure only where there is no
// kubectl.
Outcome<std::string> kubectlOutput(const ClusterFlags& flags, std::vector<std::string> arguments);

}  // namespace bailiwick::plugin
