#include "weights/verify.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "weights/model_signature.hpp"
#include "weights/tree.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t maxManifest = 64 << 20;
constexpr std::size_t readSize = 256 << 10;  // stays in a core's own cache while it is hashed
constexpr off_t readAhead = 16 << 20;        // asked of the kernel before it is needed
constexpr auto progressEvery = std::chrono::seconds(2);

struct ReleaseContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// One listed file that is there.
struct Job {
  const ManifestEntry* listed;
  const TreeFile* found;
  std::string problem;  // once it is done
};

// Hashes jobs, the largest first, with one of these per thread.
class Hasher {
 public:
  Hasher(const Descriptor& root, std::atomic<std::uint64_t>& bytes)
      : root_(root), bytes_(bytes), context_(EVP_MD_CTX_new()), buffer_(readSize) {}

  // What is wrong with it, or "".
  std::string check(const Job& job) {
    auto file = openFile(root_, job.found->name);
    if (!file) return file.error().message;
    if (!unchanged(file->get(), *job.found)) return changed;
    const auto digest = hash(file->get());
    if (!digest) return digest.error().message;
    if (!unchanged(file->get(), *job.found)) return changed;
    if (*digest == job.listed->digest) return "";
    return "has SHA-256 " + hex(*digest) + ", listed is " + hex(job.listed->digest);
  }

 private:
  static constexpr char changed[] = "changed while it was being verified";

  static bool unchanged(int fd, const TreeFile& found) {
    struct stat info {};
    return fstat(fd, &info) == 0 && stateOf(info) == found.state;
  }

  Result<Sha256> hash(int fd) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    off_t at = 0, asked = 0;
    for (;;) {
      if (at + readAhead / 2 >= asked) {
        posix_fadvise(fd, asked, readAhead, POSIX_FADV_WILLNEED);
        asked += readAhead;
      }
      const ssize_t got = read(fd, buffer_.data(), buffer_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail("cannot be read: " + std::generic_category().message(errno));
      if (got == 0) break;
      EVP_DigestUpdate(context_.get(), buffer_.data(), static_cast<std::size_t>(got));
      at += got;
      bytes_ += static_cast<std::uint64_t>(got);
    }
    Sha256 digest;
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    return digest;
  }

  const Descriptor& root_;
  std::atomic<std::uint64_t>& bytes_;
  std::unique_ptr<EVP_MD_CTX, ReleaseContext> context_;
  std::vector<unsigned char> buffer_;
};

// Runs all jobs and returns how many bytes they read.
std::uint64_t hashAll(const Descriptor& root, std::vector<Job>& jobs, unsigned threads,
                      const std::function<void(const VerifyProgress&)>& progress) {
  std::vector<Job*> order;
  std::uint64_t all = 0;
  for (Job& job : jobs) {
    order.push_back(&job);
    all += static_cast<std::uint64_t>(job.found->state.size);
  }
  std::stable_sort(order.begin(), order.end(), [](const Job* a, const Job* b) {
    return a->found->state.size > b->found->state.size;
  });
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::condition_variable finished;
  std::size_t done = 0;
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < std::min<std::size_t>(threads, order.size()); ++i) {
    workers.emplace_back([&] {
      Hasher hasher(root, bytes);
      for (std::size_t index = next++; index < order.size(); index = next++) {
        order[index]->problem = hasher.check(*order[index]);
        const std::lock_guard lock(mutex);
        if (++done == order.size()) finished.notify_all();
      }
    });
  }
  std::unique_lock lock(mutex);
  while (!finished.wait_for(lock, progressEvery, [&] { return done == order.size(); }))
    progress({bytes, all, done, order.size()});
  return bytes;
}

class Verification {
 public:
  Verification(const VerifyRequest& request, VerifyOutcome& out) : request_(request), out_(out) {}

  void run(const std::function<void(const VerifyProgress&)>& progress) {
    auto root = openFolder(request_.folder);
    if (!root) return problem(root.error().message);
    if (!readManifest(*root)) return;
    const Tree tree = walk(*root);
    out_.problems = tree.problems;
    std::vector<Job> jobs = match(tree);
    checkSignature(*root);
    out_.bytes = hashAll(*root, jobs, std::max(request_.threads, 1U), progress);
    out_.files = jobs.size();
    for (const Job& job : jobs)
      if (!job.problem.empty()) problem(job.listed->name + " " + job.problem);
    if (walk(*root).files != tree.files) problem("the folder changed while it was being verified");
  }

 private:
  void problem(std::string message) { out_.problems.push_back(std::move(message)); }

  bool readManifest(const Descriptor& root) {
    const auto text = readFile(root, manifestName, maxManifest);
    if (!text) {
      problem(std::string(manifestName) + " " + text.error().message);
      return false;
    }
    const Sha256 digest = sha256(*text);
    if (digest != request_.manifestDigest) {
      problem(std::string(manifestName) + " has SHA-256 " + hex(digest) + ", the passport says " +
              hex(request_.manifestDigest));
      return false;
    }
    auto entries = parseManifest(*text);
    if (!entries) {
      problem(entries.error().message);
      return false;
    }
    listed_ = *std::move(entries);
    return true;
  }

  // The signature's path from the folder; it may lead out of it.
  std::string signaturePath() const {
    namespace fs = std::filesystem;
    if (request_.signatureFile.empty()) return signatureName;
    const auto normal = [](const std::string& path) {
      return fs::absolute(path).lexically_normal();
    };
    return normal(request_.signatureFile)
        .lexically_relative(normal(request_.folder + "/."))
        .string();
  }

  // Both lists are sorted by name.
  std::vector<Job> match(const Tree& tree) {
    std::vector<Job> jobs;
    const std::string signature = signaturePath();
    auto entry = listed_.begin();
    const auto missing = [&](const ManifestEntry& gone) { problem(gone.name + " is missing"); };
    for (const TreeFile& found : tree.files) {
      while (entry != listed_.end() && entry->name < found.name) missing(*entry++);
      if (entry != listed_.end() && entry->name == found.name) {
        jobs.push_back({&*entry++, &found, ""});
      } else if (found.name != manifestName && found.name != signature) {
        problem(found.name + " is not listed in " + manifestName);
      }
    }
    while (entry != listed_.end()) missing(*entry++);
    return jobs;
  }

  Result<std::string> readSignature(const Descriptor& root) const {
    const std::string path = signaturePath();
    if (isPlainName(path)) return readFile(root, path, maxManifest);
    const std::filesystem::path outside(request_.signatureFile);
    const auto folder =
        openFolder(outside.has_parent_path() ? outside.parent_path().string() : ".");
    if (!folder) return tl::unexpected<Error>(folder.error());
    return readFile(*folder, outside.filename().string(), maxManifest);
  }

  void checkSignature(const Descriptor& root) {
    if (request_.publicKey.empty()) return;
    const std::string name = "the signature " + signaturePath() + " ";
    const auto bundle = readSignature(root);
    if (!bundle) return problem(name + bundle.error().message);
    const auto files = verifySignature(*bundle, request_.publicKey);
    if (!files) return problem(name + files.error().message);
    compare(*files);
  }

  void compare(const SignedFiles& files) {
    for (const ManifestEntry& entry : listed_) {
      const auto found = files.find(entry.name);
      if (found == files.end()) {
        if (!isLeftUnsigned(entry.name)) problem(entry.name + " is not signed");
      } else if (found->second != entry.digest) {
        problem(entry.name + " is signed with SHA-256 " + hex(found->second) + ", listed is " +
                hex(entry.digest));
      }
    }
    for (const auto& [name, digest] : files) {
      const auto by = [](const ManifestEntry& entry, const std::string& key) {
        return entry.name < key;
      };
      const auto entry = std::lower_bound(listed_.begin(), listed_.end(), name, by);
      if (entry != listed_.end() && entry->name == name) continue;
      const bool itself = name == manifestName && digest == request_.manifestDigest;
      if (!itself) problem(name + " is signed and not listed in " + manifestName);
    }
  }

  const VerifyRequest& request_;
  VerifyOutcome& out_;
  std::vector<ManifestEntry> listed_;
};

}  // namespace

VerifyOutcome verifyWeights(const VerifyRequest& request,
                            const std::function<void(const VerifyProgress&)>& progress) {
  VerifyOutcome outcome;
  Verification(request, outcome).run(progress);
  return outcome;
}

}  // namespace bailiwick::sidecar
