#include "plugin/exit_command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <ostream>

#include "api/encode.hpp"
#include "manifest/files.hpp"
#include "plugin/cluster.hpp"
#include "plugin/exit_orders.hpp"
#include "plugin/exit_status.hpp"
#include "plugin/order_manifest.hpp"
#include "policy/strangers.hpp"

namespace bailiwick::plugin {
namespace {

constexpr char fieldManager[] = "kubectl-bailiwick";

bool forPrograms(const Context& context) {
  return context.options.format == Format::Json || context.options.format == Format::Yaml;
}

Outcome<void> create(Cluster& cluster, const nlohmann::ordered_json& order,
                     std::stop_token stop) {
  auto request = kube::create(kube::resources::exitOrders, "", order.dump());
  request.query = {{"fieldManager", fieldManager}, {"fieldValidation", "Strict"}};
  const auto made = kube::write(cluster.transport(), request, std::move(stop));
  if (made) return {};
  auto failure = cluster.failure(made.error(), "create ExitOrders");
  if (made.error().kind == kube::ApiError::Kind::AlreadyExists) {
    failure.message += "; --name gives another name";
  }
  return tl::unexpected(std::move(failure));
}

nlohmann::ordered_json toJson(const api::ExitOrder& order) {
  return {{"name", order.meta.key.name},
          {"reason", order.spec.reason},
          {"deadline", api::formatTime(order.spec.deadline)},
          {"drill", order.spec.drill},
          {"status", api::toJson(order.status)}};
}

// Writes over what it wrote before where the terminal can.
class Progress {
 public:
  explicit Progress(const Context& context) : context_(context) {}

  void show(const api::ExitOrder& order) {
    const auto& terminal = context_.terminal;
    if (!terminal.interactive) {
      const auto line = statusLine(order);
      if (line != last_) terminal.out << line << std::flush;
      last_ = line;
      return;
    }
    const auto text = statusText(order, terminal, context_.clock());
    if (lines_ > 0) terminal.out << fmt::format("\x1b[{}A\x1b[J", lines_);
    terminal.out << text << std::flush;
    lines_ = std::count(text.begin(), text.end(), '\n');
  }

  // Where only a line a change was written, the whole at the end.
  void finish(const api::ExitOrder& order) {
    const auto& terminal = context_.terminal;
    if (!terminal.interactive) terminal.out << statusText(order, terminal, context_.clock());
  }

 private:
  const Context& context_;
  std::string last_;
  std::ptrdiff_t lines_ = 0;
};

Exit exitOf(const api::ExitOrder& order) {
  return needsHelp(order) ? Exit::Finding : Exit::Fine;
}

Outcome<Exit> watchOrder(const Context& context, Cluster& cluster, const std::string& name) {
  Progress progress(context);
  Exit code = Exit::Fine;
  const auto done = followOrder(cluster, name, context.stop, [&](const api::ExitOrder& order) {
    progress.show(order);
    code = exitOf(order);
    if (isOver(order)) progress.finish(order);
    return !isOver(order);
  });
  if (!done) return tl::unexpected(done.error());
  return code;
}

// Written beside and then renamed, so that there is never half a file.
Outcome<void> writeFile(const std::string& path, const std::string& text) {
  const auto temporary = path + ".new";
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) return usage(fmt::format("{} cannot be written", path));
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return usage(fmt::format("{} cannot be written", path));
  }
  return {};
}

// "sha256:…" itself, or the fingerprint of the public key in a file.
Outcome<std::string> fingerprintOf(const std::string& key, const char* option) {
  if (key.starts_with("sha256:")) return key;
  std::ifstream in(key, std::ios::binary);
  if (!in) return usage(fmt::format("{} {}: cannot be opened", option, key));
  const auto parsed =
      evidence::PublicKey::fromPem(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!parsed) return usage(fmt::format("{} {}: {}", option, key, parsed.error().message));
  return parsed->fingerprint();
}

Outcome<std::vector<std::string>> fingerprintsOf(const std::vector<std::string>& keys,
                                                 const char* option) {
  std::vector<std::string> all;
  for (const auto& key : keys) {
    auto fingerprint = fingerprintOf(key, option);
    if (!fingerprint) return tl::unexpected(fingerprint.error());
    all.push_back(*std::move(fingerprint));
  }
  return all;
}

// "zrh, key sha256:…" of each that has countersigned the chain; what is wrong goes to `problems`.
Outcome<std::vector<std::string>> compareWitnesses(const Context& context,
                                                   const VerifyOptions& options,
                                                   const evidence::Verdict& verdict,
                                                   std::vector<std::string>& problems) {
  const auto witnesses = fingerprintsOf(options.witnesses, "--witness");
  if (!witnesses) return tl::unexpected(witnesses.error());
  if (options.countersignatures.empty()) {
    if (witnesses->empty()) return std::vector<std::string>{};
    return usage("--witness needs --countersignatures");
  }
  const auto sources = manifest::collect({options.countersignatures}, false, context.terminal.in);
  if (!sources) return usage(sources.error().message);
  const auto all = evidence::fromLines(sources->front().text);
  if (!all) return finding(all.error().message);
  auto found = evidence::compare(verdict, *all, *witnesses);
  problems.insert(problems.end(), found.problems.begin(), found.problems.end());
  return std::move(found.agreed);
}

Outcome<Evidence> evidenceOf(const Context& context, const VerifyOptions& options) {
  constexpr std::string_view prefix = "exit/";
  if (!options.what.starts_with(prefix)) {
    const auto sources = manifest::collect({options.what}, false, context.terminal.in);
    if (!sources) return usage(sources.error().message);
    return Evidence{sources->front().text, "", {}};
  }
  auto cluster = Cluster::connect(context.options.cluster, context.stop);
  if (!cluster) return tl::unexpected(cluster.error());
  return readEvidence(**cluster, options.what.substr(prefix.size()), options.systemNamespace,
                      context.stop);
}

nlohmann::ordered_json toJson(const evidence::Verdict& verdict,
                              const std::vector<std::string>& problems) {
  return {{"good", problems.empty()},     {"authoritative", verdict.authoritative},
          {"records", verdict.records},   {"head", verdict.head},
          {"closed", verdict.closed},     {"keys", verdict.keys},
          {"findings", problems}};
}

std::string verdictText(const evidence::Verdict& verdict,
                        const std::vector<std::string>& problems, const Terminal& terminal) {
  std::string text;
  for (const auto& problem : problems) {
    text += "  " + wrapped(problem, terminal.width - 4, 4) + "\n";
  }
  if (!problems.empty()) {
    return terminal.paint(fmt::format("REFUSED: {} finding{}", problems.size(),
                                      problems.size() == 1 ? "" : "s"), Paint::Bad) + "\n" + text;
  }
  text = fmt::format("{} records, {}, head {}\n", verdict.records,
                     verdict.closed ? "closed" : "not closed yet", verdict.head);
  for (const auto& key : verdict.keys) text += fmt::format("signed by {}\n", harmless(key));
  if (verdict.authoritative) return terminal.paint("verified", Paint::Good) + "\n" + text;
  return terminal.paint("integrity only", Paint::Warn) +
         ": --key says whose signature counts\n" + text;
}

// An order of something misspelt would find nothing to leave.
void warnOfStrangers(const Context& context, const nlohmann::ordered_json& order) {
  const auto& target = order.at("spec").at("target");
  const auto names = [&](const char* key) { return target.value(key, std::vector<std::string>{}); };
  api::ExitTarget named;
  named.origins = names("origins");
  named.jurisdictions = names("jurisdictions");
  named.vendors = names("vendors");
  named.engines = names("engines");
  named.products = names("products");
  for (const auto& stranger : policy::strangersIn(named, *context.catalog)) {
    context.terminal.err << fmt::format(
        "warning: the catalogue does not know {}: is it misspelt?\n", stranger);
  }
}

}  // namespace

Outcome<Exit> runOrder(const Context& context, const OrderOptions& options) {
  const auto order = orderManifest(options, context.clock());
  if (!order) return tl::unexpected(order.error());
  const auto name = order->at("metadata").at("name").get<std::string>();
  warnOfStrangers(context, *order);
  if (options.dryRun) {
    print(context.terminal, forPrograms(context) ? context.options.format : Format::Yaml, *order);
    return Exit::Fine;
  }
  auto cluster = Cluster::connect(context.options.cluster, context.stop);
  if (!cluster) return tl::unexpected(cluster.error());
  if (auto made = create(**cluster, *order, context.stop); !made) {
    return tl::unexpected(made.error());
  }
  if (options.watch) return watchOrder(context, **cluster, name);
  if (forPrograms(context)) {
    print(context.terminal, context.options.format, *order);
  } else {
    context.terminal.out << fmt::format(
        "exitorder.bailiwick.dev/{0} created\nfollow it with: kubectl bailiwick exit status {0} -w\n",
        name);
  }
  return Exit::Fine;
}

Outcome<Exit> runExitStatus(const Context& context, const EvidenceOptions& options) {
  auto cluster = Cluster::connect(context.options.cluster, context.stop);
  if (!cluster) return tl::unexpected(cluster.error());
  if (options.watch) return watchOrder(context, **cluster, options.order);
  const auto order = readOrder(**cluster, options.order, context.stop);
  if (!order) return tl::unexpected(order.error());
  if (forPrograms(context)) {
    print(context.terminal, context.options.format, toJson(*order));
  } else {
    context.terminal.out << statusText(*order, context.terminal, context.clock());
  }
  return exitOf(*order);
}

Outcome<Exit> runExitExport(const Context& context, const EvidenceOptions& options) {
  auto cluster = Cluster::connect(context.options.cluster, context.stop);
  if (!cluster) return tl::unexpected(cluster.error());
  const auto evidence =
      readEvidence(**cluster, options.order, options.systemNamespace, context.stop);
  if (!evidence) return tl::unexpected(evidence.error());
  if (auto done = writeFile(options.file, evidence->lines); !done) {
    return tl::unexpected(done.error());
  }
  const auto verdict = evidence::verify(evidence->lines, evidence->known);
  if (!options.countersignatures.empty()) {
    const auto signed_ = readCountersignatures(**cluster, evidence->order, verdict, context.stop);
    if (!signed_) return tl::unexpected(signed_.error());
    const auto done = writeFile(options.countersignatures, evidence::toLines(*signed_));
    if (!done) return tl::unexpected(done.error());
  }
  context.terminal.out << fmt::format("{}: {} records, {}\n", options.file, verdict.records,
                                      verdict.closed ? "closed" : "not closed yet");
  if (verdict.good()) return Exit::Fine;
  return finding(fmt::format("the evidence does not verify: {}: see kubectl bailiwick verify {}",
                             harmless(verdict.findings.front().str()), options.file));
}

Outcome<Exit> runVerify(const Context& context, const VerifyOptions& options) {
  auto fingerprints = fingerprintsOf(options.keys, "--key");
  if (!fingerprints) return tl::unexpected(fingerprints.error());
  auto evidence = evidenceOf(context, options);
  if (!evidence) return tl::unexpected(evidence.error());
  evidence->known.fingerprints = *std::move(fingerprints);
  const auto verdict = evidence::verify(evidence->lines, evidence->known);
  std::vector<std::string> problems;
  for (const auto& found : verdict.findings) problems.push_back(found.str());
  if (problems.empty() && !verdict.closed && !options.unfinished) {
    problems.emplace_back("the chain does not end with Closed: the order is still under way, which "
                          "--unfinished accepts, or its end was cut off");
  }
  const auto witnesses = compareWitnesses(context, options, verdict, problems);
  if (!witnesses) return tl::unexpected(witnesses.error());
  if (forPrograms(context)) {
    auto json = toJson(verdict, problems);
    if (!options.countersignatures.empty()) json["countersigned"] = *witnesses;
    print(context.terminal, context.options.format, json);
  } else {
    context.terminal.out << verdictText(verdict, problems, context.terminal);
    for (const auto& name : *witnesses) {
      context.terminal.out << fmt::format("countersigned by {}\n", harmless(name));
    }
  }
  return problems.empty() ? Exit::Fine : Exit::Finding;
}

}  // namespace bailiwick::plugin
