#include "policy/tenant.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace bailiwick::policy {
namespace {

// LD_* and their like run a tenant's code before the engine's; *_VISIBLE_DEVICES and NVIDIA_* are
// orders to the container runtime ("all" is every device of the node).
constexpr std::array<std::string_view, 14> neverSet = {
    "LD_*",       "GCONV_PATH",       "GLIBC_TUNABLES", "PATH",     "PYTHONPATH",
    "PYTHONHOME", "PYTHONSTARTUP",    "PYTHONUSERBASE", "BASH_ENV", "BASH_FUNC_*",
    "NVIDIA_*",   "ASCEND_RUNTIME_*", "KUBERNETES_*",   "LWS_*"};

// A domain stands for itself and its subdomains. The CRD and the chart have the same list.
constexpr std::array<std::string_view, 13> neverKeys = {
    "kubernetes.io", "k8s.io",        "bailiwick.dev", "cni.cncf.io", "projectcalico.org",
    "cilium.io",     "io.cilium",     "antrea.io",     "ovn.org",     "multus-cni.io",
    "weave.works",   "amazonaws.com", "coreos.com"};

// Keys without a prefix that controllers act on all the same.
constexpr std::array<std::string_view, 2> neverBare = {"aadpodidbinding", "ring-controller.atlas"};

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

bool matchesPattern(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool inDomain(std::string_view domain, std::string_view root) {
  return domain == root || (domain.ends_with(root) && domain.size() > root.size() &&
                            domain[domain.size() - root.size() - 1] == '.');
}

// The option itself: without its value, with '-' for '_' as vLLM's parser reads it.
std::string optionName(std::string_view arg) {
  std::string name(arg.substr(0, arg.find('=')));
  if (name.starts_with("--")) name = name.substr(0, name.find('.'));
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

bool setsOption(std::string_view name, std::string_view reserved) {
  // Nearly all differ in their first letter: those are not even normalised.
  if (name.starts_with("--") && reserved.starts_with("--") && name.size() > 2 &&
      reserved.size() > 2 && name[2] != reserved[2]) {
    return false;
  }
  const std::string taken = optionName(reserved);
  if (name == taken) return true;
  if (name.starts_with("--")) return name.size() > 2 && taken.starts_with(name);
  if (taken.starts_with("--")) return name == std::string_view(taken).substr(1);
  // Both short: "-t" abbreviates "-tp", and "-mx" is "-m" with its value attached.
  return taken.starts_with(name) || (taken.size() == 2 && name.starts_with(taken));
}

}  // namespace

std::optional<std::string> reservedArgument(const catalog::Engine& engine,
                                            const std::vector<std::string>& args) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (arg.find("$(") != std::string::npos)
      return "argument " + quoted(arg) + ": $(NAME) is not expanded in arguments; write the value";
    if (arg == "--" || (i == 0 && !arg.starts_with('-')))
      return "argument " + quoted(arg) + ": engine " + engine.name +
             " takes no positional arguments here; name an option";
    if (arg.size() < 2 || !arg.starts_with('-')) continue;
    const std::string option = optionName(arg);
    for (const std::string& reserved : engine.reservedArgs)
      if (setsOption(option, reserved))
        return "argument " + quoted(arg) + " sets " + reserved + " of engine " + engine.name +
               ", which the operator sets; remove it, or write another option in full";
  }
  return std::nullopt;
}

std::optional<std::string> reservedEnvironment(const catalog::Engine& engine,
                                               std::string_view name) {
  for (const std::string& pattern : engine.reservedEnv)
    if (matchesPattern(pattern, name))
      return "environment variable " + std::string(name) + " of engine " + engine.name +
             " is set by the operator; remove it";
  const bool never = name.ends_with("_VISIBLE_DEVICES") ||
                     std::any_of(neverSet.begin(), neverSet.end(),
                                 [&](auto pattern) { return matchesPattern(pattern, name); });
  if (!never) return std::nullopt;
  return "environment variable " + std::string(name) + " may not be set in a pod; remove it";
}

std::optional<std::string> forbiddenMetadataKey(std::string_view key,
                                                const std::vector<std::string>& allowedDomains) {
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) {
    if (std::find(neverBare.begin(), neverBare.end(), key) == neverBare.end()) return std::nullopt;
    return "key " + quoted(key) + " is acted on by a controller and may not be set";
  }
  std::string domain(key.substr(0, slash));
  std::transform(domain.begin(), domain.end(), domain.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::string_view never : neverKeys)
    if (inDomain(domain, never))
      return "key " + quoted(key) + ": domain " + std::string(never) + " may not be set on pods";
  for (const std::string& allowed : allowedDomains)
    if (!allowed.empty() && inDomain(domain, allowed)) return std::nullopt;
  return "key " + quoted(key) + ": domain " + domain + " is not among those that the chart allows";
}

}  // namespace bailiwick::policy
