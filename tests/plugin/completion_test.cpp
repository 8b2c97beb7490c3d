#include "plugin/completion.hpp"

#include <gmock/gmock.h>

#include "plugin/run.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

// The words that could end this line, without their descriptions.
std::vector<std::string> words(std::vector<std::string> line) {
  line.insert(line.begin(), "__complete");
  std::vector<std::string> found;
  std::istringstream in(runPlugin(line).out);
  for (std::string word; std::getline(in, word);) found.push_back(word.substr(0, word.find('\t')));
  return found;
}

TEST(Completion, KnowsTheCommandsAndTheirFlags) {
  EXPECT_THAT(words({""}), IsSupersetOf({"plan", "explain", "catalog", "completion"}));
  EXPECT_THAT(words({"pl"}), ElementsAre("plan", ":4"));
  EXPECT_THAT(words({"plan", "--off"}), ElementsAre("--offline", ":4"));
}

TEST(Completion, KnowsWhatAnOptionTakes) {
  EXPECT_THAT(words({"catalog", "-o", "j"}), ElementsAre("json", ":4"));
  EXPECT_THAT(words({"catalog", "eng"}), ElementsAre("engines", ":4"));
  EXPECT_THAT(words({"catalog", "engines", ""}), ElementsAre(":4"));
  EXPECT_THAT(words({"plan", "-f", ""}), ElementsAre(":0"));
  EXPECT_THAT(words({"completion", ""}), ElementsAre("bash", "zsh", "fish", "kubectl", ":4"));
}

TEST(Completion, EveryShellAsksThisProgram) {
  for (const auto* shell : {"bash", "zsh", "fish", "kubectl"}) {
    const auto ran = runPlugin({"completion", shell});
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.out, HasSubstr("__complete")) << shell;
  }
}

TEST(Completion, TheBashScriptIsValidAndCompletes) {
  Folder folder("completion");
  const auto script = folder.write("c.bash", runPlugin({"completion", "bash"}).out);
  folder.write("kubectl-bailiwick", "#!/bin/sh\nprintf 'plan\\tabout\\npurge\\n:4\\n'\n");
  const auto command = "chmod +x " + folder.str() + "/kubectl-bailiwick; bash -c 'PATH=" +
                       folder.str() + ":$PATH; source " + script +
                       "; COMP_WORDS=(kubectl-bailiwick p); COMP_CWORD=1; _kubectl_bailiwick; "
                       "test \"${COMPREPLY[*]}\" = \"plan purge\"'";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace bailiwick::testing
