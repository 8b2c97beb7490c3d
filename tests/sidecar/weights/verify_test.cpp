#include "weights/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sidecar/weights/signer.hpp"

namespace bailiwick::sidecar {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Signer;
using testing::statementOf;

// An artifact in a folder of its own: two files and their manifest.
class Weights : public ::testing::Test {
 protected:
  Weights() : root_(fs::temp_directory_path() / ("weights-" + std::to_string(getpid()))) {
    fs::remove_all(root_);
    fs::create_directories(root_ / "sub");
    write("model.bin", "weights");
    write("sub/a.bin", "more weights");
    list({"model.bin", "sub/a.bin"});
  }
  ~Weights() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name, std::ios::binary) << text;
  }
  std::string read(const std::string& name) {
    std::ifstream in(root_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // A manifest of these files, by what is in them now.
  void list(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += hex(sha256(read(name))) + "  " + name + "\n";
    write(manifestName, text);
    request_.manifestDigest = sha256(text);
  }
  std::vector<ManifestEntry> entries() { return parseManifest(read(manifestName)).value(); }

  VerifyOutcome verify() {
    request_.folder = root_;
    return verifyWeights(request_, [this](const VerifyProgress& p) { progress_.push_back(p); });
  }
  std::vector<std::string> problems() { return verify().problems; }

  fs::path root_;
  VerifyRequest request_;
  std::vector<VerifyProgress> progress_;
};

TEST_F(Weights, OfThePassportVerify) {
  const VerifyOutcome outcome = verify();
  EXPECT_THAT(outcome.problems, IsEmpty());
  EXPECT_EQ(outcome.files, 2U);
  EXPECT_EQ(outcome.bytes, 19U);
}

TEST_F(Weights, WithOneFlippedBitAreNamed) {
  write("sub/a.bin", "mord weights");
  EXPECT_THAT(problems(), ElementsAre("sub/a.bin has SHA-256 " + hex(sha256("mord weights")) +
                                      ", listed is " + hex(sha256("more weights"))));
}

TEST_F(Weights, ThatAreMissingOrUnlistedAreAllNamed) {
  fs::rename(root_ / "model.bin", root_ / "Model.bin");
  write(".hidden", "");
  write("sub/b.bin", "");
  EXPECT_THAT(problems(),
              ElementsAre(".hidden is not listed in MANIFEST.sha256",
                          "Model.bin is not listed in MANIFEST.sha256", "model.bin is missing",
                          "sub/b.bin is not listed in MANIFEST.sha256"));
}

TEST_F(Weights, AreMissedAtTheEndOfTheListToo) {
  fs::remove(root_ / "sub/a.bin");
  EXPECT_THAT(problems(), ElementsAre("sub/a.bin is missing"));
}

TEST_F(Weights, AreJudgedByThePassportsManifestAlone) {
  const Sha256 passports = request_.manifestDigest;
  write("model.bin", "other weights");
  list({"model.bin", "sub/a.bin"});
  const std::string now = hex(request_.manifestDigest);
  request_.manifestDigest = passports;
  EXPECT_THAT(problems(), ElementsAre("MANIFEST.sha256 has SHA-256 " + now +
                                      ", the passport says " + hex(passports)));
  fs::remove(root_ / manifestName);
  EXPECT_THAT(problems(),
              ElementsAre("MANIFEST.sha256 cannot be opened: No such file or directory"));
}

TEST_F(Weights, WithAManifestThatIsNoneAreNotRead) {
  write(manifestName, "nonsense\n");
  request_.manifestDigest = sha256("nonsense\n");
  const VerifyOutcome outcome = verify();
  EXPECT_THAT(outcome.problems,
              ElementsAre("MANIFEST.sha256:1: must be 64 lower case hexadecimal digits, two spaces "
                          "and a name"));
  EXPECT_EQ(outcome.bytes, 0U);
}

TEST_F(Weights, HoldNoLinks) {
  write("elsewhere", "weights");
  fs::rename(root_ / "elsewhere", fs::temp_directory_path() / "weights-elsewhere");
  fs::remove(root_ / "model.bin");
  fs::create_symlink(fs::temp_directory_path() / "weights-elsewhere", root_ / "model.bin");
  fs::create_directory_symlink("sub", root_ / "folder");
  EXPECT_THAT(problems(), ElementsAre("folder is a symbolic link, which no artifact may hold",
                                      "model.bin is a symbolic link, which no artifact may hold",
                                      "model.bin is missing"));
  fs::remove(fs::temp_directory_path() / "weights-elsewhere");
}

TEST_F(Weights, HaveAManifestThatIsNoLink) {
  fs::rename(root_ / manifestName, root_ / "sub/m");
  fs::create_symlink("sub/m", root_ / manifestName);
  EXPECT_THAT(problems(), ElementsAre("MANIFEST.sha256 is a symbolic link"));
}

TEST_F(Weights, HoldNothingButFilesAndFolders) {
  ASSERT_EQ(mkfifo((root_ / "pipe").c_str(), 0600), 0);
  sockaddr_un address{AF_UNIX, {}};
  (root_ / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(fd);
  EXPECT_THAT(problems(), ElementsAre("pipe is a pipe, which no artifact may hold",
                                      "socket is a socket, which no artifact may hold"));
  fs::remove(root_ / "pipe");
  fs::remove(root_ / "socket");
  ASSERT_EQ(mkfifo((root_ / "new").c_str(), 0600), 0);
  fs::remove(root_ / "model.bin");
  fs::rename(root_ / "new", root_ / "model.bin");
  EXPECT_THAT(problems(), ElementsAre("model.bin is a pipe, which no artifact may hold",
                                      "model.bin is missing"));
}

TEST_F(Weights, MayHaveEmptyFilesAndFolders) {
  fs::create_directory(root_ / "empty");
  write("sub/zero", "");
  list({"model.bin", "sub/a.bin", "sub/zero"});
  EXPECT_THAT(problems(), IsEmpty());
}

// A new ext4 volume has it, and only root may look into it.
TEST_F(Weights, MayLieBesideWhatTheFilesystemKeeps) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make what only root can read";
  const auto asNobody = [this] {
    EXPECT_EQ(seteuid(65534), 0);
    const auto found = problems();
    EXPECT_EQ(seteuid(0), 0);
    return found;
  };
  fs::create_directory(root_ / "lost+found");
  fs::permissions(root_ / "lost+found", fs::perms::owner_all);
  EXPECT_THAT(asNobody(), IsEmpty());
  fs::create_directory(root_ / "secret");
  fs::permissions(root_ / "secret", fs::perms::owner_all);
  EXPECT_THAT(asNobody(), ElementsAre("secret cannot be read: Permission denied"));
}

TEST_F(Weights, AreNotNestedForEver) {
  fs::path deep = root_;
  for (int i = 0; i < 70; ++i) deep /= "d";
  fs::create_directories(deep);
  const auto found = problems();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0], ::testing::EndsWith("/d is nested too deeply"));
}

TEST_F(Weights, OfNoFolderAreAProblem) {
  fs::remove_all(root_);
  EXPECT_THAT(problems(), ElementsAre("cannot open the folder " + root_.string() +
                                      ": No such file or directory"));
}

TEST_F(Weights, AreReadOnceByAllThreads) {
  std::vector<std::string> names;
  std::uint64_t bytes = 0;
  for (int i = 100; i < 200; ++i) {
    names.push_back("shard-" + std::to_string(i));
    write(names.back(), std::string(static_cast<std::size_t>(i) * 791, static_cast<char>(i)));
    bytes += static_cast<std::uint64_t>(i) * 791;
  }
  fs::remove(root_ / "model.bin");
  fs::remove_all(root_ / "sub");
  list(names);
  for (const unsigned threads : {1U, 3U, 200U}) {
    request_.threads = threads;
    const VerifyOutcome outcome = verify();
    EXPECT_THAT(outcome.problems, IsEmpty());
    EXPECT_EQ(outcome.files, 100U);
    EXPECT_EQ(outcome.bytes, bytes);
  }
  EXPECT_THAT(progress_, IsEmpty()) << "nothing took two seconds";
}

TEST_F(Weights, ThatChangeMeanwhileAreNoticed) {
  std::string big(64 << 20, 'x');
  write("model.bin", big);
  list({"model.bin", "sub/a.bin"});
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      std::ofstream out(root_ / "model.bin", std::ios::binary | std::ios::in);
      out.seekp(1000);
      out.put('x');  // the same byte: only the file's times tell
    }
  });
  const auto found = problems();
  stop = true;
  writer.join();
  EXPECT_THAT(found, ::testing::Contains("model.bin changed while it was being verified"));
}

TEST_F(Weights, MayCarryTheirSignatureWithoutListingIt) {
  write("model.sig", "x");
  EXPECT_THAT(problems(), IsEmpty());
  write("other.sig", "x");
  EXPECT_THAT(problems(), ElementsAre("other.sig is not listed in MANIFEST.sha256"));
  request_.signatureFile = root_ / "other.sig";
  EXPECT_THAT(problems(), ElementsAre("model.sig is not listed in MANIFEST.sha256"));
}

class SignedWeights : public Weights {
 protected:
  SignedWeights() {
    request_.publicKey = signer_.publicKey();
    sign(entries());
  }
  void sign(const std::vector<ManifestEntry>& files, const std::string& name = "model.sig") {
    write(name, signer_.sign(statementOf(files).dump()).dump());
  }
  Signer signer_;
};

TEST_F(SignedWeights, Verify) {
  EXPECT_THAT(problems(), IsEmpty());
  auto files = entries();
  files.insert(files.begin(), {manifestName, request_.manifestDigest});
  sign(files);
  EXPECT_THAT(problems(), IsEmpty()) << "the signer may have seen the manifest";
}

TEST_F(SignedWeights, MayHaveTheirSignatureAnywhere) {
  fs::rename(root_ / "model.sig", root_ / "sub/x.sig");
  request_.signatureFile = root_ / "sub/x.sig";
  EXPECT_THAT(problems(), IsEmpty());
  request_.signatureFile = (root_ / "sub/../sub/./x.sig").string();
  EXPECT_THAT(problems(), IsEmpty());
  const fs::path outside = fs::temp_directory_path() / "weights-outside.sig";
  fs::copy_file(root_ / "sub/x.sig", outside, fs::copy_options::overwrite_existing);
  fs::remove(root_ / "sub/x.sig");
  request_.signatureFile = outside;
  EXPECT_THAT(problems(), IsEmpty());
  fs::remove(outside);
  request_.signatureFile = "";
  EXPECT_THAT(problems(), ElementsAre("the signature model.sig cannot be opened: No such file or "
                                      "directory"));
}

TEST_F(SignedWeights, OfAnotherKeyAreRefused) {
  request_.publicKey = Signer().publicKey();
  EXPECT_THAT(problems(),
              ElementsAre("the signature model.sig was not made with the passport's public key, or "
                          "what it signs was changed"));
}

TEST_F(SignedWeights, AreThoseThatWereSigned) {
  auto files = entries();
  files[0].digest = sha256("older weights");
  sign(files);
  EXPECT_THAT(problems(),
              ElementsAre("model.bin is signed with SHA-256 " + hex(sha256("older weights")) +
                          ", listed is " + hex(sha256("weights"))));
  files = entries();
  files.erase(files.begin());
  files.push_back({"z.bin", sha256("z")});
  sign(files);
  EXPECT_THAT(problems(), ElementsAre("model.bin is not signed",
                                      "z.bin is signed and not listed in MANIFEST.sha256"));
  files = entries();
  files.push_back({manifestName, sha256("another manifest")});
  sign(files);
  EXPECT_THAT(problems(),
              ElementsAre("MANIFEST.sha256 is signed and not listed in MANIFEST.sha256"));
}

TEST_F(SignedWeights, MayLeaveOutWhatBelongsToGit) {
  const auto before = entries();
  write(".gitattributes", "x");
  list({".gitattributes", "model.bin", "sub/a.bin"});
  sign(before);
  EXPECT_THAT(problems(), IsEmpty());
}

}  // namespace
}  // namespace bailiwick::sidecar
