#pragma once
// A cluster, through the user's own kubectl.

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "kube/client.hpp"
#include "plugin/failure.hpp"
#include "plugin/known_region.hpp"
#include "plugin/kubectl.hpp"

namespace bailiwick::plugin {

class Cluster {
 public:
  // Fails when the API server does not answer, or refuses the login.
  static Outcome<std::unique_ptr<Cluster>> connect(const ClusterFlags& flags,
                                                   std::stop_token stop);

  kube::Transport& transport() { return *transport_; }
  // For people: "context fra".
  const std::string& name() const { return name_; }

  // Everything that a plan of its region depends on.
  Outcome<KnownRegion> readRegion(const catalog::Catalog& catalog, const std::string& region,
                                  std::stop_token stop);

  using Visit = std::function<void(simdjson::dom::element)>;
  struct Selection {
    std::string ns;
    std::string labels;
    bool optional = false;  // the API may not be installed: then nothing is visited
    int page = 500;         // so many at once: fewer of what is large
  };
  // Every object of that kind, page by page. False: the API is not there.
  Outcome<bool> list(const kube::Resource& resource, const Selection& selection,
                     std::stop_token stop, const Visit& visit);

  // What an error of the API server means to the person who runs this. `doing`: "list pods".
  Failure failure(const kube::ApiError& error, const std::string& doing) const;

 private:
  Cluster() = default;
  Outcome<void> greet(std::stop_token stop);
  std::string uid(std::stop_token stop);

  std::unique_ptr<KubectlProxy> proxy_;
  std::unique_ptr<kube::Transport> transport_;
  std::string name_;
};

// The namespace of -n, else the one of kubectl's context where a cluster is `live`, else "default".
Outcome<std::string> namespaceOf(const ClusterFlags& flags, bool live, std::stop_token stop);

}  // namespace bailiwick::plugin
