// What other regions have countersigned of an order's evidence: exported from a cluster and verified.

#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "evidence/countersignature.hpp"
#include "evidence/growth.hpp"
#include "evidence/record.hpp"
#include "plugin/run.hpp"
#include "plugin/terminal.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using nlohmann::json;

class CountersignatureTest : public ::testing::Test {
 protected:
  CountersignatureTest() {
    const std::vector<evidence::Entry> entries{
        {evidence::openedType, testTime, {{"order", "exit-x"}}},
        {"Found", testTime, {{"deployment", "team/a"}}},
        {evidence::closedType, testTime, json::object()}};
    lines_ = evidence::append({}, entries, key_).value().lines;
    by("zrh", zrh_);
    by("gya", gya_);
    file_ = folder_.write("e.jsonl", lines_);
  }
  ~CountersignatureTest() override { setenv("PATH", path_.c_str(), 1); }

  static std::string fingerprint(const evidence::SigningKey& key) {
    return key.publicKey().fingerprint();
  }
  evidence::Countersignature& by(const std::string& witness, const evidence::SigningKey& key) {
    const auto verdict = evidence::verify(lines_, {});
    evidence::Countersignature one{"fra",   "exit-x",
                                   3,       verdict.head,
                                   evidence::rootOf(verdict.digests), witness,
                                   key.publicKey().hex(), ""};
    one.signature = key.sign(evidence::statementOf(one));
    return all_.emplace_back(std::move(one));
  }
  Ran verify(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{
        "verify", file_, "--countersignatures",
        folder_.write("s.jsonl", evidence::toLines(all_))};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return runPlugin(arguments);
  }

  // A kubectl whose proxy serves these objects by their paths, and nothing else.
  void serve(const json& objects) const {
    const auto kubectl = folder_.write("kubectl", R"(#!/bin/sh
for word; do case "$word" in --unix-socket=*) socket="${word#*=}" ;; esac; done
exec python3 -c '
import json, socket, sys
objects = json.load(open(sys.argv[2]))
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1]); listener.listen()
while True:
    one, _ = listener.accept()
    asked = one.recv(65536)
    if asked:
        found = objects.get(asked.split()[1].decode().split("?")[0])
        body = json.dumps(found or {"kind": "Status", "reason": "NotFound", "code": 404}).encode()
        one.sendall(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nConnection: close\r\n"
                    b"Content-Length: %d\r\n\r\n" % (200 if found else 404, len(body)) + body)
    one.close()
' "$socket" "$(dirname "$0")/objects.json"
)");
    folder_.write("objects.json", objects.dump());
    std::filesystem::permissions(kubectl, std::filesystem::perms::owner_all);
    setenv("PATH", (folder_.str() + ":" + path_).c_str(), 1);
  }
  json head() const {
    const auto& one = all_.front();
    json head = {{"order", one.order}, {"head", one.head}, {"records", one.records},
                 {"root", one.root}, {"countersigned", json::array()}};
    for (const auto& each : all_) {
      head["countersigned"].push_back(each.witness);
      head["signatures"].push_back(
          {{"region", each.witness}, {"key", each.key}, {"signature", each.signature}});
    }
    return head;
  }

  const evidence::SigningKey key_ = evidence::SigningKey::generate().value();
  const evidence::SigningKey zrh_ = evidence::SigningKey::generate().value();
  const evidence::SigningKey gya_ = evidence::SigningKey::generate().value();
  const std::string path_ = std::getenv("PATH");
  Folder folder_{"countersignatures"};
  std::string lines_, file_;
  std::vector<evidence::Countersignature> all_;
};

TEST_F(CountersignatureTest, WhoHasCountersignedTheChainIsSaid) {
  const auto ran = verify();
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("countersigned by zrh, key " + fingerprint(zrh_)),
                             HasSubstr("countersigned by gya, key " + fingerprint(gya_))));
  const auto told = json::parse(verify({"-o", "json"}).out);
  EXPECT_EQ(told["countersigned"].size(), 2u);
}

TEST_F(CountersignatureTest, AWitnessThatIsAskedForMustHaveSignedByItsKey) {
  const auto pem = folder_.write("zrh.pem", zrh_.publicKey().pem());
  const auto one = verify({"--witness", pem});
  EXPECT_EQ(one.code, 0) << one.out;
  EXPECT_THAT(one.out, AllOf(HasSubstr("countersigned by zrh"), Not(HasSubstr("gya"))));
  EXPECT_EQ(verify({"--witness", fingerprint(zrh_), "--witness", fingerprint(gya_)}).code, 0);
  all_.pop_back();
  const auto missing = verify({"--witness", pem, "--witness", fingerprint(gya_)});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.out, AllOf(HasSubstr("REFUSED: 1 finding"), HasSubstr(fingerprint(gya_))));
}

TEST_F(CountersignatureTest, AChainThatIsNotWhatWasSignedIsRefused) {
  all_.front().records = 2;
  const auto changed = verify();
  EXPECT_EQ(changed.code, 1);
  EXPECT_THAT(changed.out, HasSubstr("witness zrh has not signed this"));
}

TEST_F(CountersignatureTest, OptionsThatDoNotGoTogetherAreAMistakeOfUse) {
  const auto ran = runPlugin({"verify", file_, "--witness", fingerprint(zrh_)});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("--witness needs --countersignatures"));
  EXPECT_EQ(verify({"--witness", "no-such-file"}).code, 2);
  const auto nonsense = folder_.write("nonsense", "nonsense\n");
  EXPECT_EQ(runPlugin({"verify", file_, "--countersignatures", nonsense}).code, 1);
}

TEST_F(CountersignatureTest, NoNameInAFileCommandsTheTerminal) {
  all_.clear();
  by("zrh\x1b[2J\nverified", zrh_);
  EXPECT_THAT(verify().out, AllOf(Not(HasSubstr("\x1b")), HasSubstr("zrh\\x1b[2J\\x0averified")));
  all_.front().signature.clear();
  EXPECT_THAT(verify().out, AllOf(Not(HasSubstr("\x1b")), HasSubstr("zrh\\x1b[2J\\x0averified")));
  EXPECT_EQ(plugin::harmless("\x7f\xc2\x9b" "1m é"), "\\x7f\\x9b1m é");
}

// Chunks as the operator stores them; no order is there.
json chunkOf(const std::string& name, const std::string& order, const std::string& uid,
             const std::string& lines) {
  return {{"metadata",
           {{"name", name}, {"namespace", "bailiwick-system"},
            {"labels", {{"bailiwick.dev/evidence", "true"}}},
            {"annotations",
             {{"bailiwick.dev/exit-order", order}, {"bailiwick.dev/exit-order-uid", uid}}}}},
          {"data", {{"records.jsonl", lines}}}};
}
json clusterOf(const std::vector<json>& chunks, const json& regions) {
  const std::string maps = "/api/v1/namespaces/bailiwick-system/configmaps";
  json objects = {{"/version", {{"major", "1"}}},
                  {maps, {{"metadata", json::object()}, {"items", chunks}}},
                  {"/apis/bailiwick.dev/v1alpha1/regions",
                   {{"metadata", json::object()}, {"items", regions}}}};
  for (const auto& chunk : chunks) {
    objects[maps + "/" + chunk["metadata"]["name"].get<std::string>()] = chunk;
  }
  return objects;
}
json regionOf(const std::string& name, const json& heads) {
  const json spec = {{"provider", "aws"}, {"location", "eu-central-1"}, {"jurisdiction", "DE"}};
  return {{"apiVersion", "bailiwick.dev/v1alpha1"}, {"kind", "Region"},
          {"metadata", {{"name", name}, {"uid", "u-" + name}, {"resourceVersion", "1"}}},
          {"spec", spec}, {"status", {{"evidenceHeads", heads}}}};
}

TEST_F(CountersignatureTest, AreExportedFromTheRegionsAndVerifyThere) {
  auto another = head();
  another["head"] = "sha256:" + std::string(64, '0');
  auto other = head();
  other["order"] = "exit-y";
  serve(clusterOf({chunkOf("exit-x-evidence", "exit-x", "uid-1", lines_)},
                  {regionOf("fra", {head(), other}), regionOf("zrh", {another})}));
  const auto to = folder_.str() + "/out.jsonl", signatures = folder_.str() + "/out-s.jsonl";
  const auto ran =
      runPlugin({"exit", "export", "exit-x", "-o", to, "--countersignatures", signatures});
  ASSERT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_EQ(readFile(to), lines_);
  EXPECT_EQ(readFile(signatures), evidence::toLines(all_));
  const auto checked = runPlugin({"verify", to, "--countersignatures", signatures, "--witness",
                                  fingerprint(zrh_), "--witness", fingerprint(gya_)});
  EXPECT_EQ(checked.code, 0) << checked.out;
}

TEST_F(CountersignatureTest, OfTheBeginningOfAChainAreExportedToo) {
  const auto whole = std::exchange(lines_, lines_.substr(0, lines_.rfind('\n', lines_.size() - 2) + 1));
  all_.clear();
  by("zrh", zrh_).records = 2;
  all_[0].signature = zrh_.sign(evidence::statementOf(all_[0]));
  serve(clusterOf({chunkOf("exit-x-evidence", "exit-x", "uid-1", whole)},
                  json::array({regionOf("fra", json::array({head()}))})));
  const auto to = folder_.str() + "/out.jsonl", signatures = folder_.str() + "/out-s.jsonl";
  ASSERT_EQ(runPlugin({"exit", "export", "exit-x", "-o", to, "--countersignatures", signatures}).code, 0);
  EXPECT_EQ(readFile(signatures), evidence::toLines(all_));
  const auto checked = runPlugin({"verify", to, "--countersignatures", signatures, "--witness",
                                  fingerprint(zrh_)});
  EXPECT_EQ(checked.code, 0) << checked.out;
}

TEST_F(CountersignatureTest, OfSeveralChainsOfOneNameOneIsChosenByItsConfigMap) {
  const std::vector<evidence::Entry> opened{{evidence::openedType, testTime, {{"order", "second"}}},
                                            {evidence::closedType, testTime, json::object()}};
  const auto second = evidence::append({}, opened, key_).value().lines;
  serve(clusterOf({chunkOf("exit-x-evidence", "exit-x", "11111111-a", lines_),
                   chunkOf("exit-x-evidence-22222222", "exit-x", "22222222-b", second),
                   chunkOf("exit-y-evidence", "exit-y", "33333333-c", second)},
                  json::array()));
  const auto to = folder_.str() + "/out.jsonl";
  const auto ran = runPlugin({"exit", "export", "exit-x", "-o", to});
  EXPECT_EQ(ran.code, 1) << ran.out;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("exit-x-evidence or exit-x-evidence-22222222"),
                             Not(HasSubstr("exit-y"))));
  ASSERT_EQ(runPlugin({"exit", "export", "exit-x-evidence-22222222", "-o", to}).code, 0);
  EXPECT_EQ(readFile(to), second);
  ASSERT_EQ(runPlugin({"exit", "export", "exit-x-evidence", "-o", to}).code, 0);
  EXPECT_EQ(readFile(to), lines_);
  ASSERT_EQ(runPlugin({"verify", "exit/exit-y"}).code, 0);
  const auto none = runPlugin({"exit", "export", "exit-z", "-o", to});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("there is no evidence of exit-z"));
}

}  // namespace
}  // namespace bailiwick::testing
