#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/one_file.hpp"

namespace bailiwick::catalog {
namespace {

using testing::errorOf;
using ::testing::HasSubstr;
using testing::parseText;

TEST(Loader, SaysWhatIsWrongAndWhere) {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"", "f.yaml:1: the file is empty"},
      {"[]", "f.yaml:1: must be a map, is a list"},
      {"engins: []",
       "f.yaml:1: engins: unknown key; known are blocs, countries, engineDefaults, "
       "engines, fetchers, labels, providers, vendors"},
      {"countries: [CH, ch]",
       "f.yaml:1: countries[1]: must be two capital letters (ISO 3166-1 alpha-2)"},
      {"countries: {CH: 1}", "f.yaml:1: countries: must be a list, is a map"},
      {"countries: [~]", "f.yaml:1: countries[0]: must be a text, is empty"},
      {"countries: [CH]\ncountries: [DE]",
       "f.yaml:2: countries: given twice; it is already on line 1"},
      {"countries: &c [CH]", "f.yaml:1: countries: anchors are not accepted; leave the & out"},
      {"countries: !!seq [CH]", "f.yaml:1: countries: tags are not accepted; leave the ! out"},
      {"countries: [CH]\n---\ncountries: [DE]", "f.yaml:1: only one document is accepted"},
      {"blocs:\n- {name: X1, asOf: now, members: [CH]}",
       "f.yaml:2: blocs[0].members[0]: there is no country CH"},
      {"countries: [CH]\nblocs:\n- {name: CH, asOf: now, members: [CH]}",
       "f.yaml:3: blocs[0]: CH is a country"},
      {"countries: [CH]\nblocs:\n- {name: X1, asOf: now, members: [CH, CH]}",
       "f.yaml:3: blocs[0].members[1]: CH is given twice"},
      {"blocs:\n- {name: x, asOf: now, members: []}",
       "f.yaml:2: blocs[0].name: must be 2 to 16 capital letters and digits\n"
       "f.yaml:2: blocs[0].members: must list at least one country"},
      {"providers:\n- {id: p, name: P, locations: [{id: a, country: CH}]}",
       "f.yaml:2: providers[0].locations[0].country: there is no country CH"},
      {"countries: [CH]\nproviders:\n- id: p\n  name: P\n  locations:\n"
       "  - {id: a, country: CH, nodeLabels: [x]}\n  - {id: x, country: CH}",
       "f.yaml:7: providers[0].locations[1]: node label \"x\" already means location a"},
      {"countries: [CH]\nproviders: [{id: p, name: P, locations: [{id: a/b, country: CH}]}]",
       ""},  // IONOS writes its ids so
      {"countries: [CH]\nproviders: [{id: p, name: P, locations: [{id: a/, country: CH}]}]",
       "f.yaml:2: providers[0].locations[0].id: must be letters, digits, dots, dashes, _ and /, as "
       "in a Region's spec.location"},
      {"providers: [{id: p, name: P, partOf: q, locations: []}]",
       "f.yaml:1: providers[0].partOf: there is no provider q"},
      {"providers:\n- {id: p, name: P, locations: []}\n- {id: p, name: Q, locations: []}",
       "f.yaml:3: providers[1]: p is given twice; it is already at f.yaml:2"},
      {"providers: [{id: P, name: P, locations: []}]",
       "f.yaml:1: providers[0].id: must be lower case letters, digits, dots and dashes"},
      {"providers: [{name: P, locations: []}]", "f.yaml:1: providers[0]: id is missing"},
      {"labels: {jurisdictionLabel: a b}",
       "f.yaml:1: labels.jurisdictionLabel: must be a label key such as example.com/name"},
      {"labels: {residencyPrefix: example.com}",
       "f.yaml:1: labels.residencyPrefix: must be a label's domain with its slash, such as "
       "example.com/"},
      {"fetchers: [{sourceType: FTP, image: a:1, command: [x]}]",
       "f.yaml:1: fetchers[0].sourceType: must be OCI, HTTP, HuggingFace or ModelScope"},
      {"fetchers: [{sourceType: OCI, image: a, command: [x, '{url}']}]",
       "f.yaml:1: fetchers[0].image: must be an image with a tag or a sha256 digest\n"
       "f.yaml:1: fetchers[0].command[1]: unknown placeholder {url}"},
      {"engineDefaults: {env: {1X: y}}",
       "f.yaml:1: engineDefaults.env.1X: must be the name of an environment variable"},
  };
  for (const auto& c : cases) EXPECT_EQ(errorOf(c.text), c.error) << c.text;
}

// Each line of `family` or `product` stands in an otherwise good vendor.
std::string vendor(const std::string& family, const std::string& product = "") {
  return "vendors:\n- id: v\n  name: V\n  families:\n  - {id: f, resource: v.com/gpu" + family +
         "}\n  products:\n  - {name: A, families: [f]" + product + "}\n";
}

TEST(Loader, ChecksVendors) {
  EXPECT_EQ(errorOf(vendor("")), "");
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {vendor(", multipleOf: 0"),
       "f.yaml:5: vendors[0].families[0].multipleOf: must be at least 1"},
      {vendor(", multipleOf: '2'"),
       "f.yaml:5: vendors[0].families[0].multipleOf: must be an integer, is a quoted text"},
      {vendor(", multipleOf: two"),
       "f.yaml:5: vendors[0].families[0].multipleOf: must be an integer, is a text"},
      {vendor(", providers: [mars]"),
       "f.yaml:5: vendors[0].families[0].providers: there is no provider mars"},
      {vendor(", labellers: [{memoryKey: m}]"),
       "f.yaml:5: vendors[0].families[0].labellers[0]: productKey is missing"},
      {vendor(", labellers: [{productKey: k, memoryUnit: GB}]"),
       "f.yaml:5: vendors[0].families[0].labellers[0].memoryUnit: must be MiB or GiB_G"},
      {vendor(", labellers: [{productKey: k, byDeviceId: yes}]"),
       "f.yaml:5: vendors[0].families[0].labellers[0].byDeviceId: must be true or false, is a "
       "text"},
      {vendor(", requiredLabels: {a: []}"),
       "f.yaml:5: vendors[0].families[0].requiredLabels.a: must list at least one value"},
      {vendor(", allowedCounts: [1, 0]"),
       "f.yaml:5: vendors[0].families[0].allowedCounts[1]: must be at least 1"},
      {vendor(", labellers: [{productKey: k, valueInKey: true, memoryKey: m}]"),
       "f.yaml:5: vendors[0].families[0].labellers[0]: with valueInKey the memoryUnit must be "
       "GiB_G"},
      {vendor(", pod: {hostPaths: [{path: /x}]}"),
       "f.yaml:5: vendors[0].families[0].pod.hostPaths[0]: type is missing"},
      {vendor(", pod: {hostPaths: [{path: /x, type: DirectoryOrCreate}]}"),
       "f.yaml:5: vendors[0].families[0].pod.hostPaths[0].type: must be Directory, File, Socket, "
       "CharDevice or BlockDevice: the node has it"},
      {vendor(", pod: {hostPaths: [{path: ../x, type: File}]}"),
       "f.yaml:5: vendors[0].families[0].pod.hostPaths[0].path: \"../x\" must be an absolute path "
       "without .."},
      {vendor("}\n  - {id: f, resource: v.com/b"),
       "f.yaml:4: vendors[0].families: family f is given twice"},
      {vendor("", ", aliases: [A]"), "f.yaml:6: vendors[0].products: \"A\" names two products"},
      {vendor("", ", memoryMiB: 0"),
       "f.yaml:7: vendors[0].products[0].memoryMiB: must be at least 1"},
      {vendor("", "}\n  - {name: B, families: [g]"),
       "f.yaml:8: vendors[0].products[1].families: vendor v has no family g"},
      {vendor("", "}\n  - {name: a b, families: []"),
       "f.yaml:8: vendors[0].products[1].name: \"a b\" cannot be the value of a label"},
      {vendor("") + "  memoryLabels: [64]\n",
       "f.yaml:8: vendors[0].memoryLabels: \"64\" must be GiB with a G, such as 64G"},
      {vendor("") + "  target: false\n",
       "f.yaml:2: vendors[0]: note is missing: say why it is no target"},
  };
  for (const auto& c : cases) EXPECT_EQ(errorOf(c.text), c.error) << c.text;
}

std::string engine(const std::string& more, const std::string& image = "") {
  return vendor("") + "engines:\n- name: e\n  port: 80\n  health: /health\n  images:\n" +
         "  - {vendor: v, image: 'e:1'" + image + "}\n" + more;
}

TEST(Loader, ChecksEngines) {
  EXPECT_EQ(errorOf(engine("")), "");
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {engine("  command: ['{model}', '{nodeRank}']\n"),
       "f.yaml:14: engines[0].command[1]: unknown placeholder {nodeRank}"},
      {engine("  env: {A: '{password}'}\n"),
       "f.yaml:14: engines[0].env.A: unknown placeholder {password}"},
      {engine("  reservedArgs: [--port=, model]\n"),
       "f.yaml:14: engines[0].reservedArgs: \"--port=\" must begin with - and have no value\n"
       "f.yaml:14: engines[0].reservedArgs: \"model\" must begin with - and have no value"},
      {engine("  proxiedPaths: [tokenize]\n"),
       "f.yaml:14: engines[0].proxiedPaths: \"tokenize\" must be an absolute path without .."},
      {engine("  runAsUser: -1\n"), "f.yaml:14: engines[0].runAsUser: must not be negative"},
      {engine("  - {vendor: w, image: 'e:1'}\n"),
       "f.yaml:14: engines[0].images[1].vendor: there is no vendor w"},
      {engine("  - {vendor: v, products: [Z], image: 'e:1'}\n"),
       "f.yaml:14: engines[0].images[1].products: there is no product Z of vendor v"},
      {engine("  - {vendor: v, image: 'e:2'}\n"),
       "f.yaml:14: engines[0].images[1]: vendor v has two images for all its products"},
      {engine("  - {vendor: v, products: [A], image: 'e:2'}\n"
              "  - {vendor: v, products: [A], image: 'e:3'}\n"),
       "f.yaml:15: engines[0].images[2]: product A has two images"},
      {engine("  prot: 1\n"),
       "f.yaml:14: engines[0].prot: unknown key; known are acceptsArgs, args, command, env, health, "
       "images, metricsPath, multiNode, multiNodeArgs, multiNodeWorkerArgs, name, note, port, "
       "proxiedPaths, "
       "readOnlyRootFilesystem, reservedArgs, reservedEnv, runAsUser, source, writablePaths"},
  };
  for (const auto& c : cases) EXPECT_EQ(errorOf(c.text), c.error) << c.text;
  EXPECT_THAT(errorOf("engines:\n- {name: e, port: 70000, health: h, images: []}"),
              HasSubstr("f.yaml:2: engines[0].port: must be between 1 and 65535"));
}

// The engine could never bind it.
TEST(Loader, RefusesThePortsOfTheSidecar) {
  const auto refusal = [](const std::string& where, const std::string& port) {
    return "f.yaml:14: engines[0]." + where + ": port " + port +
           " is the sidecar's in the same pod, as are 8080, 9090 and 9091; take another";
  };
  const struct {
    const char *text, *where, *port;
  } refused[] = {
      {"  args: [--metrics-port, '8080']\n", "args[1]", "8080"},
      {"  args: [--metrics-port=9090]\n", "args[0]", "9090"},
      {"  args: [--listen, '{host}:9091']\n", "args[1]", "9091"},
      {"  multiNodeArgs: [--dist-init-addr, '{leaderAddress}:8080']\n", "multiNodeArgs[1]", "8080"},
      {"  env: {X_PORT: '9091'}\n", "env.X_PORT", "9091"},
      {"  env: {X_HOST: '{host}:8080'}\n", "env.X_HOST", "8080"},
  };
  for (const auto& row : refused)
    EXPECT_EQ(errorOf(engine(row.text)), refusal(row.where, row.port)) << row.text;
  const std::string harmless = "[--max-model-len, '8080', --port, '{port}', --a-port, '8081']";
  EXPECT_EQ(errorOf(engine("  args: " + harmless + "\n")), "");
  for (const char* port : {"8080", "9090", "9091"})
    EXPECT_THAT(errorOf(std::string("engines:\n- {name: e, port: ") + port +
                        ", health: /h, images: []}"),
                HasSubstr(std::string("engines[0].port: port ") + port + " is the sidecar's"));
  EXPECT_EQ(errorOf(engine("", ", args: [--rpc-port, '8080']")),
            "f.yaml:13: engines[0].images[0].args[1]: port 8080 is the sidecar's in the same pod, "
            "as are 8080, 9090 and 9091; take another");
}

TEST(Loader, TellsEveryErrorOfALoadAtOnceByLine) {
  EXPECT_EQ(errorOf("foo: 1\nproviders:\n- id: p\n  name: ''\n  locations: 3\ncountries: [X]\n"),
            "f.yaml:1: foo: unknown key; known are blocs, countries, engineDefaults, engines, "
            "fetchers, labels, providers, vendors\n"
            "f.yaml:4: providers[0].name: must not be empty\n"
            "f.yaml:5: providers[0].locations: must be a list, is a text\n"
            "f.yaml:6: countries[0]: must be two capital letters (ISO 3166-1 alpha-2)");
}

TEST(Loader, RefusesAliasesAndMergeKeys) {
  const std::string alias = errorOf("countries: &c [CH]\nblocs: *c");
  EXPECT_THAT(alias, HasSubstr("f.yaml:2: blocs: aliases are not accepted; write the value out"));
  EXPECT_THAT(errorOf("labels: {<<: {}}"), HasSubstr("merge keys are not accepted"));
  EXPECT_THAT(errorOf("a: &x [*x]"), HasSubstr("aliases are not accepted"));
}

TEST(Loader, BoundsDepthAndSize) {
  EXPECT_THAT(errorOf("countries: " + std::string(40, '[') + std::string(40, ']')),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(errorOf(std::string(100'000, '[')), HasSubstr("nested too deeply"));
  EXPECT_EQ(errorOf(std::string((1 << 20) + 1, ' ')),
            "f.yaml:1: larger than 1 MiB; split the file");
}

TEST(Loader, SaysWhereYamlItselfIsBroken) {
  EXPECT_THAT(errorOf("countries: [CH\nblocs: ]["), HasSubstr("no valid YAML"));
  EXPECT_THAT(errorOf("countries:\n\t- CH"), HasSubstr("f.yaml:2: no valid YAML"));
}

TEST(Loader, ReadsNorwayAsACountry) {
  EXPECT_TRUE(parseText("countries: [NO]").value().countries.contains("NO"));
}

TEST(Loader, CountsErrorsPastAHundred) {
  std::string text = "countries:\n";
  for (int i = 0; i < 150; ++i) text += "- x\n";
  EXPECT_THAT(errorOf(text), ::testing::EndsWith("\nand 50 more"));
}

TEST(Loader, RefusesASchedulerInShippedData) {
  const std::string text = vendor(", pod: {schedulerName: volcano}");
  EXPECT_EQ(errorOf(text), "");
  EXPECT_EQ(parseText(text, true).error().message,
            "f.yaml:2: vendors[0]: family f has pod.schedulerName, which only --catalog may set");
}

}  // namespace
}  // namespace bailiwick::catalog
