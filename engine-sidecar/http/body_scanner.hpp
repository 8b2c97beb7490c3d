#pragma once
// Finds the top-level "model" and "stream" of a JSON request while its bytes pass by: any position,
// any escaping. What two JSON readers could read in two ways (a name given twice, or once more in
// other letter case) is a fault, and so is what is no JSON object at all. Inside of values only
// strings and brackets are checked: the engine does the rest.

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bailiwick::sidecar::http {

enum class JsonFault : std::uint8_t {
  None,
  NotAnObject,
  Syntax,
  Control,    // inside a string
  Escape,
  TooDeep,
  Truncated,
  ModelTwice,
  ModelCase,  // "Model" beside or instead of "model"
  ModelKind,  // not a string
  ModelSize,
  StreamTwice,
  StreamKind,  // neither true, false nor null
};

std::string_view describe(JsonFault fault);

class BodyScanner {
 public:
  static constexpr std::size_t maxModel = 256;  // bytes of UTF-8
  static constexpr std::size_t maxDepth = 256;

  void feed(std::string_view bytes);
  // The body has ended.
  void finish();

  JsonFault fault() const { return fault_; }
  bool hasModel() const { return modelEnd_ > 0; }
  const std::string& model() const { return model_; }
  // Where its value stands in the body, quotation marks included.
  std::uint64_t modelBegin() const { return modelBegin_; }
  std::uint64_t modelEnd() const { return modelEnd_; }
  std::optional<bool> stream() const { return stream_; }

  void reset();

 private:
  enum class State : std::uint8_t {
    Start,
    KeyOrEnd,
    Key,
    InKey,
    Colon,
    Value,
    InText,     // a string that is not kept
    InModel,
    InLiteral,
    Nested,
    AfterValue,
    End,
  };
  enum class Meaning : std::uint8_t { Other, Model, Stream };
  enum class Escape : std::uint8_t { None, Begun, Hex };

  void fail(JsonFault fault);
  void take(char c);
  void takeStructure(char c);
  void takeValue(char c);
  void takeLiteral(char c);
  void takeNested(char c);
  void takeTextByte(char c);
  void takeEscaped(char c);
  void keep(char c);
  void keepCodePoint(std::uint32_t point);
  void endText();
  void endKey();
  void endLiteral();
  void open(bool object);
  void close(bool object);
  // How many bytes at the front of `bytes` neither end nor escape the present string.
  static std::size_t plainRun(std::string_view bytes);

  State state_ = State::Start;
  JsonFault fault_ = JsonFault::None;
  Meaning meaning_ = Meaning::Other;
  Escape escape_ = Escape::None;
  bool nestedText_ = false;
  bool keyTooLong_ = false;
  std::uint8_t hexDigits_ = 0;
  std::uint32_t hex_ = 0;
  std::uint32_t highSurrogate_ = 0;
  std::uint16_t depth_ = 0;
  std::uint8_t kept_ = 0;
  std::array<char, 8> short_{};      // a key or a literal, as far as it can matter
  std::bitset<maxDepth + 1> objects_;  // which of the open brackets are braces
  std::uint64_t position_ = 0;
  std::uint64_t modelBegin_ = 0;
  std::uint64_t modelEnd_ = 0;
  std::string model_;
  bool streamSeen_ = false;
  std::optional<bool> stream_;
};

// As a JSON string, with its quotation marks.
std::string quoted(std::string_view text);
void appendQuoted(std::string& out, std::string_view text);

}  // namespace bailiwick::sidecar::http
