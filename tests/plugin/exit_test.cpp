// Orders, their progress and their evidence, as far as no cluster is needed.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "evidence/record.hpp"
#include "plugin/exit_status.hpp"
#include "plugin/order_manifest.hpp"
#include "plugin/run.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

nlohmann::json dryRun(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--dry-run", "-o", "json"});
  const auto ran = runPlugin(arguments);
  EXPECT_EQ(ran.code, 0) << ran.err;
  return nlohmann::json::parse(ran.out);
}

std::string refused(std::vector<std::string> arguments) {
  arguments.push_back("--dry-run");
  const auto ran = runPlugin(arguments);
  EXPECT_EQ(ran.code, 2) << ran.out;
  return ran.err;
}

TEST(Order, IsMadeOfTargetsThatAddUp) {
  const auto order = dryRun({"exit", "vendor=nvidia", "origin=CN", "vendor=amd", "--by", "2026-12-31",
                             "--reason", "contract ends"});
  EXPECT_EQ(order["metadata"]["name"], "exit-nvidia-cn-amd");
  EXPECT_EQ(order["spec"]["target"], nlohmann::json({{"vendors", {"nvidia", "amd"}}, {"origins", {"CN"}}}));
  EXPECT_EQ(order["spec"]["deadline"], "2026-12-31T00:00:00Z");
  EXPECT_EQ(order["spec"]["reason"], "contract ends");
  EXPECT_EQ(order["spec"]["onDeadline"], "Hold");
  EXPECT_EQ(order["spec"]["drill"], false);
}

TEST(Order, IsKeptToTheDeploymentsThatItNames) {
  const auto order = dryRun({"exit", "vendor=nvidia", "--by", "2026-12-31", "--in", "team", "--in",
                             "other", "-l", "tier=critical", "-l", "empty="});
  EXPECT_EQ(order["spec"]["selector"],
            nlohmann::json({{"namespaces", {"team", "other"}},
                            {"matchLabels", {{"tier", "critical"}, {"empty", ""}}}}));
  EXPECT_FALSE(dryRun({"exit", "vendor=nvidia", "--by", "2026-12-31"})["spec"].contains("selector"));
  const std::vector<std::string> exit{"exit", "vendor=nvidia", "--by", "2026-12-31"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), exit.begin(), exit.end());
    return refused(more);
  };
  EXPECT_THAT(with({"-l", "tier"}), HasSubstr("-l tier: write KEY=VALUE"));
  EXPECT_THAT(with({"-l", "tier=a", "-l", "tier=b"}), HasSubstr("tier is there twice"));
}

TEST(Order, EveryTargetKeyOfTheContractHasItsSingular) {
  for (const auto& key : plugin::targetKeys()) {
    const auto value = key == "jurisdiction" || key == "origin" ? "CN" : "x";
    EXPECT_EQ(dryRun({"exit", key + "=" + value, "--by", "2026-12-31"})["spec"]["target"].size(), 1u) << key;
  }
  EXPECT_EQ(plugin::targetKeys().size(), 11u);
}

TEST(Order, ADrillHasADeadlineADayAheadAndANameOfItsOwn) {
  for (const auto& order : {dryRun({"drill", "vendor=nvidia"}),
                            dryRun({"exit", "vendor=nvidia", "--drill"})}) {
    EXPECT_EQ(order["metadata"]["name"], "drill-nvidia-20261123100000");
    EXPECT_EQ(order["spec"]["deadline"], "2026-11-24T10:00:00Z");
    EXPECT_EQ(order["spec"]["drill"], true);
  }
}

TEST(Order, TellsWhatTheCatalogueDoesNotKnow) {
  const auto ran = runPlugin({"exit", "vendor=nvidea", "vendor=nvidia", "origin=ZZ", "--by",
                              "2026-12-31", "--dry-run"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "warning: the catalogue does not know origin ZZ: is it misspelt?\n"
                     "warning: the catalogue does not know vendor nvidea: is it misspelt?\n");
}

TEST(Order, SaysWhatIsWrongWithItsWords) {
  EXPECT_THAT(refused({"exit", "vendr=nvidia", "--by", "2026-12-31"}), HasSubstr("vendor is meant?"));
  EXPECT_THAT(refused({"exit", "nvidia", "--by", "2026-12-31"}), HasSubstr("KEY=VALUE"));
  EXPECT_THAT(refused({"exit", "vendor=nvidia", "--by", "2026-02-30"}), HasSubstr("is no date"));
  EXPECT_THAT(refused({"exit", "vendor=nvidia", "-o", "xml"}), HasSubstr("xml is none of json"));
  EXPECT_THAT(refused({"exit", "vendor=nvidia"}), HasSubstr("--by says when"));
  EXPECT_THAT(refused({"exit", "vendor=nvidia", "--by", "2020-01-01"}), HasSubstr("is past"));
  EXPECT_THAT(refused({"exit", "vendor=nvidia", "--by", "tomorrow"}), HasSubstr("--by tomorrow"));
  EXPECT_THAT(refused({"exit", "origin=china", "--by", "2026-12-31"}), HasSubstr("write it as CN or EU"));
  EXPECT_THAT(refused({"exit", "--by", "2026-12-31"}), HasSubstr("TARGET"));
}

api::ExitOrder shifting() {
  api::ExitOrder order;
  order.meta.key.name = "exit-nvidia";
  order.spec.target.vendors = {"nvidia"};
  order.spec.reason = "supplier contract ends";
  order.spec.deadline = testTime + std::chrono::hours(24 * 39);
  order.status.phase = api::ExitPhase::Shifting;
  order.status.phases = {{api::ExitPhase::Announced, testTime}, {api::ExitPhase::Shifting, testTime}};
  order.status.totals = {3, 1, 1, 0, 0};
  api::AffectedRow moved{"team", "assistant", "fra", "h200", 2, api::Replacement{"fra", "mi300x", 2},
                         api::ExitPhase::Draining, api::DrainCount{7, 6, 1}, "", ""};
  api::AffectedRow blocked{"team", "other", "fra", "h200", 1, std::nullopt, api::ExitPhase::Blocked,
                           std::nullopt, "NoMatchingPool", "no node offers amd.com/gpu"};
  order.status.affected = {moved, blocked};
  return order;
}

std::string textOf(const api::ExitOrder& order) {
  std::ostringstream out;
  std::istringstream in;
  return plugin::statusText(order, {out, out, in, 80, false, false}, testTime);
}

TEST(ExitStatus, ShowsProgressReplacementsAndWhatIsBlocked) {
  const auto text = textOf(shifting());
  EXPECT_THAT(text, HasSubstr("Exit order exit-nvidia: Shifting\n"));
  EXPECT_THAT(text, HasSubstr("leaves vendor nvidia; by 2027-01-01T10:00:00Z (in 39 days), then Hold"));
  EXPECT_THAT(text, HasSubstr("[##########....................] 1 of 3 shifted, 1 blocked"));
  EXPECT_THAT(text, ContainsRegex("team/assistant +fra +h200 2 +mi300x 2 +Draining +6/7, 1 cut"));
  EXPECT_THAT(text, HasSubstr("team/other h200 in fra: NoMatchingPool: no node offers amd.com/gpu"));
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST(ExitStatus, AnOrderThatNobodyHasSeenSaysSo) {
  api::ExitOrder order;
  order.meta.key.name = "exit-x";
  order.spec.deadline = testTime - std::chrono::hours(3);
  EXPECT_THAT(textOf(order), HasSubstr("not seen by an operator yet"));
  EXPECT_THAT(textOf(order), HasSubstr("(3 hours ago)"));
}

TEST(ExitStatus, IsOverWhenVerifiedAndNeedsHelpWhenBlockedOrHeld) {
  auto order = shifting();
  EXPECT_FALSE(plugin::isOver(order));
  EXPECT_FALSE(plugin::needsHelp(order));
  order.status.phase = api::ExitPhase::Verified;
  EXPECT_TRUE(plugin::isOver(order));
  order.status.phase = api::ExitPhase::Held;
  EXPECT_TRUE(plugin::needsHelp(order));
}

TEST(ExitStatus, ABlockedDrillIsOverAndABlockedExitIsNot) {
  auto order = shifting();
  order.status.phase = api::ExitPhase::Blocked;
  EXPECT_FALSE(plugin::isOver(order));
  order.spec.drill = true;
  EXPECT_TRUE(plugin::isOver(order));
  EXPECT_TRUE(plugin::needsHelp(order));
}

class VerifyTest : public ::testing::Test {
 protected:
  std::string chain(bool closed = true) const {
    std::vector<evidence::Entry> entries{{evidence::openedType, testTime, {{"order", "exit-x"}}},
                                         {"Found", testTime, {{"deployment", "team/a"}}}};
    if (closed) entries.push_back({evidence::closedType, testTime, nlohmann::json::object()});
    return evidence::append({}, entries, key_).value().lines;
  }
  Ran verify(const std::string& lines, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"verify", folder_.write("e.jsonl", lines)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return runPlugin(arguments);
  }
  const evidence::SigningKey key_ = evidence::SigningKey::generate().value();
  Folder folder_{"verify"};
};

TEST_F(VerifyTest, WithoutAKeyShowsIntegrityOnlyAndIsFine) {
  const auto ran = verify(chain());
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("integrity only"));
  EXPECT_THAT(ran.out, HasSubstr("3 records, closed"));
}

TEST_F(VerifyTest, WithTheKeyOrItsFingerprintIsVerified) {
  const auto pem = folder_.write("key.pem", key_.publicKey().pem());
  EXPECT_THAT(verify(chain(), {"--key", pem}).out, HasSubstr("verified\n"));
  EXPECT_THAT(verify(chain(), {"--key", key_.publicKey().fingerprint()}).out, HasSubstr("verified\n"));
  const auto other = evidence::SigningKey::generate().value().publicKey().fingerprint();
  EXPECT_EQ(verify(chain(), {"--key", other}).code, 1);
  EXPECT_EQ(verify(chain(), {"--key", "no-such-file"}).code, 2);
}

TEST_F(VerifyTest, OneChangedByteIsRefused) {
  auto lines = chain();
  lines.replace(lines.find("team/a"), 6, "team/b");
  const auto ran = verify(lines);
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("REFUSED"));
  EXPECT_THAT(ran.out, HasSubstr("record 2"));
  EXPECT_FALSE(nlohmann::json::parse(verify(lines, {"-o", "json"}).out)["good"]);
}

TEST_F(VerifyTest, ACutEndIsRefusedUnlessTheOrderIsUnderWay) {
  auto lines = chain();
  lines.resize(lines.rfind('\n', lines.size() - 2) + 1);
  EXPECT_EQ(verify(lines).code, 1);
  EXPECT_THAT(verify(lines).out, HasSubstr("its end was cut off"));
  EXPECT_EQ(verify(lines, {"--unfinished"}).code, 0);
}

}  // namespace
}  // namespace bailiwick::testing
