#include "evidence/record.hpp"

#include <fmt/format.h>

#include <set>

#include "api/hash.hpp"
#include "evidence/canonical.hpp"

namespace bailiwick::evidence {
namespace {

using nlohmann::json;

const std::string origin = "sha256:" + std::string(64, '0');

class Appender {
 public:
  Appender(const Tail& tail, const SigningKey& key) : key_(key) { sealed_.tail = tail; }

  Result<void> add(Entry entry) {
    auto& tail = sealed_.tail;
    if (tail.closed) return fail("the chain is closed: nothing can be added to it");
    if ((tail.records == 0) != (entry.type == openedType)) {
      return fail(fmt::format("record {} cannot be of type {}", tail.records + 1, entry.type));
    }
    if (entry.type == openedType) entry.body["publicKey"] = key_.publicKey().hex();
    if (entry.type == closedType) entry.body["records"] = tail.records + 1;
    json record = {{"at", api::formatMicroTime(entry.at)},
                   {"body", std::move(entry.body)},
                   {"key", key_.publicKey().fingerprint()},
                   {"number", tail.records + 1},
                   {"previous", tail.records == 0 ? origin : tail.head},
                   {"type", entry.type}};
    const auto text = canonical(record);
    if (!text) return tl::unexpected(text.error());
    record["signature"] = key_.sign(*text);
    const auto line = canonical(record);
    if (!line) return tl::unexpected(line.error());
    if (line->size() > maxLine) {
      return fail(fmt::format("a record of type {} has {} bytes, more than {}", entry.type,
                              line->size(), maxLine));
    }
    sealed_.lines += *line + "\n";
    tail = {tail.records + 1, digestOf(*line), key_.publicKey().fingerprint(),
            entry.type == closedType};
    return {};
  }

  Sealed take() { return std::move(sealed_); }

 private:
  const SigningKey& key_;
  Sealed sealed_;
};

Entry rotation(const Tail& tail, const SigningKey& key, const SigningKey* before, api::Time at) {
  Entry entry{keyRotatedType, at, {{"publicKey", key.publicKey().hex()}, {"from", tail.fingerprint}}};
  if (before && before->publicKey().fingerprint() == tail.fingerprint) {
    entry.body["endorsement"] = before->sign(
        endorsementText(before->publicKey(), key.publicKey(), tail.records + 1));
  }
  return entry;
}

// Whether the line may be given to a parser: what nests without end costs memory.
bool tooDeep(std::string_view line) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quoted) {
      if (line[i] == '\\') ++i;
      else if (line[i] == '"') quoted = false;
      continue;
    }
    if (line[i] == '"') quoted = true;
    if (line[i] == '{' || line[i] == '[') ++depth;
    if (line[i] == '}' || line[i] == ']') --depth;
    if (depth > maxDepth) return true;
  }
  return false;
}

bool isText(const json& record, const char* name) { return record.at(name).is_string(); }

Result<Record> fromJson(json parsed) {
  static const std::set<std::string> fields = {"at",       "body",      "key", "number",
                                               "previous", "signature", "type"};
  if (!parsed.is_object()) return fail("is no JSON object");
  for (const auto& field : fields) {
    if (!parsed.contains(field)) return fail(fmt::format("has no field {}", field));
  }
  if (parsed.size() != fields.size()) return fail("has a field that no record has");
  if (!isText(parsed, "at") || !isText(parsed, "key") || !isText(parsed, "previous") ||
      !isText(parsed, "signature") || !isText(parsed, "type") || !parsed["body"].is_object() ||
      !parsed["number"].is_number_unsigned()) {
    return fail("has a field of the wrong type");
  }
  const auto at = api::parseTime(parsed["at"].get_ref<const std::string&>());
  if (!at) return fail("has a time that is none");
  Record record;
  record.at = *at;
  record.number = parsed["number"];
  record.type = parsed["type"];
  record.previous = parsed["previous"];
  record.key = parsed["key"];
  record.signature = parsed["signature"];
  record.body = parsed["body"];
  parsed.erase("signature");
  auto text = canonical(parsed);
  if (!text) return tl::unexpected(text.error());
  record.unsignedText = *std::move(text);
  return record;
}

}  // namespace

std::string digestOf(std::string_view line) { return "sha256:" + api::sha256Hex(line); }

std::string endorsementText(const PublicKey& before, const PublicKey& after, std::uint64_t number) {
  return fmt::format("bailiwick.dev evidence key {} hands over to {} in record {}",
                     before.fingerprint(), after.fingerprint(), number);
}

Result<Sealed> append(const Tail& tail, const std::vector<Entry>& entries, const SigningKey& key,
                      const SigningKey* previousKey) {
  Appender appender(tail, key);
  if (entries.empty()) return appender.take();
  const auto fingerprint = key.publicKey().fingerprint();
  if (tail.records > 0 && !tail.closed && tail.fingerprint != fingerprint) {
    const auto added = appender.add(rotation(tail, key, previousKey, entries.front().at));
    if (!added) return tl::unexpected(added.error());
  }
  for (const auto& entry : entries) {
    if (const auto added = appender.add(entry); !added) return tl::unexpected(added.error());
  }
  return appender.take();
}

Result<Record> parseRecord(std::string_view line) {
  if (line.size() > maxLine) return fail(fmt::format("has more than {} bytes", maxLine));
  if (tooDeep(line)) return fail("is nested too deeply");
  auto parsed = json::parse(line, nullptr, false);
  if (parsed.is_discarded()) return fail("is no JSON");
  const auto text = canonical(parsed);
  if (!text) return fail("is no evidence: " + text.error().message);
  if (*text != line) return fail("is not canonical JSON: it was written by another program");
  return fromJson(std::move(parsed));
}

}  // namespace bailiwick::evidence
