#include "plugin/app.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <ostream>

#include "catalog/loader.hpp"
#include "manifest/similar.hpp"
#include "plugin/catalog_command.hpp"
#include "plugin/completion.hpp"
#include "plugin/exit_command.hpp"
#include "plugin/fleet_command.hpp"
#include "plugin/order_manifest.hpp"
#include "plugin/version.hpp"

namespace bailiwick::plugin {
namespace {

using Command = std::function<Outcome<Exit>(const Context&)>;

// The parser, what it fills in, and the command that was named.
struct Parser {
  CLI::App app{"Plans and explains where language models may run, and leaves a dependency.",
               "kubectl bailiwick"};
  Options options;
  PlanOptions plan;
  ExplainOptions explain;
  CatalogOptions catalog;
  OrderOptions order;
  EvidenceOptions evidence;
  VerifyOptions verify;
  JoinOptions join;
  AdoptOptions adopt;
  std::string shell;
  Command chosen;
  bool needsCatalog = false;
};

void addOutput(Parser& p, CLI::App& command, const std::map<std::string, Format>& formats) {
  std::string names;
  for (const auto& [name, format] : formats) names += (names.empty() ? "" : ", ") + name;
  const auto read = [&p, formats, names](const std::string& name) {
    const auto known = formats.find(name);
    if (known == formats.end()) {
      throw CLI::ValidationError("--output", name + " is none of " + names);
    }
    p.options.format = known->second;
  };
  command.add_option_function<std::string>("-o,--output", read, "Instead of a table: " + names)
      ->option_text("FORMAT");
}

const std::map<std::string, Format> dataFormats{{"json", Format::Json}, {"yaml", Format::Yaml}};
const std::map<std::string, Format> allFormats{
    {"json", Format::Json}, {"yaml", Format::Yaml}, {"wide", Format::Wide}};

void addCluster(Parser& p, CLI::App& command) {
  auto& flags = p.options.cluster;
  command.add_option("--kubeconfig", flags.kubeconfig, "As kubectl's")->option_text("FILE");
  command.add_option("--context", flags.context, "As kubectl's")->option_text("NAME");
  command.add_option("-n,--namespace", flags.ns, "As kubectl's")->option_text("NAME");
}

void addCatalog(Parser& p, CLI::App& command) {
  command
      .add_option("--catalog", p.options.catalog,
                  "Folder of entries over the catalogue's")
      ->option_text("DIR");
}

// What says which world is judged, and how its operator is set.
void addWorld(Parser& p, CLI::App& command, PlanOptions& world) {
  addCluster(p, command);
  addCatalog(p, command);
  command.add_flag("-R,--recursive", world.recursive, "Look into the folders below -f too");
  auto* against = command.add_option("--against", world.against,
                                     "Kubeconfig of a region's cluster (repeatable)")
                      ->option_text("KUBECONFIG")
                      ->allow_extra_args(false);
  command.add_option("--offline", world.offline, "Region files instead of clusters")
      ->option_text("FILES")
      ->excludes(against);
  command.add_option("--region", p.options.region, "Which of several Region objects is meant")
      ->option_text("NAME");
  command
      .add_option("--pod-metadata-prefix", p.options.podMetadataPrefixes,
                  "As the operator's flag of that name")
      ->option_text("DOMAIN")
      ->allow_extra_args(false);
}

CLI::App* addCommand(Parser& p, const std::string& name, const std::string& about,
                     const std::string& example) {
  auto* command = p.app.add_subcommand(name, about);
  command->footer("Example:\n" + example);
  return command;
}

void addPlan(Parser& p) {
  auto* command = addCommand(
      p, "plan", "What applying manifests would change",
      "  kubectl bailiwick plan -f manifests/\n"
      "  kubectl bailiwick plan -f manifests/ --offline fra.yaml zrh.yaml\n"
      "  kubectl bailiwick plan -f manifests/ --against fra.kubeconfig -o json\n"
      "Exit code 1 when something is found that a person should look at.");
  command->add_option("-f,--filename", p.plan.files, "File, folder or - (standard input)")
      ->required()
      ->option_text("PATH")
      ->allow_extra_args(false);
  addWorld(p, *command, p.plan);
  addOutput(p, *command, allFormats);
  command->callback([&p] {
    p.needsCatalog = true;
    p.chosen = [&p](const Context& c) { return runPlan(c, p.plan); };
  });
}

void addExplain(Parser& p) {
  auto* command = addCommand(
      p, "explain", "Why each variant was chosen or not, pool by pool",
      "  kubectl bailiwick explain mdep/assistant -n team\n"
      "  kubectl bailiwick explain mdep/assistant -n team -f . --offline fra.yaml");
  command->add_option("deployment", p.explain.name, "mdep/NAME")->required()->option_text("NAME");
  command->add_option("-f,--filename", p.explain.world.files, "As if this were applied")
      ->option_text("PATH")
      ->allow_extra_args(false);
  addWorld(p, *command, p.explain.world);
  addOutput(p, *command, allFormats);
  command->callback([&p] {
    p.needsCatalog = true;
    p.chosen = [&p](const Context& c) { return runExplain(c, p.explain); };
  });
}

void addCatalogCommand(Parser& p) {
  auto* command = addCommand(p, "catalog", "Vendors, products, engines, blocs and regions",
                             "  kubectl bailiwick catalog\n"
                             "  kubectl bailiwick catalog engines -o wide\n"
                             "  kubectl bailiwick catalog regions switzerland\n"
                             "  kubectl bailiwick catalog products h200 -o json");
  command->add_option("section", p.catalog.section, "Which part; none: how much there is of each")
      ->check(CLI::IsMember(catalogSections()))
      ->option_text("SECTION");
  command->add_option("filter", p.catalog.filter, "Only entries with this word in them")
      ->option_text("WORD");
  addCatalog(p, *command);
  addOutput(p, *command, allFormats);
  command->callback([&p] {
    p.needsCatalog = true;
    p.chosen = [&p](const Context& c) { return runCatalog(c, p.catalog); };
  });
}

void addSystemNamespace(CLI::App& command, std::string& ns) {
  command.add_option("--system-namespace", ns, "Where the operator keeps evidence")
      ->option_text("NAME")
      ->capture_default_str();
}

// What `exit` and `drill` have in common.
void addOrder(Parser& p, CLI::App& command) {
  auto& order = p.order;
  command.add_option("target", order.targets, "KEY=VALUE, any number; they add up")
      ->option_text("TARGET");
  command.add_option("--by", order.by, "When it must be done: 2026-12-31 or RFC 3339")
      ->option_text("DATE");
  command.add_option("--in", order.inNamespaces, "Only deployments in this namespace; may be repeated")
      ->option_text("NAMESPACE")
      ->allow_extra_args(false);
  command.add_option("-l,--selector", order.labels, "Only deployments with this label; may be repeated")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_option("--reason", order.reason, "Why, for the record")->option_text("TEXT");
  command.add_option("--name", order.name, "Of the ExitOrder; else made of its targets")
      ->option_text("NAME");
  command.add_flag("--dry-run", order.dryRun, "Print the ExitOrder and make none");
  command.add_flag("-w,--watch", order.watch, "Then follow its progress");
  addCluster(p, command);
  addCatalog(p, command);
  addOutput(p, command, dataFormats);
}

void addStatus(Parser& p, CLI::App& parent) {
  auto* command = parent.add_subcommand("status", "How far an order is");
  command->footer("Example:\n  kubectl bailiwick exit status exit-nvidia --watch\n"
                  "Exit code 1 when it is blocked or held.");
  command->add_option("order", p.evidence.order, "Name of the ExitOrder")
      ->required()
      ->option_text("NAME");
  command->add_flag("-w,--watch", p.evidence.watch, "Until it is done");
  addCluster(p, *command);
  addOutput(p, *command, dataFormats);
  command->callback(
      [&p] { p.chosen = [&p](const Context& c) { return runExitStatus(c, p.evidence); }; });
}

void addExport(Parser& p, CLI::App& parent) {
  auto* command = parent.add_subcommand("export", "Write an order's evidence to a file");
  command->footer("Example:\n  kubectl bailiwick exit export exit-nvidia -o exit-nvidia.jsonl\n"
                  "  kubectl bailiwick verify exit-nvidia.jsonl");
  command->add_option("order", p.evidence.order, "Name of the ExitOrder")
      ->required()
      ->option_text("NAME");
  command->add_option("-o,--output", p.evidence.file, "Where it is written")
      ->required()
      ->option_text("FILE");
  command->add_option("--countersignatures", p.evidence.countersignatures,
                      "Where goes what other regions have signed")
      ->option_text("FILE");
  addSystemNamespace(*command, p.evidence.systemNamespace);
  addCluster(p, *command);
  command->callback(
      [&p] { p.chosen = [&p](const Context& c) { return runExitExport(c, p.evidence); }; });
}

void addExit(Parser& p) {
  auto* command = addCommand(
      p, "exit", "Leave a vendor, model or place by a date",
      "  kubectl bailiwick exit vendor=nvidia --by 2026-12-31 --reason 'contract ends'\n"
      "  kubectl bailiwick exit origin=CN passport=old --by 2026-12-31 --dry-run\n"
      "  kubectl bailiwick exit vendor=amd --by 2026-12-31 --in team -l tier=critical\n"
      "  kubectl bailiwick exit status exit-nvidia -w\n"
      "  kubectl bailiwick exit export exit-nvidia -o evidence.jsonl");
  addOrder(p, *command);
  command->add_option("--on-deadline", p.order.onDeadline, "Hold, or Stop what is left then")
      ->check(CLI::IsMember({"Hold", "Stop"}))
      ->option_text("WHAT")
      ->capture_default_str();
  command->add_option("--mode", p.order.mode, "MakeBeforeBreak, or Immediate")
      ->check(CLI::IsMember({"MakeBeforeBreak", "Immediate"}))
      ->option_text("HOW")
      ->capture_default_str();
  command->add_flag("--drill", p.order.drill, "Move nothing; record what would happen");
  addStatus(p, *command);
  addExport(p, *command);
  command->require_subcommand(0, 1);
  command->callback([&p, command] {
    if (!command->get_subcommands().empty()) return;
    if (p.order.targets.empty()) throw CLI::RequiredError("TARGET");
    p.needsCatalog = true;
    p.chosen = [&p](const Context& c) { return runOrder(c, p.order); };
  });
}

void addDrill(Parser& p) {
  auto* command = addCommand(p, "drill", "Rehearse an exit: nothing moves",
                             "  kubectl bailiwick drill vendor=nvidia --watch");
  addOrder(p, *command);
  command->get_option("target")->required();
  command->callback([&p] {
    p.order.drill = true;
    p.needsCatalog = true;
    p.chosen = [&p](const Context& c) { return runOrder(c, p.order); };
  });
}

void addVerify(Parser& p) {
  auto* command = addCommand(
      p, "verify", "Whether evidence is what was once written",
      "  kubectl bailiwick verify evidence.jsonl --key evidence-key.pem\n"
      "  kubectl bailiwick verify exit/exit-nvidia\n"
      "  kubectl bailiwick verify e.jsonl --countersignatures s.jsonl --witness zrh.pem\n"
      "A file needs no cluster. Without --key only its integrity is shown. Exit code 1\n"
      "when anything is wrong.");
  command->add_option("what", p.verify.what, "A file, or exit/NAME")
      ->required()
      ->option_text("FILE");
  command->add_option("--key", p.verify.keys, "File of a public key, or its fingerprint")
      ->option_text("FILE")
      ->allow_extra_args(false);
  command->add_option("--countersignatures", p.verify.countersignatures,
                      "What other regions have signed of it, to be compared")
      ->option_text("FILE");
  command->add_option("--witness", p.verify.witnesses,
                      "As --key, of a region that countersigned it")
      ->option_text("FILE")
      ->allow_extra_args(false);
  command->add_flag("--unfinished", p.verify.unfinished, "The order may still be under way");
  addSystemNamespace(*command, p.verify.systemNamespace);
  addCluster(p, *command);
  addOutput(p, *command, dataFormats);
  command->callback([&p] { p.chosen = [&p](const Context& c) { return runVerify(c, p.verify); }; });
}

void addFleet(Parser& p) {
  auto* command = addCommand(p, "fleet", "The regions as this cluster sees them",
                             "  kubectl bailiwick fleet\n"
                             "  kubectl bailiwick fleet --context zrh -o wide\n"
                             "Exit code 1 when one is Suspect, Lost or Unknown, or differs elsewhere.");
  addCluster(p, *command);
  addOutput(p, *command, allFormats);
  command->callback([&p] { p.chosen = [](const Context& c) { return runFleet(c); }; });
}

void addJoin(Parser& p) {
  auto* command = addCommand(
      p, "join", "Manifests that let a peer read this region",
      "  kubectl bailiwick join zrh | kubectl apply -f -\n"
      "  kubectl bailiwick join zrh --credential | kubectl --context zrh apply -f -\n"
      "The first makes an account for the peer zrh here, unless the chart's\n"
      "peerReaders has made one; the second gives zrh a token of it.");
  auto& join = p.join;
  command->add_option("peer", join.peer, "Name of the region that is to read this one")
      ->required()
      ->option_text("REGION");
  auto* credential = command->add_flag("--credential", join.credential,
                                       "What the peer needs: Secret and Region object");
  command->add_option("--server", join.server, "Where the peer reaches it; else as kubectl does")
      ->option_text("URL");
  command->add_option("--duration", join.duration, "Life of the token, which the peer renews")
      ->option_text("DURATION")
      ->capture_default_str();
  command->add_option("--region", p.options.region, "Name of this region, where no operator says it")
      ->option_text("NAME");
  command->add_option("--system-namespace", join.systemNamespace, "Where to make the account")
      ->option_text("NAME")
      ->capture_default_str()
      ->excludes(credential);
  addCluster(p, *command);
  addOutput(p, *command, dataFormats);
  command->callback([&p] { p.chosen = [&p](const Context& c) { return runJoin(c, p.join); }; });
}

void addAdopt(Parser& p) {
  auto* command = addCommand(p, "adopt", "Make a copy the original",
                             "  kubectl bailiwick adopt mdep/assistant -n team\n"
                             "For when the region of the original is lost for good.");
  command->add_option("deployment", p.adopt.name, "mdep/NAME")->required()->option_text("NAME");
  addCluster(p, *command);
  command->callback([&p] { p.chosen = [&p](const Context& c) { return runAdopt(c, p.adopt); }; });
}

void addCompletion(Parser& p) {
  auto* command = addCommand(p, "completion", "Completion for a shell",
                             "  source <(kubectl-bailiwick completion bash)\n"
                             "  kubectl-bailiwick completion fish | source\n"
                             "For `kubectl bailiwick` itself, wherever kubectl is completed, in a "
                             "folder\nof the PATH:\n"
                             "  kubectl-bailiwick completion kubectl > kubectl_complete-bailiwick\n"
                             "  chmod +x kubectl_complete-bailiwick");
  command->add_option("shell", p.shell, "bash, zsh, fish or kubectl")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "kubectl"}))
      ->option_text("SHELL");
  command->callback([&p] {
    p.chosen = [&p](const Context& c) -> Outcome<Exit> {
      c.terminal.out << completionScript(p.shell);
      return Exit::Fine;
    };
  });
}

void build(Parser& p) {
  p.app.set_version_flag("--version", std::string("kubectl-bailiwick ") + buildVersion);
  p.app.require_subcommand(1);
  p.app.footer("Example:\n  kubectl bailiwick plan -f manifests/ --offline regions/fra.yaml\n"
               "kubectl bailiwick COMMAND --help tells more. Exit codes:\n0 fine, 1 a finding, "
               "2 bad usage, 3 the cluster could not be asked.");
  p.app.get_formatter()->column_width(28);
  addPlan(p);
  addExplain(p);
  addExit(p);
  addDrill(p);
  addVerify(p);
  addFleet(p);
  addJoin(p);
  addAdopt(p);
  addCatalogCommand(p);
  addCompletion(p);
}

int tell(const Environment& environment, const Failure& failure) {
  environment.terminal.err << "error: " << failure.message << "\n";
  return static_cast<int>(failure.code);
}

// CLI11 would say only that a command is missing.
std::optional<std::string> unknownCommand(const Parser& p, const std::string& name) {
  std::vector<std::string> names;
  for (const auto* command : p.app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  if (std::find(names.begin(), names.end(), name) != names.end()) return std::nullopt;
  const auto meant = manifest::mostSimilar(name, names);
  return fmt::format("{} is no command{}; there are {}", name,
                     meant.empty() ? "" : fmt::format(" ({} is meant?)", meant),
                     fmt::join(names, ", "));
}

int execute(Parser& p, const Environment& environment) {
  Context context{environment.terminal, p.options, nullptr, {}, environment.clock,
                  environment.stop};
  context.settings.podMetadataPrefixes = p.options.podMetadataPrefixes;
  // Each row in one line, as kubectl's, whatever the terminal's width.
  if (p.options.format == Format::Wide) context.terminal.width = unlimitedWidth;
  Result<catalog::Catalog> catalog;
  if (p.needsCatalog) {
    catalog = p.options.catalog.empty() ? catalog::builtin()
                                        : catalog::withOverrides(p.options.catalog);
    if (!catalog) return tell(environment, {Exit::Usage, catalog.error().message});
    context.catalog = &*catalog;
  }
  const auto done = p.chosen(context);
  return done ? static_cast<int>(*done) : tell(environment, done.error());
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Environment& environment) {
  Parser parser;
  build(parser);
  if (!arguments.empty() && arguments.front() == completeCommand) {
    environment.terminal.out << complete(parser.app, {arguments.begin() + 1, arguments.end()});
    return 0;
  }
  if (arguments.empty()) {
    environment.terminal.err << parser.app.help();
    return static_cast<int>(Exit::Usage);
  }
  if (!arguments.front().starts_with('-')) {
    const auto unknown = unknownCommand(parser, arguments.front());
    if (unknown) return tell(environment, {Exit::Usage, *unknown});
  }
  try {
    parser.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;
    parser.app.exit(error, environment.terminal.out, environment.terminal.err);
    return static_cast<int>(asked ? Exit::Fine : Exit::Usage);
  }
  return execute(parser, environment);
}

}  // namespace bailiwick::plugin
