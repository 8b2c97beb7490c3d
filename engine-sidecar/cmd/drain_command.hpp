#pragma once
// --drain: what a pod's preStop runs.

#include <iosfwd>
#include <string>

namespace bailiwick::sidecar {

// Asks the sidecar's admin port (that of `configFile`, or the default where that is empty) to
// drain, and waits for its report, however long it takes: the drain has a timeout of its own, and
// the kubelet one above it. 0 with the report on `out`; 1 where no sidecar answers.
int drain(const std::string& configFile, std::ostream& out, std::ostream& errors);

}  // namespace bailiwick::sidecar
