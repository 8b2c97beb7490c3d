#include "weights/manifest.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

// SHA-256 of "abc" (FIPS 180-2, B.1).
const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string line(const std::string& name) {
  return abc + "  " + name + "\n";
}

std::string errorOf(const std::string& text) {
  const auto entries = parseManifest(text);
  return entries ? "" : entries.error().message;
}

TEST(Manifest, ListsFilesWithTheirDigests) {
  const auto entries = parseManifest(line(".gitattributes") + line("./Model.bin") + abc +
                                     " *a b.bin\n" + line("sub/\xc3\xa9.bin"));
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 4U);
  EXPECT_EQ(entries->at(0).name, ".gitattributes");
  EXPECT_EQ(entries->at(1).name, "Model.bin");
  EXPECT_EQ(entries->at(2).name, "a b.bin");
  EXPECT_EQ(entries->at(3).name, "sub/\xc3\xa9.bin");
  EXPECT_EQ(hex(entries->at(0).digest), abc);
}

TEST(Manifest, IsRefusedLineByLine) {
  constexpr char form[] = "must be 64 lower case hexadecimal digits, two spaces and a name";
  const struct {
    std::string text;
    std::string error;  // after "MANIFEST.sha256:1: "
  } cases[] = {
      {"", "lists no file"},
      {"\n", form},
      {abc + "  a", "has no line end: the file is cut off"},
      {abc + "  a\r\n", "ends with a carriage return: write Unix line ends"},
      {abc + " a\n", form},
      {abc + "\ta\n", form},
      {abc + "  \n", form},
      {abc.substr(1) + "  a\n", form},
      {"BA" + abc.substr(2) + "  a\n", form},
      {"g" + abc.substr(1) + "  a\n", form},
      {"SHA256 (a) = " + abc + "\n", form},
      {"\\" + abc + "  a\\nb\n", "names with backslashes or line ends are not accepted"},
      {line("../a"), "names no path below the root: ../a"},
      {line("a/../b"), "names no path below the root: a/../b"},
      {line("/etc/passwd"), "names no path below the root: /etc/passwd"},
      {line("a//b"), "names no path below the root: a//b"},
      {line("a/./b"), "names no path below the root: a/./b"},
      {line("././a"), "names no path below the root: ./a"},
      {line("."), "names no path below the root: ."},
      {line("a/"), "names no path below the root: a/"},
      {line("a\\b"), "names no path below the root: a\\b"},
      {line("a\tb"), "names no path below the root: a\tb"},
      {line(std::string("a\0b", 3)), std::string("names no path below the root: a\0b", 33)},
      {line(std::string(4097, 'a')), "names no path below the root: " + std::string(4097, 'a')},
      {line("MANIFEST.sha256"), "lists the manifest itself"},
      {line("./MANIFEST.sha256"), "lists the manifest itself"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(errorOf(c.text), "MANIFEST.sha256:1: " + c.error) << c.text;
  }
}

TEST(Manifest, IsSortedByNameInByteOrder) {
  EXPECT_EQ(errorOf(line("B") + line("a") + line("a.b") + line("a/b") + line("aa")), "");
  EXPECT_EQ(errorOf(line("a") + line("B")),
            "MANIFEST.sha256:2: B comes after a: sort by name in byte order (LC_ALL=C sort -k2)");
  EXPECT_EQ(errorOf(line("a") + line("./a")), "MANIFEST.sha256:2: a is listed twice");
  EXPECT_EQ(errorOf(line("a") + line("b") + line("a")),
            "MANIFEST.sha256:3: a comes after b: sort by name in byte order (LC_ALL=C sort -k2)");
}

TEST(Manifest, NamesEveryLineThatIsWrongUpToABound) {
  EXPECT_EQ(errorOf(line("a") + "x\n" + line("b") + line("/c")),
            "MANIFEST.sha256:2: must be 64 lower case hexadecimal digits, two spaces and a name\n"
            "MANIFEST.sha256:4: names no path below the root: /c");
  std::string many;
  for (int i = 0; i < 30; ++i) many += "x\n";
  EXPECT_TRUE(errorOf(many).ends_with("\nand 10 more"));
}

TEST(Digest, IsLowerCaseSha256Alone) {
  EXPECT_TRUE(parseDigest("sha256:" + abc));
  EXPECT_EQ(hex(*parseDigest("sha256:" + abc)), abc);
  EXPECT_EQ(hex(sha256("abc")), abc);
  for (const std::string& bad :
       {abc, "sha512:" + abc, "SHA256:" + abc, "sha256:" + abc + "0", "sha256:" + abc.substr(1),
        "sha256:BA" + abc.substr(2), std::string("sha256:"), std::string()})
    EXPECT_FALSE(parseDigest(bad)) << bad;
}

}  // namespace
}  // namespace bailiwick::sidecar
