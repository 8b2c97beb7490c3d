#include "config/config.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

using namespace std::chrono_literals;

constexpr char head[] = "apiVersion: sidecar.bailiwick.dev/v1alpha1\nkind: SidecarConfig\n";
constexpr char data[] = "data: {listen: \"0.0.0.0:8080\"}\n";
constexpr char identity[] =
    "identity: {region: fra, jurisdiction: DE, deployment: assistants/eu, variant: h200}\n";
constexpr char engine[] = "engine: {url: \"http://127.0.0.1:8000\", model: deepseek-v3.2}\n";
constexpr char routes[] = "routes: {file: /etc/bailiwick/routes.yaml}\n";

// A good configuration whose seventh line on is `more`.
std::string with(const std::string& more) {
  return std::string(head) + data + identity + engine + routes + more;
}

std::string errorOf(const std::string& text) {
  const auto config = parseConfig("c.yaml", text);
  return config ? "" : config.error().message;
}

TEST(Config, NeedsLittleAndDefaultsTheRest) {
  const auto config = parseConfig("c.yaml", with(""));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->data.listen, (Address{"0.0.0.0", 8080}));
  EXPECT_FALSE(config->data.tls);
  EXPECT_EQ(config->admin, (Address{"127.0.0.1", 9090}));
  EXPECT_EQ(config->observe, (Address{"0.0.0.0", 9091}));
  EXPECT_FALSE(config->peers);
  EXPECT_EQ(config->identity.deployment, "assistants/eu");
  EXPECT_EQ(config->engine->health.path, "/health");
  EXPECT_EQ(config->engine->health.interval, 1s);
  EXPECT_EQ(config->engine->health.timeout, 500ms);
  EXPECT_EQ(config->routes.maxAge, 24h);
  EXPECT_FALSE(config->routes.configMap);
  EXPECT_EQ(config->keysFile, "");
  const Limits& limits = config->limits;
  EXPECT_EQ(limits.maxInFlight, 512);
  EXPECT_EQ(limits.maxQueued, 256);
  EXPECT_EQ(limits.queueTimeout, 5s);
  EXPECT_EQ(limits.requestTimeout, 10min);
  EXPECT_EQ(limits.maxBodySize, 32 << 20);
  EXPECT_EQ(limits.maxHeaderSize, 64 << 10);
  EXPECT_EQ(limits.maxHeaders, 100);
  EXPECT_EQ(limits.maxInFlightPerKey, 64);
  EXPECT_EQ(limits.idleTimeout, 75s);
  EXPECT_EQ(limits.headerTimeout, 10s);
  EXPECT_EQ(config->outliers.consecutiveErrors, 5);
  EXPECT_EQ(config->outliers.ejectFor, 30s);
  EXPECT_EQ(config->outliers.slowStart, 10s);
  EXPECT_EQ(config->drain.timeout, 10min);
  EXPECT_EQ(config->drain.lameDuck, 5s);
  EXPECT_EQ(config->drain.terminationMessage, "/dev/termination-log");
  EXPECT_EQ(config->accessLog, "-");
  EXPECT_TRUE(config->paths.empty());
  EXPECT_EQ(config->retry.maxCopy, 1 << 20);
  EXPECT_EQ(config->retry.maxCopyTotal, 256 << 20);
}

TEST(Config, TakesEveryKeyOfTheContract) {
  const auto config = parseConfig("c.yaml", R"(
apiVersion: sidecar.bailiwick.dev/v1alpha1
kind: SidecarConfig
data: {listen: "0.0.0.0:8081", tls: {certFile: /c, keyFile: /k, clientCAFile: /ca}}
admin: {listen: "127.0.0.1:9099"}
observe: {listen: "[::]:9098"}
identity: {region: fra, jurisdiction: DE, deployment: assistants/assistant-eu, variant: h200}
engine: {url: "http://127.0.0.1:8000", model: m, health: {path: /healthz, interval: 2s, timeout: 1500ms}}
routes: {file: /r, configMap: {namespace: assistants, name: assistant-eu-routes}, maxAge: 1h}
auth: {keysFile: /keys}
limits: {maxInFlight: 1, maxQueued: 0, queueTimeout: 0s, requestTimeout: 1m, maxBodySize: 1500k, maxHeaderSize: 1Ki, maxHeaders: 7, maxInFlightPerKey: 2, idleTimeout: 3s, headerTimeout: 4s}
outliers: {consecutiveErrors: 1, ejectFor: 1ms, slowStart: 0s}
drain: {timeout: 1d, lameDuck: 0s, terminationMessage: /t}
accessLog: {path: /var/log/access}
paths: [/tokenize, /v1/audio/speech]
retry: {maxCopy: 0, maxCopyTotal: 2Mi}
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->data.tls->certFile, "/c");
  EXPECT_EQ(config->data.tls->keyFile, "/k");
  EXPECT_EQ(config->data.tls->clientCaFile, "/ca");
  EXPECT_EQ(config->admin.port, 9099);
  EXPECT_EQ(config->observe.host, "::");
  EXPECT_EQ(config->engine->health.path, "/healthz");
  EXPECT_EQ(config->engine->health.interval, 2s);
  EXPECT_EQ(config->engine->health.timeout, 1500ms);
  EXPECT_EQ(config->routes.configMap->ns, "assistants");
  EXPECT_EQ(config->routes.configMap->name, "assistant-eu-routes");
  EXPECT_EQ(config->routes.maxAge, 1h);
  EXPECT_EQ(config->keysFile, "/keys");
  EXPECT_EQ(config->limits.maxInFlight, 1);
  EXPECT_EQ(config->limits.maxQueued, 0);
  EXPECT_EQ(config->limits.queueTimeout, 0s);
  EXPECT_EQ(config->limits.requestTimeout, 1min);
  EXPECT_EQ(config->limits.maxBodySize, 1'500'000);
  EXPECT_EQ(config->limits.maxHeaderSize, 1024);
  EXPECT_EQ(config->limits.maxHeaders, 7);
  EXPECT_EQ(config->limits.maxInFlightPerKey, 2);
  EXPECT_EQ(config->limits.idleTimeout, 3s);
  EXPECT_EQ(config->limits.headerTimeout, 4s);
  EXPECT_EQ(config->outliers.consecutiveErrors, 1);
  EXPECT_EQ(config->outliers.ejectFor, 1ms);
  EXPECT_EQ(config->outliers.slowStart, 0s);
  EXPECT_EQ(config->drain.timeout, 24h);
  EXPECT_EQ(config->drain.lameDuck, 0s);
  EXPECT_EQ(config->drain.terminationMessage, "/t");
  EXPECT_EQ(config->accessLog, "/var/log/access");
  EXPECT_EQ(config->paths, (std::vector<std::string>{"/tokenize", "/v1/audio/speech"}));
  EXPECT_EQ(config->retry.maxCopy, 0);
  EXPECT_EQ(config->retry.maxCopyTotal, 2 << 20);
}

TEST(Config, OfAGatewayHasAFolderAndPeers) {
  const std::string gateway =
      std::string(head) + data +
      "identity: {region: fra, jurisdiction: DE}\nroutes: {folder: /etc/bailiwick/routes.d}\n";
  const auto config =
      parseConfig("c.yaml", gateway +
                                "peers: {listen: \":8443\", tls: {certFile: /c, keyFile: /k, "
                                "clientCAFile: /ca}}");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->routes.folder, "/etc/bailiwick/routes.d");
  EXPECT_EQ(config->peers->listen.port, 8443);
  EXPECT_EQ(config->peers->tls->clientCaFile, "/ca");
  EXPECT_FALSE(config->engine);

  EXPECT_EQ(errorOf(gateway + "peers: {listen: \":8443\"}"), "c.yaml:6: peers: tls is missing");
  EXPECT_EQ(errorOf(gateway + "peers: {listen: \":8443\", tls: {certFile: /c, keyFile: /k}}"),
            "c.yaml:6: peers.tls: must have either clientCAFile or clientCAFolder");
  EXPECT_EQ(errorOf(gateway + "peers: {listen: \":8443\", tls: {certFile: /c, keyFile: /k, "
                              "clientCAFile: /ca, clientCAFolder: /d}}"),
            "c.yaml:6: peers.tls: must have either clientCAFile or clientCAFolder");
  EXPECT_EQ(parseConfig("c.yaml", gateway + "peers: {listen: \":8443\", tls: {certFile: /c, keyFile: "
                                            "/k, clientCAFolder: /d}}")
                ->peers->tls->clientCaFolder,
            "/d");
  EXPECT_EQ(errorOf(gateway + engine),
            "c.yaml:4: identity: deployment is missing\n"
            "c.yaml:4: identity: variant is missing\n"
            "c.yaml:5: routes.folder: makes a gateway, which has no engine; write file, or leave "
            "engine out");
}

TEST(Config, SaysEverythingThatIsWrongAtOnce) {
  EXPECT_EQ(errorOf("apiVersion: v1\nkind: SidecarConfig\nidentity: {region: FRA}\n"
                    "routes: {}\nlimits: {maxInFlight: 0, maxQueue: 1}\n"),
            "c.yaml:1: apiVersion: must be sidecar.bailiwick.dev/v1alpha1\n"
            "c.yaml:1: data is missing\n"
            "c.yaml:3: identity.region: must be up to 63 lower case letters, digits and dashes\n"
            "c.yaml:3: identity: jurisdiction is missing\n"
            "c.yaml:4: routes: must have either file or folder\n"
            "c.yaml:5: limits.maxInFlight: must be from 1 to 1000000\n"
            "c.yaml:5: limits.maxQueue: unknown key; known are headerTimeout, idleTimeout, "
            "maxBodySize, maxHeaderSize, maxHeaders, maxInFlight, maxInFlightPerKey, maxQueued, "
            "queueTimeout, requestTimeout");
}

TEST(Config, SaysWhatIsWrongAndWhere) {
  const struct {
    const char* line;
    const char* error;  // after "c.yaml:7: "
  } cases[] = {
      {"colour: red",
       "colour: unknown key; known are accessLog, admin, apiVersion, auth, data, "
       "drain, engine, identity, kind, limits, observe, outliers, paths, peers, "
       "retry, routes"},
      {"routes: {file: /x}", "routes: given twice; it is already on line 6"},
      {"drain: &d {timeout: 1s}", "drain: anchors are not accepted; leave the & out"},
      {"admin: {listen: 9090}",
       "admin.listen: must be [HOST]:PORT with an IP address for HOST, such as 0.0.0.0:8080"},
      {"admin: {}", "admin: listen is missing"},
      {"observe: {listen: \":1\", tls: {}}", "observe.tls: unknown key; known are listen"},
      {"peers: {listen: \":1\", tls: {certFile: /c, keyFile: /k, clientCAFile: /a}}",
       "peers: belongs to a gateway: write routes.folder, or leave peers out"},
      {"auth: {}", "auth: keysFile is missing"},
      {"auth: {keysFile: keys}", "auth.keysFile: must be the absolute path of a file"},
      {"limits: {maxInFlight: 1.5}", "limits.maxInFlight: must be an integer, is a text"},
      {"limits: {maxInFlight: \"5\"}", "limits.maxInFlight: must be an integer, is a quoted text"},
      {"limits: {maxInFlight: -1}", "limits.maxInFlight: must be from 1 to 1000000"},
      {"limits: {maxInFlight: 99999999999999999999}",
       "limits.maxInFlight: must be an integer, is a text"},
      {"limits: {queueTimeout: 5}",
       "limits.queueTimeout: must be a duration such as 90d, 1h30m, 10s or 500ms"},
      {"limits: {requestTimeout: 0s}", "limits.requestTimeout: must be above zero"},
      {"limits: {maxBodySize: 0}",
       "limits.maxBodySize: must be a size such as 64Ki, from 1 to 1Pi"},
      {"limits: {maxBodySize: 2000Ti}",
       "limits.maxBodySize: must be a size such as 64Ki, from 1 to 1Pi"},
      {"limits: {maxBodySize: -1Mi}",
       "limits.maxBodySize: must be a size such as 64Ki, from 1 to 1Pi"},
      {"limits: {maxBodySize: 1e3}",
       "limits.maxBodySize: must be a size such as 64Ki, from 1 to 1Pi"},
      {"limits: {maxBodySize: 100m}",
       "limits.maxBodySize: must be a size such as 64Ki, from 1 to 1Pi"},
      {"limits: {maxHeaderSize: 1023}",
       "limits.maxHeaderSize: must be a size such as 64Ki, from 1Ki to 1Mi"},
      {"limits: {maxHeaders: 0}", "limits.maxHeaders: must be from 1 to 10000"},
      {"outliers: {ejectFor: 0s}", "outliers.ejectFor: must be above zero"},
      {"drain: {timeout: 0s}", "drain.timeout: must be above zero"},
      {"drain: {lameDuck: -1s}",
       "drain.lameDuck: must be a duration such as 90d, 1h30m, 10s or 500ms"},
      {"accessLog: {path: log}", "accessLog.path: must be the absolute path of a file"},
      {"accessLog: \"-\"", "accessLog: must be a map, is a quoted text"},
      {"paths: /tokenize", "paths: must be a list, is a text"},
      {"paths: [/a, /a]", "paths: /a is given twice"},
      {"retry: {maxCopy: x}", "retry.maxCopy: must be a size such as 64Ki, from 0 to 1Pi"},
  };
  for (const auto& c : cases) {
    const std::string error = errorOf(with(c.line));
    EXPECT_EQ(error.substr(0, error.find('\n')), std::string("c.yaml:7: ") + c.error) << c.line;
  }
}

TEST(Config, TakesPathsOnlyAsTheyAreMatched) {
  for (const char* good : {"/tokenize", "/v1/audio/speech", "/generate_stream", "/a.b"})
    EXPECT_EQ(errorOf(with(std::string("paths: [\"") + good + "\"]")), "") << good;
  for (const char* bad : {"", "/", "tokenize", "/a?b", "/a#b", "/a%20b", "/a b", "//a", "/a/",
                          "/../a", "/a/..", "/a/./b", "/a\\\\b", "*"})
    EXPECT_NE(errorOf(with(std::string("paths: [\"") + bad + "\"]")), "") << bad;
}

TEST(Config, NamesOneCountryAndNoBloc) {
  const std::string rest = std::string(data) + "routes: {file: /r}\n";
  for (const char* bad : {"EU", "de", "DEU", "D", "", "D1"})
    EXPECT_NE(errorOf(std::string(head) + rest + "identity: {region: fra, jurisdiction: \"" + bad +
                      "\"}"),
              "")
        << bad;
  // Norway, which YAML 1.1 would read as false.
  const auto norway =
      parseConfig("c.yaml", std::string(head) + rest + "identity: {region: osl, jurisdiction: NO}");
  ASSERT_TRUE(norway) << norway.error().message;
  EXPECT_EQ(norway->identity.jurisdiction, "NO");
}

TEST(Config, HasItsEngineAtARoot) {
  const std::string rest = std::string(head) + data + identity + routes;
  EXPECT_EQ(errorOf(rest + "engine: {url: \"http://127.0.0.1:8000/v1\", model: m}"),
            "c.yaml:6: engine.url: must have no path: it is the engine's own root");
  EXPECT_EQ(errorOf(rest + "engine: {url: \"http://127.0.0.1:8000\"}"),
            "c.yaml:6: engine: model is missing");
}

}  // namespace
}  // namespace bailiwick::sidecar
