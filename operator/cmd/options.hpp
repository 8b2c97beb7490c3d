#pragma once
// The command line of bailiwick-operator (api.md, Programs).

#include <optional>
#include <string>
#include <vector>

namespace bailiwick::cmd {

struct Options {
  std::string region;
  std::string kubeconfig;  // empty: the in-cluster account
  std::string ns = "bailiwick-system";
  std::string catalog;  // empty: the built-in one alone
  std::string sidecarImage;
  std::string listenMetrics = ":8080";
  std::string listenHealth = ":8081";
  std::string listenWebhook;  // empty: no webhook is served
  std::string webhookCertDir;  // with tls.crt and tls.key; empty: the operator makes its own
  std::string webhookName = "bailiwick-webhook";
  std::string webhookClientCa;  // file; empty: no client certificate is asked for
  std::vector<std::string> webhookClientNames;
  bool leaderElect = false;
  bool createNamespaces = false;  // for copies of peers' originals
  std::string logFormat = "text";
  std::string logLevel = "info";
  std::vector<std::string> podMetadataPrefixes;
  std::string gateway;  // name of its Service in `ns`; empty: this region has none
  std::string gatewayAddress;  // HOST:PORT; empty: not probed
};

// The options, or the exit code with which the process ends at once: 0 after --help or --version,
// 2 on bad flags, which have been explained on standard error.
struct Parsed {
  Options options;
  std::optional<int> exitCode;
};
Parsed parseOptions(int argc, char** argv);

}  // namespace bailiwick::cmd
