#include "evidence/countersignature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "evidence/canonical.hpp"
#include "evidence/growth.hpp"

namespace bailiwick::evidence {
namespace {

using nlohmann::json;

constexpr std::size_t maxLines = 10'000;

json toJson(const Countersignature& one) {
  return {{"head", one.head},     {"kind", "Countersignature"},
          {"order", one.order},   {"records", one.records},
          {"region", one.region}, {"root", one.root},
          {"witness", one.witness}};
}

Result<Countersignature> parse(std::string_view line) {
  const auto object = json::parse(line, nullptr, false);
  if (!object.is_object()) return fail("it is no JSON object");
  Countersignature one;
  for (const auto& [name, field] :
       {std::pair{"head", &one.head}, std::pair{"key", &one.key}, std::pair{"order", &one.order},
        std::pair{"region", &one.region}, std::pair{"root", &one.root},
        std::pair{"signature", &one.signature}, std::pair{"witness", &one.witness}}) {
    const auto value = object.find(name);
    if (value == object.end() || !value->is_string()) return fail(fmt::format("it has no {}", name));
    *field = value->get<std::string>();
  }
  const auto records = object.find("records");
  if (records == object.end() || !records->is_number_unsigned()) return fail("it has no records");
  one.records = records->get<std::uint64_t>();
  return one;
}

// Empty: the chain is what was signed.
std::string differenceFrom(const Verdict& chain, const Countersignature& one) {
  if (one.records == 0 || one.records > chain.digests.size()) {
    return fmt::format("has seen {} records, {} are here: the others were cut off", one.records,
                       chain.digests.size());
  }
  const auto seen = std::span(chain.digests).first(one.records);
  if (seen.back() == one.head && rootOf(seen) == one.root) return "";
  return fmt::format("has seen other records than the first {} here: they were changed since",
                     one.records);
}

}  // namespace

std::string statementOf(const Countersignature& one) {
  return canonical(toJson(one)).value_or("");
}

bool isSigned(const Countersignature& one) {
  const auto statement = statementOf(one);
  const auto key = PublicKey::fromHex(one.key);
  return !statement.empty() && key && key->verifies(statement, one.signature);
}

std::string toLines(const std::vector<Countersignature>& all) {
  std::string lines;
  for (const auto& one : all) {
    auto object = toJson(one);
    object["key"] = one.key;
    object["signature"] = one.signature;
    lines += canonical(object).value_or("{}") + "\n";
  }
  return lines;
}

Result<std::vector<Countersignature>> fromLines(std::string_view lines) {
  std::vector<Countersignature> all;
  for (std::size_t number = 1; !lines.empty(); ++number) {
    const auto end = std::min(lines.find('\n'), lines.size());
    auto one = number > maxLines ? fail("there are too many") : parse(lines.substr(0, end));
    if (!one) return fail(fmt::format("countersignature {}: {}", number, one.error().message));
    all.push_back(*std::move(one));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return all;
}

Comparison compare(const Verdict& chain, const std::vector<Countersignature>& all,
                   const std::vector<std::string>& witnesses) {
  Comparison out;
  std::set<std::string> missing(witnesses.begin(), witnesses.end());
  for (const auto& one : all) {
    const auto key = PublicKey::fromHex(one.key);
    const auto fingerprint = key ? key->fingerprint() : "";
    if (!witnesses.empty() &&
        std::find(witnesses.begin(), witnesses.end(), fingerprint) == witnesses.end()) {
      continue;
    }
    missing.erase(fingerprint);
    const auto problem = isSigned(one) ? differenceFrom(chain, one)
                                       : "has not signed this: its signature does not match";
    if (problem.empty()) {
      out.agreed.push_back(fmt::format("{}, key {}", one.witness, fingerprint));
    } else {
      out.problems.push_back(fmt::format("witness {} {}", one.witness, problem));
    }
  }
  for (const auto& fingerprint : missing) {
    out.problems.push_back(fmt::format("witness {} has countersigned nothing of it", fingerprint));
  }
  return out;
}

}  // namespace bailiwick::evidence
