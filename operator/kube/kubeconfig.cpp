#include "kube/kubeconfig.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <stdexcept>

#include "kube/base64.hpp"
#include "kube/files.hpp"
#include "kube/tls.hpp"
#include "yaml/strict_yaml.hpp"

namespace bailiwick::kube {
namespace {

using YamlNode = yaml::Node;
using Kind = YamlNode::Kind;

constexpr char mountedAccount[] = "/var/run/secrets/kubernetes.io/serviceaccount";

struct Forbidden {
  std::string_view key, why;
};
constexpr std::string_view useToken = "use a token or a client certificate of a service account";
constexpr std::array forbidden = {
    Forbidden{"exec", "runs a program; use a token or a client certificate instead"},
    Forbidden{"auth-provider", "runs a login of its own; use a token or a client certificate"},
    Forbidden{"tokenFile", "names a file to send away; put the token into the file as `token`"},
    Forbidden{"username", useToken},
    Forbidden{"password", useToken},
    Forbidden{"as", "impersonates; give the account itself the rights it needs"},
    Forbidden{"as-uid", "impersonates; give the account itself the rights it needs"},
    Forbidden{"as-groups", "impersonates; give the account itself the rights it needs"},
    Forbidden{"as-user-extra", "impersonates; give the account itself the rights it needs"},
    Forbidden{"insecure-skip-tls-verify",
              "leaves the server unverified; give its CA as "
              "certificate-authority-data"},
    Forbidden{"proxy-url", "sends credentials through a proxy; connect directly"},
};

// The first thing that is wrong with the file; caught in parseKubeconfig.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Loader {
 public:
  Loader(const std::string& file, const YamlNode& root) : file_(file), root_(root) {}

  ClusterConfig load() {
    expectMap(root_, "the file");
    allow(root_, {"apiVersion", "kind", "preferences", "clusters", "users", "contexts",
                  "current-context", "extensions"});
    expectWord("apiVersion", "v1");
    expectWord("kind", "Config");
    checkPreferences();
    checkAll();
    const std::string current = text(root_, "current-context");
    if (current.empty()) refuse(root_, "current-context is missing; name one of the contexts");
    const YamlNode& context = named("contexts", "context", current, root_);
    ClusterConfig config;
    readCluster(named("clusters", "cluster", text(context, "cluster"), context), config);
    readUser(named("users", "user", text(context, "user"), context), config);
    if (const auto ns = text(context, "namespace"); !ns.empty()) config.ns = ns;
    return config;
  }

 private:
  [[noreturn]] void refuse(const YamlNode& at, const std::string& why) const {
    throw Refused(file_ + ":" + std::to_string(std::max(at.line, 1)) + ": " + why);
  }

  void expectMap(const YamlNode& node, const std::string& what) const {
    if (node.kind != Kind::Map) refuse(node, what + " must be a map");
  }

  // Closed: every key is known, or refused with its reason.
  void allow(const YamlNode& map, std::initializer_list<std::string_view> keys) const {
    for (const auto& [key, value] : map.entries) {
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      for (const auto& entry : forbidden) {
        if (entry.key == key) refuse(value, key + " is refused: it " + std::string(entry.why));
      }
      refuse(value, "unknown key " + key + "; leave it out");
    }
  }

  void expectWord(std::string_view key, std::string_view word) const {
    if (text(root_, key) != word) {
      refuse(root_, std::string(key) + " must be " + std::string(word));
    }
  }

  void checkPreferences() const {
    const YamlNode* node = root_.find("preferences");
    if (node && node->kind != Kind::Null && !(node->kind == Kind::Map && node->entries.empty())) {
      refuse(*node, "preferences must be empty");
    }
  }

  // Empty when absent.
  std::string text(const YamlNode& map, std::string_view key) const {
    const YamlNode* node = map.find(key);
    if (!node || node->kind == Kind::Null) return {};
    if (node->kind != Kind::Scalar) refuse(*node, std::string(key) + " must be a string");
    return node->scalar;
  }

  // Also of what is not the current context: a file with anything forbidden in it is refused.
  void checkAll() const {
    for (const YamlNode* entry : entries("clusters", "cluster")) {
      allow(*entry, {"server", "certificate-authority", "certificate-authority-data",
                     "tls-server-name", "extensions"});
      server(*entry);
    }
    for (const YamlNode* entry : entries("users", "user")) {
      allow(*entry, {"token", "client-certificate", "client-certificate-data", "client-key",
                     "client-key-data", "extensions"});
    }
    for (const YamlNode* entry : entries("contexts", "context")) {
      allow(*entry, {"cluster", "user", "namespace", "extensions"});
    }
  }

  std::vector<const YamlNode*> entries(std::string_view list, std::string_view member) const {
    std::vector<const YamlNode*> out;
    std::vector<std::string> names;
    const YamlNode* node = root_.find(list);
    if (!node || node->kind == Kind::Null) return out;
    if (node->kind != Kind::List) refuse(*node, std::string(list) + " must be a list");
    for (const YamlNode& item : node->items) {
      expectMap(item, "an entry of " + std::string(list));
      allow(item, {"name", member});
      const auto name = text(item, "name");
      if (name.empty()) refuse(item, "an entry of " + std::string(list) + " has no name");
      if (std::find(names.begin(), names.end(), name) != names.end()) {
        refuse(item, std::string(list) + " has two entries named " + name);
      }
      names.push_back(name);
      const YamlNode* inner = item.find(member);
      if (!inner) refuse(item, std::string(member) + " is missing");
      expectMap(*inner, std::string(member));
      out.push_back(inner);
    }
    return out;
  }

  const YamlNode& named(std::string_view list, std::string_view member, const std::string& name,
                        const YamlNode& from) const {
    if (name.empty()) refuse(from, "the context names no " + std::string(member));
    const YamlNode* node = root_.find(list);
    if (node && node->kind == Kind::List) {
      for (const YamlNode& item : node->items) {
        if (text(item, "name") == name) return *item.find(member);
      }
    }
    refuse(from, "there is no " + std::string(member) + " named " + name);
  }

  ServerUrl server(const YamlNode& cluster) const {
    const YamlNode* node = cluster.find("server");
    const auto url = text(cluster, "server");
    if (!node || url.empty()) refuse(cluster, "server is missing; give the API server's https URL");
    auto parsed = parseServerUrl(url);
    if (!parsed) refuse(*node, parsed.error().message);
    return *parsed;
  }

  void readCluster(const YamlNode& cluster, ClusterConfig& config) const {
    config.server = server(cluster);
    config.tlsServerName = text(cluster, "tls-server-name");
    config.ca = source(cluster, "certificate-authority");
    if (config.ca.empty()) {
      refuse(cluster, "certificate-authority-data is missing; give the CA of the API server");
    }
  }

  void readUser(const YamlNode& user, ClusterConfig& config) const {
    config.token.inlineText = Secret(text(user, "token"));
    config.clientCertificate = source(user, "client-certificate");
    config.clientKey = source(user, "client-key");
    if (config.clientCertificate.empty() != config.clientKey.empty()) {
      refuse(user, "client-certificate and client-key go together; one is missing");
    }
    if (config.token.empty() && config.clientCertificate.empty()) {
      refuse(user, "the user has no credential; give a token or a client certificate with its key");
    }
  }

  // KEY names a file, KEY-data holds base64.
  Source source(const YamlNode& map, const std::string& key) const {
    Source out;
    const auto file = text(map, key);
    const auto data = text(map, key + "-data");
    if (!file.empty() && !data.empty()) {
      refuse(*map.find(key), key + " and " + key + "-data are both given; keep one");
    }
    if (!file.empty()) {
      const auto folder = std::filesystem::absolute(file_).parent_path();
      out.file = (folder / file).lexically_normal().string();
    }
    if (!data.empty()) {
      auto decoded = decodeBase64(data);
      if (!decoded || decoded->find('\0') != std::string::npos) {
        refuse(*map.find(key + "-data"), key + "-data is no base64 of a PEM text");
      }
      out.inlineText = Secret(*std::move(decoded));
    }
    return out;
  }

  const std::string& file_;
  const YamlNode& root_;
};

// What the schema cannot see: the files, the PEM, the dates.
Result<void> checkCredentials(const ClusterConfig& config, api::Time now) {
  auto credentials = CredentialStore(config).current();
  if (!credentials) return tl::unexpected(credentials.error());
  return checkValidity(**credentials, now);
}

}  // namespace

Result<ClusterConfig> loadKubeconfig(const std::string& file) {
  auto text = readSmallFile(file);
  if (!text) return tl::unexpected(text.error());
  const auto now = std::chrono::system_clock::now();
  return parseKubeconfig(*text, file, std::chrono::time_point_cast<api::Time::duration>(now));
}

Result<ClusterConfig> parseKubeconfig(std::string_view text, const std::string& file,
                                      api::Time now) {
  if (text.size() > maxSmallFile) return fail(file + ": larger than 1 MiB");
  if (text.find('\0') != std::string_view::npos) return fail(file + ": holds a NUL byte");
  const auto root = yaml::parseStrict(text);
  if (!root) return fail(file + ": " + root.error().message);
  ClusterConfig config;
  try {
    config = Loader(file, *root).load();
  } catch (const Refused& refused) {
    return fail(refused.what());
  }
  if (const auto sound = checkCredentials(config, now); !sound) {
    return fail(file + ": " + sound.error().message);
  }
  return config;
}

Result<ClusterConfig> inClusterConfig() {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  return inClusterConfig(host ? host : "", port ? port : "", mountedAccount);
}

Result<ClusterConfig> inClusterConfig(const std::string& host, const std::string& port,
                                      const std::string& folder) {
  if (host.empty() || port.empty()) {
    return fail(
        "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: outside a cluster give "
        "--kubeconfig=FILE");
  }
  const bool six = host.find(':') != std::string::npos;
  auto server = parseServerUrl("https://" + (six ? "[" + host + "]" : host) + ":" + port);
  if (!server) return fail("KUBERNETES_SERVICE_HOST: " + server.error().message);
  ClusterConfig config;
  config.server = *server;
  config.ca.file = folder + "/ca.crt";
  config.token.file = folder + "/token";
  if (const auto ns = readSmallFile(folder + "/namespace"); ns && !ns->empty()) config.ns = *ns;
  if (auto sound = CredentialStore(config).current(); !sound) {
    return tl::unexpected(sound.error());
  }
  return config;
}

}  // namespace bailiwick::kube
