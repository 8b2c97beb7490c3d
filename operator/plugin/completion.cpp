#include "plugin/completion.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "plugin/catalog_command.hpp"

namespace bailiwick::plugin {
namespace {

using Words = std::vector<std::string>;

// Values of options and positionals that can be listed; a description may follow after a tab.
const Words* valuesOf(const std::string& option) {
  static const std::map<std::string, Words> known{
      {"--output", {"json", "yaml", "wide"}},
      {"section", catalogSections()},
      {"shell", {"bash", "zsh", "fish", "kubectl"}},
      {"deployment", {"mdep/"}},
  };
  const auto found = known.find(option);
  return found == known.end() ? nullptr : &found->second;
}

std::string nameOf(const CLI::Option& option) {
  if (!option.get_lnames().empty()) return "--" + option.get_lnames().front();
  return option.get_name();
}

bool isFile(const std::string& option) {
  static const Words files{"--filename", "--kubeconfig", "--against", "--offline", "--catalog",
                           "--key", "file"};
  return std::find(files.begin(), files.end(), option) != files.end();
}

const CLI::Option* optionOf(const CLI::App& command, const std::string& word) {
  for (const auto* option : command.get_options()) {
    const auto flag = word.substr(0, word.find('='));
    for (const auto& name : option->get_lnames()) {
      if (flag == "--" + name) return option;
    }
    for (const auto& name : option->get_snames()) {
      if (flag == "-" + name) return option;
    }
  }
  return nullptr;
}

bool takesValue(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// Where on the line the last word is.
struct Position {
  const CLI::App* command;
  const CLI::Option* valueOf = nullptr;  // the option whose value comes
  std::size_t positionals = 0;           // of the command, that are complete
};

Position positionOf(const CLI::App& app, const Words& words) {
  Position at{&app};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto& word = words[i];
    if (at.valueOf) {
      at.valueOf = nullptr;
    } else if (word.starts_with("-")) {
      const auto* option = optionOf(*at.command, word);
      if (option && takesValue(*option) && word.find('=') == std::string::npos) at.valueOf = option;
    } else {
      const auto subcommands = at.command->get_subcommands([](const CLI::App*) { return true; });
      const auto next = std::find_if(subcommands.begin(), subcommands.end(),
                                     [&](const CLI::App* s) { return s->get_name() == word; });
      if (next != subcommands.end()) {
        at.command = *next;
        at.positionals = 0;
      } else {
        ++at.positionals;
      }
    }
  }
  return at;
}

struct Answer {
  std::vector<std::pair<std::string, std::string>> words;  // with their descriptions
  bool files = false;
};

void addValues(Answer& answer, const CLI::Option& option) {
  const auto name = nameOf(option);
  answer.files = isFile(name);
  if (const auto* values = valuesOf(name)) {
    for (const auto& value : *values) answer.words.emplace_back(value, "");
  }
}

void addFlags(Answer& answer, const CLI::App& command) {
  for (const auto* option : command.get_options()) {
    if (option->get_positional()) continue;
    for (const auto& name : option->get_lnames()) {
      answer.words.emplace_back("--" + name, option->get_description());
    }
  }
}

void addWords(Answer& answer, const Position& at) {
  for (const auto* command :
       at.command->get_subcommands([](const CLI::App*) { return true; })) {
    answer.words.emplace_back(command->get_name(), command->get_description());
  }
  std::size_t position = 0;
  for (const auto* option : at.command->get_options()) {
    if (!option->get_positional()) continue;
    const bool repeats = option->get_items_expected_max() > 1;
    if (position++ == at.positionals || repeats) addValues(answer, *option);
  }
}

}  // namespace

std::string complete(const CLI::App& app, const Words& words) {
  const auto last = words.empty() ? std::string() : words.back();
  const auto at = positionOf(app, words.empty() ? Words{""} : words);
  Answer answer;
  if (at.valueOf) {
    addValues(answer, *at.valueOf);
  } else if (last.starts_with("-")) {
    addFlags(answer, *at.command);
  } else {
    addWords(answer, at);
  }
  std::string text;
  for (const auto& [word, about] : answer.words) {
    if (!word.starts_with(last)) continue;
    text += word + (about.empty() ? "" : "\t" + about) + "\n";
  }
  return text + (answer.files ? ":0\n" : ":4\n");
}

std::string completionScript(const std::string& shell) {
  if (shell == "bash") {
    return R"sh(# bash completion of kubectl-bailiwick
_kubectl_bailiwick() {
  local answer word
  answer="$("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)"
  COMPREPLY=()
  while IFS=$'\t' read -r word _; do
    case "$word" in
      :0) compopt -o default ;;
      :*) ;;
      *) COMPREPLY+=("$word") ;;
    esac
  done <<<"$answer"
}
complete -F _kubectl_bailiwick kubectl-bailiwick
)sh";
  }
  if (shell == "zsh") {
    return R"sh(#compdef kubectl-bailiwick
_kubectl_bailiwick() {
  local line word about files=0
  local -a found
  while IFS=$'\t' read -r word about; do
    case "$word" in
      :0) files=1 ;;
      :*) ;;
      *) found+=("${word//:/\\:}:$about") ;;
    esac
  done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  (( ${#found} )) && _describe -t words word found
  (( files )) && _files
}
if [ "$funcstack[1]" = "_kubectl_bailiwick" ]; then _kubectl_bailiwick "$@"
else compdef _kubectl_bailiwick kubectl-bailiwick; fi
)sh";
  }
  if (shell == "fish") {
    return R"sh(# fish completion of kubectl-bailiwick
function __kubectl_bailiwick
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
    switch $line
      case ':0'
        __fish_complete_path (commandline -ct)
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c kubectl-bailiwick -f -a '(__kubectl_bailiwick)'
)sh";
  }
  return R"sh(#!/bin/sh
# kubectl asks this for the completion of `kubectl bailiwick`.
exec kubectl-bailiwick __complete "$@"
)sh";
}

}  // namespace bailiwick::plugin
