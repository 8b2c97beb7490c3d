#include "route/keys.hpp"

#include <gtest/gtest.h>

#include "api/hash.hpp"

namespace bailiwick::sidecar {
namespace {

std::string line(const std::string& key, const std::string& name) {
  return api::sha256Hex(key) + " " + name + "\n";
}

std::string errorOf(const std::string& text) {
  const auto keys = Keys::parse("keys", text);
  return keys ? "" : keys.error().message;
}

TEST(Keys, AreFoundByTheirDigest) {
  std::string upper = line("KEY3", "carol");
  for (std::size_t i = 0; i < 64; ++i) upper[i] = static_cast<char>(std::toupper(upper[i]));
  const auto keys = Keys::parse(
      "keys", "# team keys\n" + line("key1", "ann") + "\n" + line("key2", "bob") + upper);
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->size(), 3U);
  EXPECT_EQ(*keys->find("key1"), "ann");
  EXPECT_EQ(*keys->find("key2"), "bob");
  EXPECT_EQ(*keys->find("KEY3"), "carol");
  for (const char* unknown : {"", "key3", "key1 ", "KEY1"})
    EXPECT_EQ(keys->find(unknown), nullptr) << unknown;
  EXPECT_EQ(keys->find(api::sha256Hex("key1")), nullptr) << "a digest is no key";
}

TEST(Keys, MayChangeUnderOneName) {
  const auto keys = Keys::parse("keys", line("old", "ann") + line("new", "ann"));
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(*keys->find("old"), "ann");
  EXPECT_EQ(*keys->find("new"), "ann");
}

TEST(Keys, OfAnEmptyFileLetNobodyIn) {
  const auto keys = Keys::parse("keys", "");
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->find(""), nullptr);
  EXPECT_EQ(Keys().find(""), nullptr);
}

TEST(Keys, NeedNoNewlineAtTheEnd) {
  std::string text = line("key1", "ann");
  text.pop_back();
  EXPECT_EQ(*Keys::parse("keys", text)->find("key1"), "ann");
}

TEST(Keys, AreRefusedWithEveryLineThatIsWrongAndNoDigest) {
  constexpr char form[] =
      "must be the key's SHA-256 as 64 hexadecimal digits, one space and a name";
  const std::string good = line("key1", "ann"), digest = api::sha256Hex("key2");
  const struct {
    std::string text;
    std::string error;
  } cases[] = {
      {good + "x\n" + good + "\n" + digest + "\n",
       std::string("keys:2: ") + form +
           "\nkeys:3: lists a key that is there already\nkeys:5: " + form},
      {digest + "  bob\n", std::string("keys:1: ") + form},
      {digest + " b b\n", std::string("keys:1: ") + form},
      {digest + " bob\r\n", std::string("keys:1: ") + form},
      {digest + "\tbob\n", std::string("keys:1: ") + form},
      {" " + digest + " bob\n", std::string("keys:1: ") + form},
      {digest.substr(1) + "g bob\n", std::string("keys:1: ") + form},
      {"sha256:" + digest + " bob\n", std::string("keys:1: ") + form},
      {digest + " " + std::string(254, 'b') + "\n", std::string("keys:1: ") + form},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(errorOf(c.text), c.error) << c.text;
    EXPECT_EQ(errorOf(c.text).find(digest), std::string::npos);
  }
}

TEST(Keys, AreBounded) {
  std::string text;
  for (int i = 0; i < 4096; ++i) text += line(std::to_string(i), "n");
  EXPECT_EQ(errorOf(text), "");
  EXPECT_EQ(errorOf(text + line("one more", "n")), "keys:4097: lists more than 4096 keys");
}

TEST(BearerKey, IsTakenFromOneFormAlone) {
  EXPECT_EQ(bearerKey("Bearer abc"), "abc");
  EXPECT_EQ(bearerKey("bEARER a.b-c_d~e+f/g="), "a.b-c_d~e+f/g=");
  for (const char* bad : {"", "Bearer", "Bearer ", "Bearer  abc", "Basic abc", "abc", "Bearer a b",
                          "Bearer\tabc", "Bearer abc ", "BearerXabc", "Bearer a\x80"})
    EXPECT_EQ(bearerKey(bad), "") << bad;
}

}  // namespace
}  // namespace bailiwick::sidecar
