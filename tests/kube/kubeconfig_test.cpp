#include "kube/kubeconfig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include "kube/base64.hpp"
#include "kube/files.hpp"
#include "kube/support/temp_dir.hpp"
#include "kube/support/test_ca.hpp"

namespace bailiwick::kube::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string base64(const std::string& text) {
  std::string out(4 * (text.size() / 3 + 1) + 1, '\0');
  const auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

api::Time now() {
  return std::chrono::time_point_cast<api::Time::duration>(std::chrono::system_clock::now());
}

const TestCa& ca() {
  static const TestCa authority;
  return authority;
}

// The parts of a sound kubeconfig, each to be replaced by a test.
struct Parts {
  std::string head = "apiVersion: v1\nkind: Config\npreferences: {}\n";
  std::string cluster =
      "    server: https://127.0.0.1:6443\n    certificate-authority-data: " + base64(ca().pem()) +
      "\n";
  std::string user = "    token: s3cret\n";
  std::string context = "    cluster: c\n    user: u\n    namespace: n\n";
  std::string tail = "current-context: x\n";

  std::string text() const {
    return head + "clusters:\n- name: c\n  cluster:\n" + cluster + "users:\n- name: u\n  user:\n" +
           user + "contexts:\n- name: x\n  context:\n" + context + tail;
  }
};

Result<ClusterConfig> parse(const Parts& parts) {
  return parseKubeconfig(parts.text(), "kube.yaml", now());
}

TEST(Kubeconfig, LoadsServerAuthorityTokenAndNamespace) {
  const auto config = parse({});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.str(), "https://127.0.0.1:6443");
  EXPECT_EQ(config->token.inlineText.reveal(), "s3cret");
  EXPECT_EQ(config->ca.inlineText.reveal(), ca().pem());
  EXPECT_EQ(config->ns, "n");
}

TEST(Kubeconfig, LoadsAClientCertificateFromFilesBesideIt) {
  const TempDir folder;
  const auto me = ca().issue({.commonName = "me", .client = true});
  folder.write("me.crt", me.certificatePem);
  folder.write("me.key", me.keyPem);
  Parts parts;
  parts.user = "    client-certificate: me.crt\n    client-key: me.key\n";
  parts.cluster += "    tls-server-name: kubernetes\n";
  const auto config = loadKubeconfig(folder.write("config", parts.text()));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->clientCertificate.file, folder.file("me.crt"));
  EXPECT_EQ(config->tlsServerName, "kubernetes");
}

TEST(Kubeconfig, AcceptsExtensionsAndNullsAsKubectlWritesThem) {
  Parts parts;
  parts.head = "apiVersion: v1\nkind: Config\npreferences: null\nextensions: []\n";
  parts.context =
      "    cluster: c\n    user: u\n    extensions:\n    - {name: e, extension: {a: b}}\n";
  const auto config = parse(parts);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->ns, "default");
}

struct BadRow {
  const char* name;
  std::function<void(Parts&)> spoil;
  const char* why;
};
class KubeconfigTable : public testing::TestWithParam<BadRow> {};

TEST_P(KubeconfigTable, RefusesWithFileLineAndReason) {
  Parts parts;
  GetParam().spoil(parts);
  const auto config = parse(parts);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr(GetParam().why));
  EXPECT_THAT(config.error().message, StartsWith("kube.yaml:"));
  EXPECT_THAT(config.error().message, Not(HasSubstr("s3cret")));
}

std::function<void(Parts&)> user(const std::string& text) {
  return [text](Parts& parts) { parts.user = text; };
}
std::function<void(Parts&)> moreUser(const std::string& text) {
  return [text](Parts& parts) { parts.user += text; };
}
std::function<void(Parts&)> moreCluster(const std::string& text) {
  return [text](Parts& parts) { parts.cluster += text; };
}
std::function<void(Parts&)> server(const std::string& url) {
  return [url](Parts& parts) {
    parts.cluster =
        "    server: \"" + url + "\"\n    certificate-authority-data: " + base64(ca().pem()) + "\n";
  };
}
std::function<void(Parts&)> tail(const std::string& text) {
  return [text](Parts& parts) { parts.tail = text; };
}

INSTANTIATE_TEST_SUITE_P(
    Rows, KubeconfigTable,
    testing::Values(
        BadRow{"Exec", moreUser("    exec: {command: sh, args: [-c, evil]}\n"), "exec is refused"},
        BadRow{"ExecOfAnotherUser",
               tail("current-context: x\n"
                    "extensions: []\n"
                    "preferencesX: 1\n"),
               "unknown key preferencesX"},
        BadRow{"AuthProvider", moreUser("    auth-provider: {name: gcp}\n"),
               "auth-provider is refused"},
        BadRow{"TokenFile", moreUser("    tokenFile: /etc/shadow\n"), "tokenFile is refused"},
        BadRow{"Username", moreUser("    username: me\n"), "username is refused"},
        BadRow{"Password", moreUser("    password: s3cret\n"), "password is refused"},
        BadRow{"Impersonation", moreUser("    as: root\n"), "as is refused: it impersonates"},
        BadRow{"ImpersonatedGroups", moreUser("    as-groups: [system:masters]\n"),
               "as-groups is refused"},
        BadRow{"Unverified", moreCluster("    insecure-skip-tls-verify: true\n"),
               "insecure-skip-tls-verify is refused"},
        BadRow{"Proxy", moreCluster("    proxy-url: http://proxy:3128\n"), "proxy-url is refused"},
        BadRow{"UnknownClusterKey", moreCluster("    colour: red\n"), "unknown key colour"},
        BadRow{"Http", server("http://127.0.0.1:8080"), "use https://"},
        BadRow{"Userinfo", server("https://me:s3cret@api"), "user or password"},
        BadRow{"Fragment", server("https://api#x"), "query or a fragment"},
        BadRow{"Metadata", server("https://169.254.169.254"), "link-local"},
        BadRow{"NoServer", server(""), "server is missing"},
        BadRow{"NoAuthority",
               [](Parts& parts) { parts.cluster = "    server: https://127.0.0.1:6443\n"; },
               "certificate-authority-data is missing"},
        BadRow{"AuthorityTwice", moreCluster("    certificate-authority: ca.crt\n"),
               "are both given"},
        BadRow{"AuthorityNoBase64",
               [](Parts& parts) {
                 parts.cluster =
                     "    server: https://127.0.0.1\n    certificate-authority-data: '%%%'\n";
               },
               "no base64"},
        BadRow{"AuthorityNoPem",
               [](Parts& parts) {
                 parts.cluster = "    server: https://127.0.0.1\n    certificate-authority-data: " +
                                 base64("hello") + "\n";
               },
               "no PEM certificate"},
        BadRow{"AuthorityWithNul",
               [](Parts& parts) {
                 parts.cluster = "    server: https://127.0.0.1\n    certificate-authority-data: " +
                                 base64(std::string("a\0b", 3)) + "\n";
               },
               "no base64"},
        BadRow{"NoCredential", user("    {}\n"), "no credential"},
        BadRow{"CertificateWithoutKey",
               user("    client-certificate-data: " + base64(ca().pem()) + "\n"), "go together"},
        BadRow{"KeyOfAnother",
               user("    client-certificate-data: " + base64(ca().issue().certificatePem) +
                    "\n    client-key-data: " + base64(ca().issue().keyPem) + "\n"),
               "does not belong"},
        BadRow{"TokenWithLineBreak", user("    token: \"a\\r\\nX-Evil: s3cret\"\n"), "token holds"},
        BadRow{"TokenIsMap", user("    token: {a: b}\n"), "token must be a string"},
        BadRow{"DuplicateKey", moreUser("    token: s3cret2\n"), "given twice"},
        BadRow{"DuplicateTopKey", tail("current-context: x\ncurrent-context: y\n"), "given twice"},
        BadRow{"DuplicateName",
               [](Parts& parts) {
                 parts.tail = "current-context: x\n";
                 parts.context += "- name: x\n  context: {cluster: c, user: u}\n";
               },
               "two entries named x"},
        BadRow{"Anchor", user("    token: &t s3cret\n"), "anchors are not accepted"},
        BadRow{"Alias", user("    token: *t\n"), "kube.yaml: line"},
        BadRow{"MergeKey", user("    <<: {token: s3cret}\n"), "merge keys"},
        BadRow{"Tag", user("    token: !!binary czNjcmV0\n"), "tags are not accepted"},
        BadRow{"CyclicAlias", tail("current-context: &x [*x]\n"), "anchors are not accepted"},
        BadRow{"NoCurrentContext", tail(""), "current-context is missing"},
        BadRow{"UnknownContext", tail("current-context: nope\n"), "no context named nope"},
        BadRow{"UnknownUser",
               [](Parts& parts) { parts.context = "    cluster: c\n    user: nope\n"; },
               "no user named nope"},
        BadRow{"WrongKind", [](Parts& parts) { parts.head = "apiVersion: v1\nkind: Pod\n"; },
               "kind must be Config"},
        BadRow{"Preferences",
               [](Parts& parts) {
                 parts.head += "extensions: {}\n";
                 parts.head.replace(parts.head.find("{}"), 2, "{colors: true}");
               },
               "preferences must be empty"},
        BadRow{"ListInsteadOfMap",
               [](Parts& parts) {
                 parts = {"[]", "", "", "", ""};
               },
               "kube.yaml"},
        BadRow{"SecondDocumentTooDeep",
               tail("current-context: x\n---\n" + std::string(60, '[') + std::string(60, ']') + "\n"),
               "one document"},
        BadRow{"TwoDocuments", tail("current-context: x\n---\na: b\n"), "one document"},
        BadRow{"Depth",
               tail("current-context: " + std::string(40, '[') + std::string(40, ']') + "\n"),
               "nested too deeply"},
        BadRow{"DepthOf100000", tail("current-context: " + std::string(100000, '[')), "kube.yaml"},
        BadRow{"NotYaml", tail("current-context: a: b: c\n"), "no valid YAML"}),
    [](const auto& row) { return row.param.name; });

TEST(Kubeconfig, RefusesExecEvenOfAUserThatIsNotUsed) {
  Parts parts;
  parts.user += "- name: other\n  user:\n    exec: {command: sh}\n";
  const auto config = parse(parts);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("exec is refused"));
}

TEST(Kubeconfig, NamesTheLine) {
  Parts parts;
  parts.user = "    exec: {}\n";
  EXPECT_THAT(parse(parts).error().message, StartsWith("kube.yaml:12: exec is refused"));
}

TEST(Kubeconfig, RefusesAnExpiredClientCertificate) {
  const auto me = ca().issue({.validFrom = -7200s, .validUntil = -3600s, .client = true});
  Parts parts;
  parts.user = "    client-certificate-data: " + base64(me.certificatePem) +
               "\n    client-key-data: " + base64(me.keyPem) + "\n";
  const auto config = parse(parts);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("has expired"));
}

TEST(Kubeconfig, RefusesNulBytesAndLargeFiles) {
  auto text = Parts{}.text();
  EXPECT_THAT(parseKubeconfig(text + std::string(1, '\0'), "f", now()).error().message,
              HasSubstr("NUL"));
  text += "#" + std::string(maxSmallFile, 'x');
  EXPECT_THAT(parseKubeconfig(text, "f", now()).error().message, HasSubstr("larger than 1 MiB"));
}

TEST(Kubeconfig, RefusesWhatIsNoRegularSmallFile) {
  const TempDir folder;
  EXPECT_THAT(loadKubeconfig(folder.file("none")).error().message, HasSubstr("no such file"));
  EXPECT_THAT(loadKubeconfig(folder.file("")).error().message, HasSubstr("no regular file"));
  ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
  EXPECT_THAT(loadKubeconfig(folder.file("pipe")).error().message, HasSubstr("no regular file"));
}

TEST(Kubeconfig, RefusesAnAuthorityFileOfAMegabyteOrMore) {
  const TempDir folder;
  folder.write("ca.crt", std::string(maxSmallFile + 1, 'x'));
  Parts parts;
  parts.cluster = "    server: https://127.0.0.1:6443\n    certificate-authority: ca.crt\n";
  EXPECT_THAT(loadKubeconfig(folder.write("config", parts.text())).error().message,
              HasSubstr("larger than 1 MiB"));
}

TEST(InCluster, ReadsTheMountedAccount) {
  const TempDir folder;
  folder.write("ca.crt", ca().pem());
  folder.write("token", "s3cret\n");
  folder.write("namespace", "bailiwick-system");
  const auto config = inClusterConfig("10.96.0.1", "443", folder.file(""));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.str(), "https://10.96.0.1:443");
  EXPECT_EQ(config->ns, "bailiwick-system");
  EXPECT_FALSE(inClusterConfig("", "", folder.file("")));
}

TEST(Credentials, FollowATokenFileThatIsReplaced) {
  const TempDir folder;
  ClusterConfig config;
  config.ca.inlineText = Secret(ca().pem());
  config.token.file = folder.write("token", "one");
  CredentialStore store(config);
  EXPECT_EQ((*store.current())->token.reveal(), "one");
  folder.write("token", "two\n");
  store.invalidate();
  EXPECT_EQ((*store.current())->token.reveal(), "two");
  EXPECT_EQ((*store.current())->tls, 1u);
}

TEST(Credentials, KeepTheLastSoundStateWhileAFileIsBroken) {
  const TempDir folder;
  ClusterConfig config;
  config.ca.file = folder.write("ca.crt", ca().pem());
  config.token.file = folder.write("token", "one");
  CredentialStore store(config);
  ASSERT_TRUE(store.current());
  folder.write("ca.crt", "garbage");
  store.invalidate();
  EXPECT_EQ((*store.current())->caPem, ca().pem());
  const TestCa another;
  folder.write("ca.crt", another.pem());
  store.invalidate();
  EXPECT_EQ((*store.current())->caPem, another.pem());
  EXPECT_EQ((*store.current())->tls, 2u);
}

TEST(Base64, DecodesStrictly) {
  EXPECT_EQ(decodeBase64("aGVs\nbG8="), "hello");
  EXPECT_EQ(decodeBase64(""), "");
  for (const auto* bad : {"a", "aGVsbG8", "aGVsbG8==", "aG=VsbG8", "aGVs bG8=", "====", "aGVs="}) {
    EXPECT_EQ(decodeBase64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace bailiwick::kube::test
