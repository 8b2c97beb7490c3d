#include <algorithm>

#include "catalog/checks.hpp"
#include "catalog/draft.hpp"

namespace bailiwick::catalog {
namespace {

std::string sidecarHas(std::string_view port) {
  return "port " + std::string(port) +
         " is the sidecar's in the same pod, as are 8080, 9090 and 9091; take another";
}

bool isSidecarPort(std::string_view text) {
  return std::any_of(std::begin(sidecarPorts), std::end(sidecarPorts),
                     [&](int port) { return text == std::to_string(port); });
}

void readPort(const Cursor& at, int& out) {
  at.read(out);
  if (out < 1 || out > 65535) at.fail("must be between 1 and 65535");
  const std::string text = std::to_string(out);
  if (isSidecarPort(text)) at.fail(sidecarHas(text));
}

// "--metrics-port", "NIM_SERVER_PORT".
bool namesPort(std::string_view word) {
  const auto endsWith = [&](std::string_view end) { return word.ends_with(end); };
  return endsWith("port") || endsWith("PORT") || endsWith("ports") || endsWith("PORTS");
}

// Whether a setting opens a port of the sidecar's: "--metrics-port 8080", "--port=8080", or an
// address such as "{host}:8080".
void checkPortOf(const Cursor& at, std::string_view name, std::string_view value) {
  const std::size_t colon = value.rfind(':');
  const auto port = colon == std::string_view::npos ? value : value.substr(colon + 1);
  if ((namesPort(name) || port.size() < value.size()) && isSidecarPort(port))
    at.fail(sidecarHas(port));
}

void checkPortArgs(const Cursor& args) {
  if (args.node().kind != yaml::Node::Kind::List) return;
  std::string previous;
  args.items([&](const Cursor& item) {
    const std::string& word = item.node().scalar;
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos)
      checkPortOf(item, word.substr(0, equals), std::string_view(word).substr(equals + 1));
    else
      checkPortOf(item, previous, word);
    previous = word;
  });
}

void checkPortEnv(const Cursor& env) {
  if (env.node().kind != yaml::Node::Kind::Map) return;
  env.entries([](const std::string& name, const Cursor& value) {
    checkPortOf(value, name, value.node().scalar);
  });
}

void readImage(const Cursor& at, EngineImage& out, References& references) {
  Fields fields(at);
  if (const auto vendor = fields.required("vendor")) {
    if (vendor->read(out.vendor))
      references.push_back({Reference::To::Vendor, "", out.vendor, vendor->where()});
  }
  if (const auto products = fields.optional("products")) {
    products->read(out.products);
    for (const std::string& name : out.products)
      references.push_back({Reference::To::Product, out.vendor, name, products->where()});
  }
  if (const auto image = fields.optional("image")) {
    if (image->read(out.image) && !isImage(out.image))
      image->fail("must be an image with a tag or a sha256 digest");
  }
  if (const auto args = fields.optional("args")) {
    args->read(out.args);
    checkPlaceholders(*args, {"model", "servedName", "host", "port", "devices", "nodes"});
    checkPortArgs(*args);
  }
  if (const auto env = fields.optional("env")) {
    env->read(out.env);
    checkEnvNames(*env);
    checkPortEnv(*env);
  }
  fields.finish();
}

void checkListedOnce(const Cursor& item, const Engine& engine) {
  const EngineImage& added = engine.images.back();
  for (const std::string& product : added.products) {
    const auto listed = std::count_if(
        engine.images.begin(), engine.images.end(), [&](const EngineImage& other) {
          return other.vendor == added.vendor &&
                 std::find(other.products.begin(), other.products.end(), product) !=
                     other.products.end();
        });
    if (listed > 1) item.fail("product " + product + " has two images");
  }
}

void readImages(const Cursor& images, Engine& out, References& references) {
  images.items([&](const Cursor& item) {
    readImage(item, out.images.emplace_back(), references);
    const EngineImage& added = out.images.back();
    const auto earlier = std::count_if(out.images.begin(), out.images.end(), [&](const auto& i) {
      return i.vendor == added.vendor && i.products.empty();
    });
    if (added.products.empty() && earlier > 1)
      item.fail("vendor " + added.vendor + " has two images for all its products");
    checkListedOnce(item, out);
  });
  if (out.images.empty()) images.fail("must list at least one vendor");
}

void readPaths(Fields& fields, std::string_view key, std::vector<std::string>& out) {
  const auto paths = fields.optional(key);
  if (!paths) return;
  paths->read(out);
  checkAbsolutePaths(*paths, out);
}

void readCommand(Fields& fields, Engine& out) {
  const auto texts = [&](std::string_view key, auto& list,
                         std::initializer_list<std::string_view> known) {
    const auto at = fields.optional(key);
    if (!at) return;
    at->read(list);
    checkPlaceholders(*at, known);
    checkPortArgs(*at);
    checkPortEnv(*at);
  };
  texts("command", out.command, {"model", "servedName", "host", "port", "devices", "nodes"});
  texts("args", out.args, {"model", "servedName", "host", "port", "devices", "nodes"});
  texts("env", out.env, {"model", "servedName", "host", "port", "devices", "nodes"});
  texts("multiNodeArgs", out.multiNodeArgs,
        {"model", "servedName", "host", "port", "devices", "nodes", "leaderAddress", "nodeRank"});
  texts("multiNodeWorkerArgs", out.multiNodeWorkerArgs,
        {"model", "servedName", "host", "port", "devices", "nodes", "leaderAddress", "nodeRank"});
}

void readReserved(Fields& fields, Engine& out) {
  if (const auto args = fields.optional("reservedArgs")) {
    args->read(out.reservedArgs);
    for (const std::string& arg : out.reservedArgs) {
      if (!arg.starts_with('-') || arg.find('=') != std::string::npos)
        args->fail("\"" + arg + "\" must begin with - and have no value");
    }
  }
  fields.may("reservedEnv", out.reservedEnv);
}

}  // namespace

void readEngine(const Cursor& at, Engine& out, References& references) {
  Fields fields(at);
  if (const auto name = fields.required("name")) {
    if (name->read(out.name) && !isId(out.name))
      name->fail("must be lower case letters, digits, dots and dashes");
  }
  fields.may("note", out.note);
  fields.may("source", out.source);
  if (const auto images = fields.required("images")) readImages(*images, out, references);
  readCommand(fields, out);
  if (const auto port = fields.required("port")) readPort(*port, out.port);
  if (const auto path = fields.required("health")) {
    if (path->read(out.health.path)) checkAbsolutePaths(*path, {out.health.path});
  }
  if (const auto metrics = fields.optional("metricsPath")) {
    if (metrics->read(out.metricsPath)) checkAbsolutePaths(*metrics, {out.metricsPath});
  }
  readPaths(fields, "proxiedPaths", out.proxiedPaths);
  readPaths(fields, "writablePaths", out.writablePaths);
  readReserved(fields, out);
  if (const auto user = fields.optional("runAsUser")) {
    user->read(out.runAsUser);
    if (out.runAsUser.value_or(0) < 0) user->fail("must not be negative");
  }
  fields.may("readOnlyRootFilesystem", out.readOnlyRootFilesystem);
  fields.may("acceptsArgs", out.acceptsArgs);
  fields.may("multiNode", out.multiNode);
  fields.finish();
}

void readEngineDefaults(const Cursor& at, Draft& out) {
  Fields fields(at);
  if (const auto env = fields.optional("env")) {
    out.engineEnv.clear();
    env->read(out.engineEnv);
    checkEnvNames(*env);
  }
  if (const auto reserved = fields.optional("reservedEnv")) {
    out.engineReservedEnv.clear();
    reserved->read(out.engineReservedEnv);
  }
  fields.finish();
}

void readFetcher(const Cursor& at, Fetcher& out, References&) {
  Fields fields(at);
  if (const auto type = fields.required("sourceType")) {
    const std::string& t = out.sourceType;
    if (type->read(out.sourceType) && t != "OCI" && t != "HTTP" && t != "HuggingFace" &&
        t != "ModelScope")
      type->fail("must be OCI, HTTP, HuggingFace or ModelScope");
  }
  if (const auto image = fields.required("image")) {
    if (image->read(out.image) && !isImage(out.image))
      image->fail("must be an image with a tag or a sha256 digest");
  }
  if (const auto command = fields.required("command")) {
    command->read(out.command);
    checkPlaceholders(*command, {"uri", "directory", "reference", "repository", "revision"});
    if (out.command.empty()) command->fail("must not be empty");
  }
  if (const auto env = fields.optional("env")) {
    env->read(out.env);
    checkEnvNames(*env);
    checkPlaceholders(*env, {"directory"});
  }
  readPaths(fields, "writablePaths", out.writablePaths);
  fields.finish();
}

}  // namespace bailiwick::catalog
