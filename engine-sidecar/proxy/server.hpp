#pragma once
// The engine-sidecar as one object: threads, listeners, routes, probes and signals.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "proxy/admin.hpp"
#include "proxy/core.hpp"
#include "proxy/listener.hpp"
#include "proxy/route_follower.hpp"
#include "proxy/session.hpp"
#include "proxy/tls.hpp"

namespace bailiwick::sidecar {

class Server {
 public:
  struct Ports {
    std::uint16_t data = 0, admin = 0, observe = 0, peers = 0;
  };

  Server(Config config, std::unique_ptr<LogWriter> log, std::string version, unsigned threads);
  ~Server();

  // Reads routes, keys and certificates, and listens.
  Result<void> start();
  const Ports& ports() const { return ports_; }
  // Instead of start() and run(): answers probes alone, as one that has nothing to serve, until
  // `done`, or SIGTERM. Whether it is done.
  Result<bool> await(const Address& observe, std::function<bool()> done);
  // Serves until SIGTERM and the end of what was in flight then.
  void run();

 private:
  Result<std::uint16_t> openDoor(const Listener& listener, Door door);
  Result<std::uint16_t> openWicket(const Address& address, Wicket wicket);
  Task<void> followFiles();
  void refresh(ServerCertificates& certificates);
  Task<void> stopOnce(std::function<bool()> done, bool& stopped);
  Task<void> obeySignals();
  std::string scrape() const;
  void publish(const std::shared_ptr<const RouteBook>& book);

  const std::string version_;
  Plane plane_;
  std::vector<std::unique_ptr<Core>> cores_;
  RouteFollower source_;
  std::vector<std::unique_ptr<ServerCertificates>> certificates_;
  Views views_;
  Ports ports_;
  int wickets_ = 0;  // connections to admin and observe
};

}  // namespace bailiwick::sidecar
