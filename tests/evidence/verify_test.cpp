#include "evidence/verify.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace bailiwick::evidence {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Lines = std::vector<std::string>;

constexpr api::Time began{std::chrono::microseconds{1795428000000000}};

const SigningKey& key(int which = 0) {
  static const std::vector<SigningKey> keys = [] {
    std::vector<SigningKey> made;
    for (int i = 0; i < 3; ++i) made.push_back(SigningKey::generate().value());
    return made;
  }();
  return keys[static_cast<std::size_t>(which)];
}

std::string print(int which = 0) { return key(which).publicKey().fingerprint(); }

Entry entry(const std::string& type, int value = 0) {
  return {type, began + std::chrono::seconds(value), {{"value", value}}};
}

Sealed add(const Tail& tail, const std::vector<Entry>& entries, int which = 0,
           const SigningKey* before = nullptr) {
  return append(tail, entries, key(which), before).value();
}

// Opened, four Phases, Closed.
std::string chain(int which = 0) {
  return add({}, {entry("Opened"), entry("Phase", 1), entry("Phase", 2), entry("Phase", 3),
                  entry("Phase", 4), entry("Closed", 5)}, which).lines;
}

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    lines.emplace_back(text.substr(0, text.find('\n')));
    text.remove_prefix(lines.back().size() + 1);
  }
  return lines;
}

std::string join(const Lines& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

Lines problems(const Verdict& verdict) {
  Lines all;
  for (const auto& finding : verdict.findings) all.push_back(finding.str());
  return all;
}

TEST(Verify, FindsNothingInAnUntouchedChain) {
  const auto text = chain();
  const auto verdict = verify(text);
  EXPECT_THAT(problems(verdict), IsEmpty());
  EXPECT_EQ(verdict.records, 6U);
  EXPECT_TRUE(verdict.closed);
  EXPECT_EQ(verdict.head, digestOf(split(text).back()));
  EXPECT_THAT(verdict.keys, ElementsAre(print()));
}

TEST(Verify, IsAuthoritativeOnlyWithAKnownKey) {
  EXPECT_FALSE(verify(chain()).authoritative) << "integrity only";
  EXPECT_TRUE(verify(chain(), {{print()}, "", 0}).authoritative);
  const auto verdict = verify(chain(), {{print(1)}, "", 0});
  EXPECT_FALSE(verdict.authoritative);
  EXPECT_THAT(problems(verdict),
              ElementsAre(HasSubstr("record 1: is signed by key " + print() + ", which is not the")));
}

TEST(Verify, SeesEveryChangedByte) {
  const auto text = chain();
  for (std::size_t at = 0; at < text.size(); ++at) {
    {
      auto changed = text;
      changed[at] = static_cast<char>(text[at] ^ (at % 2 ? 1 : 0x20));
      const auto verdict = verify(changed);
      ASSERT_FALSE(verdict.good()) << "byte " << at << " of " << text;
      const auto line = 1 + static_cast<std::size_t>(
                                std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
      ASSERT_EQ(verdict.findings.front().record, line) << "byte " << at;
    }
  }
}

struct Tampering {
  const char* what;
  std::function<void(Lines&)> how;
  Lines found;
};

// The body of a record is written anew and signed by some key, as whoever holds that key can.
void forge(Lines& lines, std::size_t record, int which) {
  const auto before = parseRecord(lines[record - 2]).value();
  const Tail tail{record - 1, digestOf(lines[record - 2]), print(which), false};
  lines[record - 1] = add(tail, {entry("Phase", 99)}, which).lines;
  lines[record - 1].pop_back();
}

TEST(Verify, NamesTheRecordAndWhatIsWrongWithIt) {
  const std::string changed = "does not match its signature: it was changed, or signed by another key";
  const std::string unlinked =
      "does not follow the record before it: one of the two was changed, or a record between them "
      "was taken away or added";
  const std::vector<Tampering> table = {
      {"a word changed", [](Lines& l) { l[2].replace(l[2].find("\"value\":2"), 9, "\"value\":7"); },
       {"record 3: " + changed}},
      {"a space added", [](Lines& l) { l[2].insert(1, " "); },
       {"record 3: is not canonical JSON: it was written by another program"}},
      {"a signature's spelling", [](Lines& l) {
         const auto at = l[3].find("\"signature\":\"") + 13;
         for (auto i = at; l[3][i] != '"'; ++i) l[3][i] = static_cast<char>(std::toupper(l[3][i]));
       },
       {"record 4: " + changed}},
      {"one taken away", [](Lines& l) { l.erase(l.begin() + 2); },
       {"record 3: has number 4: record 3 is missing here, or records were reordered",
        "record 3: " + unlinked,
        "record 5: closes a chain of another length than the 5 records that are here"}},
      {"two taken away", [](Lines& l) { l.erase(l.begin() + 2, l.begin() + 4); },
       {"record 3: has number 5: records 3 to 4 are missing here, or records were reordered",
        "record 3: " + unlinked,
        "record 4: closes a chain of another length than the 4 records that are here"}},
      {"one twice", [](Lines& l) { l.insert(l.begin() + 3, l[2]); },
       {"record 4: has number 3, which was already there: records were added or reordered",
        "record 4: " + unlinked,
        "record 7: closes a chain of another length than the 7 records that are here"}},
      {"two swapped", [](Lines& l) { std::swap(l[2], l[3]); },
       {"record 3: has number 4: record 3 is missing here, or records were reordered",
        "record 3: " + unlinked,
        "record 4: has number 3, which was already there: records were added or reordered",
        "record 4: " + unlinked,
        "record 5: has number 5: record 4 is missing here, or records were reordered",
        "record 5: " + unlinked}},
      {"the first taken away", [](Lines& l) { l.erase(l.begin()); },
       {"record 1: has number 2: record 1 is missing here, or records were reordered",
        "record 1: has a predecessor that is not here: records before it were cut off",
        "record 1: is of type Phase: the first one must be Opened",
        "record 5: closes a chain of another length than the 5 records that are here"}},
      {"one re-signed by another key", [](Lines& l) { forge(l, 3, 1); },
       {"record 3: is signed by key " + print(1) + ", but the chain's key is " + print(0)}},
      {"one written anew with the chain's key", [](Lines& l) { forge(l, 3, 0); },
       {"record 4: " + unlinked}},
      {"one added at the end", [](Lines& l) { l.push_back(l.back()); },
       {"record 7: comes after the chain was closed: it was added",
        "record 7: has number 6, which was already there: records were added or reordered",
        "record 7: " + unlinked,
        "record 7: closes a chain of another length than the 7 records that are here"}},
      {"something else", [](Lines& l) { l[4] = "<html>"; }, {"record 5: is no JSON"}},
      {"a fraction", [](Lines& l) { l[4] = R"({"at":0.5})"; },
       {"record 5: is no evidence: at must be an object, a list, a string or an integer"}},
      {"a field more", [](Lines& l) { l[4].insert(l[4].size() - 1, R"(,"zz":1)"); },
       {"record 5: has a field that no record has"}}};
  for (const auto& row : table) {
    auto lines = split(chain());
    row.how(lines);
    EXPECT_EQ(problems(verify(join(lines))), row.found) << row.what;
  }
}

TEST(Verify, SeesThatTheTailWasCut) {
  auto lines = split(chain());
  const auto head = digestOf(lines.back());
  lines.pop_back();
  EXPECT_FALSE(verify(join(lines)).closed);
  EXPECT_THAT(problems(verify(join(lines), {{}, head, 6})),
              ElementsAre("6 records were published, 5 are here: the others were cut off"));
  auto text = chain();
  text.pop_back();
  EXPECT_THAT(problems(verify(text)),
              ElementsAre("record 6: does not end with a line feed: its end was cut off"));
}

TEST(Verify, SeesThatAPublishedChainWasWrittenAnew) {
  const auto head = digestOf(split(chain())[3]);
  EXPECT_TRUE(verify(chain(), {{}, head, 4}).good());
  auto lines = split(chain());
  lines.resize(3);
  const Tail tail{3, digestOf(lines[2]), print(), false};
  const auto other = join(lines) + add(tail, {entry("Phase", 50), entry("Closed", 51)}).lines;
  EXPECT_TRUE(verify(other, {{print()}, "", 0}).authoritative) << "whoever holds the key can";
  EXPECT_THAT(problems(verify(other, {{print()}, head, 4})),
              ElementsAre(HasSubstr("record 4: is not what was published")));
}

TEST(Verify, FollowsAKeyThatTheOneBeforeHandedOverTo) {
  const auto first = add({}, {entry("Opened"), entry("Phase", 1)});
  const auto second = add(first.tail, {entry("Phase", 2), entry("Closed", 3)}, 1, &key(0));
  const auto text = first.lines + second.lines;
  EXPECT_EQ(second.tail.records, 5U) << "KeyRotated, Phase and Closed";
  EXPECT_TRUE(verify(text, {{print(0)}, "", 0}).authoritative);
  EXPECT_THAT(verify(text).keys, ElementsAre(print(0), print(1)));
  EXPECT_THAT(problems(verify(text, {{print(1)}, "", 0})),
              ElementsAre(HasSubstr("record 1: is signed by key " + print(0))));
}

TEST(Verify, TrustsNoKeyThatNobodyHandedOverTo) {
  const auto first = add({}, {entry("Opened"), entry("Phase", 1)});
  for (const auto* before : {static_cast<const SigningKey*>(nullptr), &key(2)}) {
    const auto second = add(first.tail, {entry("Closed", 2)}, 1, before);
    const auto text = first.lines + second.lines;
    EXPECT_TRUE(verify(text).good()) << "the key was lost, and that is recorded";
    EXPECT_FALSE(verify(text).authoritative);
    EXPECT_THAT(problems(verify(text, {{print(0)}, "", 0})),
                ElementsAre(HasSubstr("record 3: changes the key to " + print(1))));
    EXPECT_TRUE(verify(text, {{print(0), print(1)}, "", 0}).authoritative);
  }
}

TEST(Append, GoesOnWhereTheChainEnds) {
  auto first = add({}, {entry("Opened")});
  const auto second = add(first.tail, {entry("Phase", 1), entry("Closed", 2)});
  EXPECT_TRUE(verify(first.lines + second.lines).good());
  EXPECT_FALSE(append(second.tail, {entry("Phase", 3)}, key())) << "it is closed";
  EXPECT_FALSE(append(first.tail, {entry("Opened")}, key()));
  EXPECT_FALSE(append({}, {entry("Phase")}, key()));
}

TEST(Append, RefusesARecordThatNobodyWouldRead) {
  auto big = entry("Opened");
  big.body["text"] = std::string(maxLine, 'x');
  EXPECT_FALSE(append({}, {big}, key()));
  auto fraction = entry("Opened");
  fraction.body["cost"] = 0.5;
  EXPECT_FALSE(append({}, {fraction}, key()));
}

TEST(Verify, SurvivesAnything) {
  EXPECT_THAT(problems(verify("")), ElementsAre("there is no record"));
  EXPECT_FALSE(verify(std::string(1 << 20, '[')).good());
  EXPECT_FALSE(verify(std::string(1 << 16, '\n')).good());
  EXPECT_LE(verify(std::string(1 << 16, '\n')).findings.size(), maxFindings);
  EXPECT_FALSE(verify(std::string("\0\xff\n", 3)).good());
}

RC_GTEST_PROP(Verify, SeesAnyCutSwapOrRepetition, ()) {
  auto lines = split(chain());
  const auto original = lines;
  const auto at = [&] { return *rc::gen::inRange<std::size_t>(0, lines.size()); };
  switch (*rc::gen::inRange(0, 3)) {
    case 0: lines.erase(lines.begin() + static_cast<long>(at())); break;
    case 1: std::swap(lines[at()], lines[at()]); break;
    default: {
      const auto copy = lines[at()];
      lines.insert(lines.begin() + static_cast<long>(at()), copy);
    }
  }
  RC_PRE(lines != original);
  const auto verdict = verify(join(lines));
  RC_ASSERT(!verdict.good() || !verdict.closed);
}

}  // namespace
}  // namespace bailiwick::evidence
