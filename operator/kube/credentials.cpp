#include "kube/credentials.hpp"

#include <sys/stat.h>
#include <array>
#include <utility>

#include "kube/files.hpp"
#include "kube/tls.hpp"
#include "log/log.hpp"

namespace bailiwick::kube {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds lookEvery{1};
constexpr std::chrono::seconds readEvery{60};

// What tells one state of a file from another; a mounted Secret changes its inode.
struct Stamp {
  std::array<std::int64_t, 5> parts{};
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

Stamp stampOf(const std::string& file) {
  struct stat info {};
  if (file.empty() || ::stat(file.c_str(), &info) != 0) return {};
  return {{static_cast<std::int64_t>(info.st_dev), static_cast<std::int64_t>(info.st_ino),
           info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec}};
}

Result<std::string> textOf(const Source& source) {
  return source.file.empty() ? source.inlineText.reveal() : readSmallFile(source.file);
}

std::string trimmed(std::string text) {
  constexpr char blank[] = " \t\r\n";
  text.erase(text.find_last_not_of(blank) + 1);
  text.erase(0, text.find_first_not_of(blank));
  return text;
}

// It becomes part of a header line.
Result<Secret> checkedToken(std::string text) {
  text = trimmed(std::move(text));
  for (const char c : text) {
    if (c <= ' ' || c > '~') return fail("the token holds characters that no token has");
  }
  return Secret(std::move(text));
}

}  // namespace

struct CredentialStore::Files {
  std::array<Stamp, 4> stamps;
  friend bool operator==(const Files&, const Files&) = default;

  static Files of(const ClusterConfig& config) {
    return {{stampOf(config.ca.file), stampOf(config.token.file),
             stampOf(config.clientCertificate.file), stampOf(config.clientKey.file)}};
  }
};

CredentialStore::CredentialStore(ClusterConfig config)
    : config_(std::move(config)), files_(std::make_unique<Files>()) {}
CredentialStore::~CredentialStore() = default;

Result<std::shared_ptr<const Credentials>> CredentialStore::current() {
  std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (current_ && now - looked_ < lookEvery) return current_;
  looked_ = now;
  const auto files = Files::of(config_);
  if (current_ && files == *files_ && now - read_ < readEvery) return current_;
  auto fresh = read(current_);
  if (fresh) {
    *files_ = files;
    read_ = now;
    current_ = std::make_shared<const Credentials>(*std::move(fresh));
  } else if (!current_) {
    return tl::unexpected(fresh.error());
  } else {
    log::warn("credentials unreadable, the last ones stay in use",
              {{"error", fresh.error().message}});
  }
  return current_;
}

void CredentialStore::invalidate() {
  std::lock_guard lock(mutex_);
  looked_ = {};
  read_ = {};
}

Result<Credentials> CredentialStore::read(const std::shared_ptr<const Credentials>& before) const {
  Credentials out;
  auto ca = textOf(config_.ca);
  if (!ca) return tl::unexpected(ca.error());
  auto certificate = textOf(config_.clientCertificate);
  if (!certificate) return tl::unexpected(certificate.error());
  auto key = textOf(config_.clientKey);
  if (!key) return tl::unexpected(key.error());
  auto token = textOf(config_.token).and_then(checkedToken);
  if (!token) return tl::unexpected(token.error());
  if (token->empty() && !config_.token.empty()) return fail("the token is empty");
  out.caPem = *std::move(ca);
  out.certificatePem = *std::move(certificate);
  out.keyPem = Secret(*std::move(key));
  out.token = *std::move(token);
  const bool same = before && before->caPem == out.caPem && before->keyPem == out.keyPem &&
                    before->certificatePem == out.certificatePem;
  out.tls = before ? before->tls + (same ? 0 : 1) : 1;
  if (!same) {
    if (const auto sound = checkTlsMaterial(out); !sound) return tl::unexpected(sound.error());
  }
  return out;
}

}  // namespace bailiwick::kube
