#include "evidence/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bailiwick::evidence {
namespace {

using nlohmann::json;

const std::string origin = "sha256:" + std::string(64, '0');

std::string textOf(const json& body, const char* name) {
  const auto field = body.find(name);
  return field != body.end() && field->is_string() ? field->get<std::string>() : "";
}

class Verifier {
 public:
  explicit Verifier(const Known& known) : known_(known) {}

  void line(std::string_view text, const std::function<void(const Record&)>& each) {
    ++position_;
    const bool followsBroken = std::exchange(broken_, false);
    if (verdict_.closed) find("comes after the chain was closed: it was added");
    verdict_.closed = false;
    const auto record = parseRecord(text);
    if (!record) {
      find(record.error().message);
      broken_ = true;
      ++next_;
    } else {
      number(*record);
      link(*record, followsBroken);
      signature(*record);
      closing(*record);
      if (each) each(*record);
    }
    verdict_.head = digestOf(text);
    verdict_.digests.push_back(verdict_.head);
    verdict_.records = position_;
    if (known_.records == position_ && known_.head != verdict_.head) {
      find(fmt::format("is not what was published: {} records ended with {}", known_.records,
                       known_.head));
    }
  }

  Verdict end() {
    position_ = 0;
    if (verdict_.records == 0) find("there is no record");
    if (verdict_.records < known_.records) {
      find(fmt::format("{} records were published, {} are here: the others were cut off",
                       known_.records, verdict_.records));
    }
    verdict_.authoritative = trusted_ && verdict_.good();
    return std::move(verdict_);
  }

  void find(std::string problem) {
    if (verdict_.findings.size() < maxFindings) {
      verdict_.findings.push_back({position_, std::move(problem)});
    }
  }

 private:
  void number(const Record& record) {
    const auto expected = next_;
    next_ = record.number + 1;
    if (record.number == expected) return;
    if (record.number < expected) {
      return find(fmt::format("has number {}, which was already there: records were added or "
                              "reordered", record.number));
    }
    find(fmt::format("has number {}: {} missing here, or records were reordered", record.number,
                     record.number == expected + 1
                         ? fmt::format("record {} is", expected)
                         : fmt::format("records {} to {} are", expected, record.number - 1)));
  }

  void link(const Record& record, bool followsBroken) {
    const auto& expected = position_ == 1 ? origin : verdict_.head;
    if (record.previous == expected || followsBroken) return;
    find(position_ == 1 ? "has a predecessor that is not here: records before it were cut off"
                        : "does not follow the record before it: one of the two was changed, or a "
                          "record between them was taken away or added");
  }

  // The key that a record must be signed with: that of Opened, and of each KeyRotated from then on.
  void signature(const Record& record) {
    if (record.type == openedType && position_ == 1) {
      introduce(record);
    } else if (position_ == 1) {
      find("is of type " + record.type + ": the first one must be Opened");
    } else if (record.type == openedType) {
      find("opens a second chain");
    } else if (record.type == keyRotatedType) {
      rotate(record);
    }
    if (!key_) return;
    if (record.key != key_->fingerprint()) {
      find(fmt::format("is signed by key {}, but the chain's key is {}", record.key,
                       key_->fingerprint()));
      broken_ = true;
    } else if (!key_->verifies(record.unsignedText, record.signature)) {
      find("does not match its signature: it was changed, or signed by another key");
      broken_ = true;
    }
  }

  void introduce(const Record& record) {
    auto key = PublicKey::fromHex(textOf(record.body, "publicKey"));
    if (!key) return find("has no public key");
    use(*std::move(key));
    trusted_ = isKnown(*key_);
    if (trusted_ || known_.fingerprints.empty()) return;
    find(fmt::format("is signed by key {}, which is not the given one", key_->fingerprint()));
  }

  void rotate(const Record& record) {
    auto key = PublicKey::fromHex(textOf(record.body, "publicKey"));
    if (!key) return find("has no public key");
    const auto endorsement = textOf(record.body, "endorsement");
    const bool endorsed =
        key_ && key_->verifies(endorsementText(*key_, *key, record.number), endorsement);
    if (!endorsement.empty() && !endorsed) {
      find("hands over to another key without the word of the key before");
    }
    use(*std::move(key));
    const bool given = isKnown(*key_);
    if (!known_.fingerprints.empty() && !given && !(trusted_ && endorsed)) {
      find(fmt::format("changes the key to {}, which is not a given one and not endorsed by the key "
                       "before", key_->fingerprint()));
    }
    trusted_ = given || (trusted_ && endorsed);
  }

  void use(PublicKey key) {
    verdict_.keys.push_back(key.fingerprint());
    key_ = std::move(key);
  }

  bool isKnown(const PublicKey& key) const {
    const auto& all = known_.fingerprints;
    return std::find(all.begin(), all.end(), key.fingerprint()) != all.end();
  }

  void closing(const Record& record) {
    if (record.type != closedType) return;
    verdict_.closed = true;
    const auto count = record.body.find("records");
    if (count == record.body.end() || *count != position_) {
      find(fmt::format("closes a chain of another length than the {} records that are here",
                       position_));
    }
  }

  const Known& known_;
  Verdict verdict_;
  std::uint64_t position_ = 0, next_ = 1;
  std::optional<PublicKey> key_;
  bool trusted_ = false;
  bool broken_ = false;  // the record before is known to be wrong: that the next does not follow is no news
};

}  // namespace

std::string Finding::str() const {
  return record == 0 ? problem : fmt::format("record {}: {}", record, problem);
}

Verdict verify(std::string_view jsonLines, const Known& known,
               const std::function<void(const Record&)>& each) {
  Verifier verifier(known);
  if (jsonLines.size() > maxFile) {
    verifier.find(fmt::format("there are more than {} bytes", maxFile));
    jsonLines = {};
  }
  while (!jsonLines.empty()) {
    const auto end = jsonLines.find('\n');
    verifier.line(jsonLines.substr(0, end), each);
    if (end == std::string_view::npos) {
      verifier.find("does not end with a line feed: its end was cut off");
      break;
    }
    jsonLines.remove_prefix(end + 1);
  }
  return verifier.end();
}

}  // namespace bailiwick::evidence
