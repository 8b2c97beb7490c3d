#pragma once
// The way out from the command line: orders, their progress, their evidence.

#include "plugin/context.hpp"
#include "plugin/exit_options.hpp"

namespace bailiwick::plugin {

Outcome<Exit> runOrder(const Context& context, const OrderOptions& options);
Outcome<Exit> runExitStatus(const Context& context, const EvidenceOptions& options);
Outcome<Exit> runExitExport(const Context& context, const EvidenceOptions& options);
Outcome<Exit> runVerify(const Context& context, const VerifyOptions& options);

}  // namespace bailiwick::plugin
