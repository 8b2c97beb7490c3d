#include "cmd/command_line.hpp"

#include <CLI/CLI.hpp>

#include "cmd/version.hpp"
#include "weights/manifest.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr char examples[] =
    "Examples:\n"
    "  engine-sidecar --config=/etc/bailiwick/sidecar.yaml\n"
    "  engine-sidecar --config=sidecar.yaml --check\n"
    "  engine-sidecar --verify-weights /models --manifest-digest sha256:5f1d...";

std::string checkDigest(const std::string& text) {
  return parseDigest(text) ? "" : "must be sha256: and 64 lower case hexadecimal digits";
}

std::string checkAddress(const std::string& text) {
  const auto address = parseAddress(text);
  return address ? "" : address.error().message;
}

}  // namespace

ParsedCommandLine parseCommandLine(int argc, const char* const* argv) {
  ParsedCommandLine parsed;
  CommandLine& line = parsed.line;
  bool check = false, drain = false;
  CLI::App app{
      "Streams requests to an inference engine, where the law lets them go, and drains without "
      "cutting one."};
  app.set_version_flag("--version", std::string("engine-sidecar ") + buildVersion);
  auto* config = app.add_option("--config", line.config, "Configuration to serve by");
  auto* checks = app.add_flag("--check", check, "Only say what is wrong with the configuration")
                     ->needs(config);
  auto* drains = app.add_flag("--drain", drain,
                              "Have the sidecar beside this process drain, and wait until it has")
                     ->excludes(checks);
  std::string await;
  app.add_option("--await-config", await,
                 "Where the configuration is not there yet, answer probes at this address, as one "
                 "that has nothing to serve, until it is")
      ->check(checkAddress)
      ->needs(config)
      ->excludes(checks)
      ->excludes(drains);
  const auto instead = [&](const char* name, std::optional<int>& value, int least, const char* what) {
    app.add_option(name, value, std::string(what) + ", whatever the configuration says")
        ->check(CLI::Range(least, 1'000'000))
        ->needs(config)
        ->excludes(checks)
        ->excludes(drains);
  };
  instead("--max-in-flight", line.maxInFlight, 1, "Requests that are served at once");
  instead("--max-queued", line.maxQueued, 0, "Requests that wait for a place");
  instead("--drain-timeout", line.drainSeconds, 1, "Seconds that a drain may take");
  auto* digest = app.add_option("--manifest-digest", line.manifestDigest,
                                "Digest of MANIFEST.sha256, as the passport gives it")
                     ->check(checkDigest);
  auto* weights = app.add_option("--verify-weights", line.weights,
                                 "Folder that must hold the weights of the manifest and no others")
                      ->needs(digest)
                      ->excludes(config)
                      ->excludes(checks)
                      ->excludes(drains);
  auto* key = app.add_option("--public-key", line.publicKey,
                             "Publisher's key, as a PEM file or text, to demand a signature of")
                  ->needs(weights);
  app.add_option("--signature", line.signature,
                 "OpenSSF Model Signing bundle; model.sig in the folder where not given")
      ->needs(key);
  digest->needs(weights);
  app.footer(examples);
  try {
    app.parse(argc, argv);
    if (config->empty() && drains->empty() && weights->empty())
      throw CLI::RequiredError("--config, --drain or --verify-weights");
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;
    app.exit(error);
    parsed.exitCode = asked ? 0 : 2;
  }
  if (!await.empty()) line.await = *parseAddress(await);
  if (check) line.command = Command::Check;
  if (drain) line.command = Command::Drain;
  if (!line.weights.empty()) line.command = Command::VerifyWeights;
  return parsed;
}

}  // namespace bailiwick::sidecar
