#pragma once
// coordination.k8s.io/v1 Lease, as far as leader election needs it.

#include <simdjson.h>
#include <string>

#include "api/result.hpp"
#include "api/time.hpp"

namespace bailiwick::kube {

struct Lease {
  std::string resourceVersion;
  std::string holder;  // empty: released
  int durationSeconds = 0;
  std::string acquireTime, renewTime;  // as written: they are compared, never read
  int transitions = 0;
  friend bool operator==(const Lease&, const Lease&) = default;
};

Result<Lease> decodeLease(simdjson::dom::element object);

// The body of a create, and of a merge patch that fails when the lease has changed since.
// `now` becomes renewTime, and acquireTime where the lease has none.
std::string newLeaseBody(const std::string& name, const Lease& lease, api::Time now);
std::string leasePatchBody(const Lease& lease, api::Time now);

}  // namespace bailiwick::kube
