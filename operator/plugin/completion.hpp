#pragma once
// Completion: the shells ask this program itself for words, so that they never know less than it.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace bailiwick::plugin {

// The first argument with which a shell's script asks; the others are the words of the line, the
// last of them unfinished.
inline constexpr char completeCommand[] = "__complete";

// What could be the last word, one a line with its description after a tab, then a line as cobra's
// protocol has it: ":4" for nothing but these words, ":0" where a file may be meant.
std::string complete(const CLI::App& app, const std::vector<std::string>& words);

// For "bash", "zsh" or "fish"; for "kubectl" the program kubectl_complete-bailiwick.
std::string completionScript(const std::string& shell);

}  // namespace bailiwick::plugin
