#include "cmd/verify_command.hpp"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <ostream>
#include <sstream>

#include "cmd/cores.hpp"
#include "weights/verify.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t maxTold = 100;
constexpr double gibi = 1 << 30;

// The text itself, or what is in the file.
Result<std::string> readKey(const std::string& key) {
  if (key.empty() || key.starts_with("-----BEGIN")) return key;
  std::ifstream in(key);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail("cannot read the public key " + key);
  return text.str();
}

void tell(const VerifyProgress& progress, double seconds, std::ostream& out) {
  out << fmt::format("verified {:.1f} of {:.1f} GiB and {} of {} files in {:.0f} s\n",
                     static_cast<double>(progress.bytes) / gibi,
                     static_cast<double>(progress.bytesOfAll) / gibi, progress.files,
                     progress.filesOfAll, seconds)
      << std::flush;
}

}  // namespace

int verifyWeights(const CommandLine& line, std::ostream& out, std::ostream& errors) {
  using Clock = std::chrono::steady_clock;
  const auto key = readKey(line.publicKey);
  if (!key) {
    errors << key.error().message << "\n";
    return 1;
  }
  VerifyRequest request;
  request.folder = line.weights;
  request.manifestDigest = parseDigest(line.manifestDigest).value();
  request.signatureFile = line.signature;
  request.publicKey = *key;
  request.threads = usableCores();
  const auto begin = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  const VerifyOutcome outcome =
      verifyWeights(request, [&](const VerifyProgress& p) { tell(p, elapsed(), errors); });
  const auto& problems = outcome.problems;
  for (std::size_t i = 0; i < problems.size() && i < maxTold; ++i) errors << problems[i] << "\n";
  if (!problems.empty()) {
    errors << fmt::format("{} problem{}: these are not the weights of the passport\n",
                          problems.size(), problems.size() == 1 ? "" : "s");
    return 1;
  }
  const double seconds = elapsed(), size = static_cast<double>(outcome.bytes) / gibi;
  out << fmt::format("verified {} files, {:.3f} GiB in {:.2f} s, {:.2f} GiB/s\n", outcome.files,
                     size, seconds, size / seconds);
  return 0;
}

}  // namespace bailiwick::sidecar
