#pragma once
// What a tenant may not set, although the field is his (protocols 9): arguments and environment of
// an engine that are the operator's, and labels and annotations that make controllers act on a pod.
// Every check returns nothing, or a sentence that names what binds. Spelling is judged as the
// engine's parser would read it; in doubt it is refused.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"

namespace bailiwick::policy {

// The first of `args` that would set something of `engine.reservedArgs`: "--model", "--model=x",
// "--mod" (argparse takes any unambiguous prefix), "--served_model_name", "--model.key" (vLLM reads
// a dot as a path into a JSON option), "-model" (Go's parsers), "-m", "-mx". Further: "--", a
// leading positional argument, and "$(NAME)", which Kubernetes would replace after this check.
std::optional<std::string> reservedArgument(const catalog::Engine& engine,
                                            const std::vector<std::string>& args);

// `name` is in `engine.reservedEnv`, or no pod may set it: what loads code into a process, and what
// makes a container runtime hand over devices that were not allocated.
std::optional<std::string> reservedEnvironment(const catalog::Engine& engine,
                                               std::string_view name);

// A label or annotation key that a tenant may not put on a pod. `allowedDomains` (of the chart):
// "team.example" allows that prefix and its subdomains; without entries only keys without a prefix
// pass. The domains of Kubernetes, of network plugins and our own stay refused even if listed.
std::optional<std::string> forbiddenMetadataKey(std::string_view key,
                                                const std::vector<std::string>& allowedDomains);

}  // namespace bailiwick::policy
