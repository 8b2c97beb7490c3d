#include "cmd/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cmd/version.hpp"
#include "serve/address.hpp"

namespace bailiwick::cmd {
namespace {

std::string checkLabel(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  const bool ok = !name.empty() && name.size() <= 63 && name.front() != '-' &&
                  name.back() != '-' && std::all_of(name.begin(), name.end(), allowed);
  return ok ? "" : "'" + name + "' is no name: up to 63 lower-case letters, digits and dashes";
}

std::string checkAddress(const std::string& address) {
  const auto ok = serve::checkAddress(address);
  return ok ? "" : ok.error().message;
}

}  // namespace

Parsed parseOptions(int argc, char** argv) {
  Parsed parsed;
  auto& o = parsed.options;
  o.sidecarImage = std::string("bailiwick/engine-sidecar:") + buildVersion;
  CLI::App app{
      "Places language models on the accelerators of one region, where law and data residency "
      "allow it."};
  app.set_version_flag("--version", std::string("bailiwick-operator ") + buildVersion);
  app.add_option("--region", o.region, "Name of the Region object that this operator serves")
      ->required()
      ->check(checkLabel);
  app.add_option("--kubeconfig", o.kubeconfig, "Kubeconfig; without it the in-cluster account");
  app.add_option("--namespace", o.ns, "Namespace of the leader election's Lease")
      ->check(checkLabel)
      ->capture_default_str();
  app.add_option("--catalog", o.catalog, "Folder whose entries add to or replace the catalogue's");
  app.add_option("--sidecar-image", o.sidecarImage, "Image of the engine-sidecar")
      ->capture_default_str();
  app.add_option("--listen-metrics", o.listenMetrics, "Where /metrics is served")
      ->check(checkAddress)
      ->capture_default_str();
  app.add_option("--listen-health", o.listenHealth, "Where /livez and /readyz are served")
      ->check(checkAddress)
      ->capture_default_str();
  app.add_option("--listen-webhook", o.listenWebhook,
                 "Where the admission webhook is served, over TLS; without it none is")
      ->check(checkAddress);
  app.add_option("--webhook-cert-dir", o.webhookCertDir,
                 "Folder with tls.crt and tls.key of the webhook, followed when they change; without "
                 "it the operator makes its own, in a Secret");
  app.add_option("--webhook-name", o.webhookName,
                 "Name of the webhook's Service, Secret and ValidatingWebhookConfiguration")
      ->check(checkLabel)
      ->capture_default_str();
  app.add_option("--webhook-client-ca", o.webhookClientCa,
                 "PEM file of the authority of the API server's client certificate; with it a "
                 "webhook client must show one");
  app.add_option("--webhook-client-name", o.webhookClientNames,
                 "Common name that the client certificate must have (repeatable)");
  app.add_flag("--leader-elect", o.leaderElect, "Act only while holding the Lease");
  app.add_flag("--create-namespaces", o.createNamespaces,
               "Make the namespace of an imported ModelDeployment where there is none");
  app.add_option("--pod-metadata-prefix", o.podMetadataPrefixes,
                 "Domain whose labels and annotations a deployer may set on pods (repeatable)");
  app.add_option("--gateway", o.gateway,
                 "Name of the Service of this region's gateway, beside the operator; without it no "
                 "request goes to another region")
      ->check(checkLabel);
  app.add_option("--probe-gateway", o.gatewayAddress,
                 "HOST:PORT of that Service: a share is given up only once peers answer through it; "
                 "without it their word is enough");
  app.add_option("--log-format", o.logFormat, "json or text")
      ->check(CLI::IsMember({"json", "text"}))
      ->capture_default_str();
  app.add_option("--log-level", o.logLevel, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.footer("Example:\n  bailiwick-operator --region=fra --kubeconfig=fra.kubeconfig");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;
    app.exit(error);
    parsed.exitCode = asked ? 0 : 2;
  }
  return parsed;
}

}  // namespace bailiwick::cmd
