#include "plugin/app.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <ostream>

#include "catalog/loader.hpp"
#include "plugin/catalog_command.hpp"
#include "plugin/completion.hpp"
#include "plugin/version.hpp"

namespace bailiwick::plugin {
namespace {

using Command = std::function<Outcome<Exit>(const Context&)>;

// The parser, what it fills in, and the command that was named.
struct Parser {
  CLI::App app{"Explains and plans where language models may run, and leaves a dependency with "
               "evidence.",
               "kubectl bailiwick"};
  Options options;
  PlanOptions plan;
  ExplainOptions explain;
  CatalogOptions catalog;
  std::string shell;
  Command chosen;
  bool needsCatalog = true;
};

void addOutput(Parser& p, CLI::App& command, const std::map<std::string, Format>& formats) {
  std::string names;
  for (const auto& [name, format] : formats) names += (names.empty() ? "" : ", ") + name;
  command.add_option("-o,--output", p.options.format, "Instead of a table: " + names)
      ->transform(CLI::CheckedTransformer(formats))
      ->option_text("FORMAT");
}

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
                  "Folder whose entries add to or replace the catalogue's")
      ->option_text("DIR");
}

// What says which world is judged, and how its operator is set.
void addWorld(Parser& p, CLI::App& command, PlanOptions& world) {
  addCluster(p, command);
  addCatalog(p, command);
  command.add_flag("-R,--recursive", world.recursive, "Look into the folders below -f too");
  auto* against = command.add_option("--against", world.against,
                                     "Kubeconfig of the region's cluster, one for each region")
                      ->option_text("KUBECONFIG");
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
      "  kubectl bailiwick plan -f manifests/ --offline regions/fra.yaml regions/zrh.yaml\n"
      "  kubectl bailiwick plan -f manifests/ --against fra.kubeconfig -o json\n"
      "Exit code 1 when something is found that a person should look at.");
  command->add_option("-f,--filename", p.plan.files, "File, folder or - (standard input)")
      ->required()
      ->option_text("PATH");
  addWorld(p, *command, p.plan);
  addOutput(p, *command, allFormats);
  command->callback([&p] { p.chosen = [&p](const Context& c) { return runPlan(c, p.plan); }; });
}

void addExplain(Parser& p) {
  auto* command = addCommand(
      p, "explain", "Why each variant of a ModelDeployment was chosen or not, pool by pool",
      "  kubectl bailiwick explain mdep/assistant -n team\n"
      "  kubectl bailiwick explain mdep/assistant -n team -f manifests/ --offline fra.yaml");
  command->add_option("deployment", p.explain.name, "mdep/NAME")->required()->option_text("NAME");
  command->add_option("-f,--filename", p.explain.world.files, "As if this were applied")
      ->option_text("PATH");
  addWorld(p, *command, p.explain.world);
  addOutput(p, *command, allFormats);
  command->callback(
      [&p] { p.chosen = [&p](const Context& c) { return runExplain(c, p.explain); }; });
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
  command->callback(
      [&p] { p.chosen = [&p](const Context& c) { return runCatalog(c, p.catalog); }; });
}

void addCompletion(Parser& p) {
  auto* command = addCommand(p, "completion", "Completion for a shell",
                             "  source <(kubectl-bailiwick completion bash)\n"
                             "  kubectl-bailiwick completion fish > "
                             "~/.config/fish/completions/kubectl-bailiwick.fish\n"
                             "For `kubectl bailiwick` itself, in every shell that completes kubectl:\n"
                             "  kubectl-bailiwick completion kubectl > "
                             "/usr/local/bin/kubectl_complete-bailiwick\n"
                             "  chmod +x /usr/local/bin/kubectl_complete-bailiwick");
  command->add_option("shell", p.shell, "bash, zsh, fish or kubectl")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "kubectl"}))
      ->option_text("SHELL");
  command->callback([&p] {
    p.needsCatalog = false;
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
               "kubectl bailiwick COMMAND --help tells more. Exit codes: 0 fine, 1 a finding, "
               "2 bad usage,\n3 the cluster could not be asked.");
  p.app.get_formatter()->column_width(28);
  addPlan(p);
  addExplain(p);
  addCatalogCommand(p);
  addCompletion(p);
}

int tell(const Environment& environment, const Failure& failure) {
  environment.terminal.err << "error: " << failure.message << "\n";
  return static_cast<int>(failure.code);
}

int execute(Parser& p, const Environment& environment) {
  Context context{environment.terminal, p.options, nullptr, {}, environment.clock,
                  environment.stop};
  context.settings.podMetadataPrefixes = p.options.podMetadataPrefixes;
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
