// Random damage to the shipped files: a load may succeed or fail, and never crashes. The seed is
// fixed, so that a failure comes back.

#include <gtest/gtest.h>

#include <random>

#include "catalog/one_file.hpp"

namespace bailiwick::catalog {
namespace {

class Damage {
 public:
  explicit Damage(unsigned seed) : random_(seed) {}

  std::string apply(std::string text) {
    const int times = 1 + below(3);
    for (int i = 0; i < times && !text.empty(); ++i) once(text);
    return text;
  }

 private:
  int below(std::size_t bound) {
    return static_cast<int>(std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_));
  }

  void once(std::string& text) {
    static const char* const words[] = {
        "*a", "&a ",  "<<: ", "!!x ",    "[",    "]",  "{",
        "}",  "- ",   "\t",   "~",       ": ",   "#",  "'",
        "\"", "null", "|",    "\n---\n", "\xff", "-1", "99999999999999999999"};
    const auto at = static_cast<std::size_t>(below(text.size()));
    switch (below(4)) {
      case 0:
        text.erase(at, static_cast<std::size_t>(1 + below(40)));
        break;
      case 1:
        text.insert(at, words[below(std::size(words))]);
        break;
      case 2:
        text[at] = static_cast<char>(below(256));
        break;
      default:
        text.insert(at, text.substr(static_cast<std::size_t>(below(text.size())), 60));
        break;
    }
  }

  std::mt19937 random_;
};

TEST(Loader, SurvivesRandomDamage) {
  Damage damage(20261122);
  const std::vector<SourceFile>& files = builtinLayer().files;
  std::size_t refused = 0;
  for (int round = 0; round < 250; ++round) {
    const SourceFile& file = files[static_cast<std::size_t>(round) % files.size()];
    const auto result = parse({Layer{{{file.name, damage.apply(file.text)}}, true}});
    if (!result) {
      ++refused;
      EXPECT_EQ(result.error().message.rfind("data/", 0), 0U) << result.error().message;
    }
  }
  EXPECT_GT(refused, 125U);
}

}  // namespace
}  // namespace bailiwick::catalog
