// The child that reaches the cluster, with a kubectl of our own on the PATH.

#include "plugin/kubectl.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>

#include "plugin/cluster.hpp"
#include "plugin/run.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;

class KubectlTest : public ::testing::Test {
 protected:
  void kubectl(const std::string& script) {
    const auto path = folder_.write("kubectl", "#!/bin/sh\n" + script);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    setPath(folder_.str() + ":" + path_);
  }
  static void setPath(const std::string& path) { setenv("PATH", path.c_str(), 1); }
  ~KubectlTest() override { setPath(path_); }

  Folder folder_{"kubectl"};
  const std::string path_ = std::getenv("PATH");
};

// Listens like kubectl proxy, answers every request with that text, and keeps the last request in the
// file "request" beside the socket's kubectl.
std::string serving(const std::string& answer) {
  return R"(for word; do case "$word" in --unix-socket=*) socket="${word#*=}" ;; esac; done
exec python3 -c '
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1]); listener.listen()
while True:
    one, _ = listener.accept()
    asked = one.recv(65536)
    if asked: open(sys.argv[3], "wb").write(asked); one.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
    one.close()
' "$socket" ')" + answer + R"(' "$(dirname "$0")/request")";
}

TEST_F(KubectlTest, MissingSaysSo) {
  setPath(folder_.str());
  const auto proxy = plugin::KubectlProxy::start({}, {});
  ASSERT_FALSE(proxy);
  EXPECT_EQ(proxy.error().code, plugin::Exit::Unreachable);
  EXPECT_THAT(proxy.error().message, HasSubstr("kubectl is not on the PATH"));
}

TEST_F(KubectlTest, ThatCannotLogInIsQuoted) {
  kubectl("echo 'error: context \"nowhere\" does not exist' >&2; exit 1\n");
  const auto ran = runPlugin({"explain", "mdep/x", "-n", "team", "--context", "nowhere"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("context \"nowhere\" does not exist"));
}

TEST_F(KubectlTest, IsGoneWithItsFolderWhenTheProxyIs) {
  kubectl(serving("HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"));
  pid_t child = 0;
  std::string path;
  {
    const auto proxy = plugin::KubectlProxy::start({}, {});
    ASSERT_TRUE(proxy) << proxy.error().message;
    child = (*proxy)->pid();
    path = (*proxy)->socketPath();
    EXPECT_EQ(kill(child, 0), 0);
    const auto folder = std::filesystem::path(path).parent_path();
    EXPECT_EQ(std::filesystem::status(folder).permissions(), std::filesystem::perms::owner_all);
  }
  EXPECT_NE(kill(child, 0), 0);
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(path).parent_path()));
}

TEST_F(KubectlTest, GetsTheFlagsOfTheUser) {
  kubectl("echo \"error: got $*\" >&2; exit 1\n");
  const auto proxy = plugin::KubectlProxy::start({"my.conf", "fra", "team"}, {});
  ASSERT_FALSE(proxy);
  EXPECT_THAT(proxy.error().message, HasSubstr("--kubeconfig=my.conf --context=fra"));
}

TEST_F(KubectlTest, AServerThatCannotBeReachedIsToldInItsWords) {
  kubectl(serving("HTTP/1.1 502 Bad Gateway\\r\\nContent-Type: text/plain\\r\\nContent-Length: 18\\r\\n\\r\\n"
                  "connection refused"));
  const auto cluster = plugin::Cluster::connect({}, {});
  ASSERT_FALSE(cluster);
  EXPECT_EQ(cluster.error().code, plugin::Exit::Unreachable);
  EXPECT_THAT(cluster.error().message, HasSubstr("connection refused"));
}

TEST_F(KubectlTest, EveryRequestSaysWhoAsks) {
  kubectl(serving("HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"));
  ASSERT_TRUE(plugin::Cluster::connect({}, {}));
  EXPECT_THAT(readFile(folder_.str() + "/request"), HasSubstr("User-Agent: kubectl-bailiwick/"));
}

TEST_F(KubectlTest, ALoginThatIsRefusedSaysWhatToDo) {
  const std::string status = R"({"kind":"Status","reason":"Unauthorized","message":"Unauthorized"})";
  kubectl(serving("HTTP/1.1 401 Unauthorized\\r\\nContent-Type: application/json\\r\\nContent-Length: " +
                  std::to_string(status.size()) + "\\r\\n\\r\\n" + status));
  const auto cluster = plugin::Cluster::connect({}, {});
  ASSERT_FALSE(cluster);
  EXPECT_THAT(cluster.error().message, HasSubstr("refuses kubectl's login"));
}

TEST_F(KubectlTest, AnAnswerThatIsNoHttpEndsNothing) {
  kubectl(serving("SSH-2.0-hello\\r\\n"));
  const auto cluster = plugin::Cluster::connect({}, {});
  ASSERT_FALSE(cluster);
  EXPECT_EQ(cluster.error().code, plugin::Exit::Unreachable);
}

// What `join` asks of a cluster: one answer for the Regions, the RoleBindings and the token.
std::string joining(const std::vector<std::string>& accounts) {
  using nlohmann::json;
  auto items = json::array(
      {{{"metadata", {{"name", "fra"}}}, {"spec", {{"access", {{"server", "https://fra"}}}}},
        {"status", {{"conditions", {{{"type", "Reachable"}, {"reason", "Self"}}}}}}}});
  for (const auto& account : accounts) {
    items.push_back({{"metadata", {{"name", account}, {"labels", {{"bailiwick.dev/peer", "zrh"}}}}},
                     {"subjects",
                      {{{"kind", "ServiceAccount"}, {"namespace", "ops"}, {"name", account}}}}});
  }
  const auto body = json{{"items", items}, {"status", {{"token", "secret"}}}}.dump();
  return serving("HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Type: application/json\\r\\n"
                 "Content-Length: " + std::to_string(body.size()) + "\\r\\n\\r\\n" + body);
}

TEST_F(KubectlTest, JoinTakesATokenOfTheAccountThatTheReleaseHasMade) {
  kubectl(joining({"platform-bailiwick-peer-zrh"}));
  const auto ran = runPlugin({"join", "zrh", "--credential"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("token: \"c2VjcmV0\""));
  EXPECT_THAT(readFile(folder_.str() + "/request"),
              HasSubstr("POST /api/v1/namespaces/ops/serviceaccounts/platform-bailiwick-peer-zrh/token"));
}

TEST_F(KubectlTest, JoinMakesNoSecondAccountForAPeer) {
  kubectl(joining({"platform-bailiwick-peer-zrh"}));
  const auto ran = runPlugin({"join", "zrh"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("ops/platform-bailiwick-peer-zrh"));
  EXPECT_THAT(ran.err, HasSubstr("--credential"));
}

TEST_F(KubectlTest, JoinSaysWhereNoAccountOrMoreThanOneIs) {
  kubectl(joining({}));
  const auto none = runPlugin({"join", "zrh", "--credential"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("peerReaders"));
  kubectl(joining({"a-peer-zrh", "b-peer-zrh"}));
  const auto two = runPlugin({"join", "zrh", "--credential"});
  EXPECT_EQ(two.code, 1);
  EXPECT_THAT(two.err, HasSubstr("ops/a-peer-zrh and ops/b-peer-zrh"));
  EXPECT_EQ(runPlugin({"join", "zrh", "--credential", "--system-namespace", "ops"}).code, 2);
}

}  // namespace
}  // namespace bailiwick::testing
