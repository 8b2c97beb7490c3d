#include "http/body_scanner.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>

#include "http/chars.hpp"

namespace bailiwick::sidecar::http {
namespace {

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool endsPlainRun(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

bool isLiteralChar(char c) {
  return is(c, digitChar) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '+' ||
         c == '.';
}

}  // namespace

std::string_view describe(JsonFault fault) {
  switch (fault) {
    case JsonFault::None: return "nothing is wrong";
    case JsonFault::NotAnObject: return "the body is not a JSON object";
    case JsonFault::Syntax: return "the body is not well-formed JSON";
    case JsonFault::Control: return "a string in the body has a control character";
    case JsonFault::Escape: return "a string in the body has a malformed escape";
    case JsonFault::TooDeep: return "the body is nested too deeply";
    case JsonFault::Truncated: return "the body ends before its JSON object does";
    case JsonFault::ModelTwice: return "\"model\" is given twice";
    case JsonFault::ModelCase: return "\"model\" is written in another letter case";
    case JsonFault::ModelKind: return "\"model\" is not a string";
    case JsonFault::ModelSize: return "\"model\" is longer than any name";
    case JsonFault::StreamTwice: return "\"stream\" is given twice";
    case JsonFault::StreamKind: return "\"stream\" is neither true nor false";
  }
  return "the body is malformed";
}

void BodyScanner::fail(JsonFault fault) {
  if (fault_ == JsonFault::None) fault_ = fault;
}

std::size_t BodyScanner::plainRun(std::string_view bytes) {
  std::size_t i = 0;
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i lastControl = _mm_set1_epi8(0x1f);
  for (; i + 16 <= bytes.size(); i += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + i));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, lastControl), block);
    const __m128i stops = _mm_or_si128(
        control, _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(stops));
    if (mask != 0) return i + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (i < bytes.size() && !endsPlainRun(bytes[i])) ++i;
  return i;
}

void BodyScanner::feed(std::string_view bytes) {
  std::size_t i = 0;
  while (i < bytes.size() && fault_ == JsonFault::None) {
    const bool skipped =
        state_ == State::InText || (state_ == State::Nested && nestedText_);
    if (skipped && escape_ == Escape::None) {
      i += plainRun(bytes.substr(i));
      if (i == bytes.size()) break;
    }
    take(bytes[i]);
    ++i;
    if (state_ == State::AfterValue && meaning_ == Meaning::Model && modelEnd_ == 0)
      modelEnd_ = position_ + i;
    if (state_ == State::InModel && modelBegin_ == 0) modelBegin_ = position_ + i - 1;
  }
  position_ += bytes.size();
}

void BodyScanner::take(char c) {
  switch (state_) {
    case State::InKey:
    case State::InText:
    case State::InModel:
      return takeTextByte(c);
    case State::InLiteral:
      return takeLiteral(c);
    case State::Nested:
      return nestedText_ ? takeTextByte(c) : takeNested(c);
    case State::Value:
      return isSpace(c) ? void() : takeValue(c);
    default:
      return isSpace(c) ? void() : takeStructure(c);
  }
}

void BodyScanner::takeStructure(char c) {
  switch (state_) {
    case State::Start:
      if (c != '{') return fail(JsonFault::NotAnObject);
      state_ = State::KeyOrEnd;
      return;
    case State::KeyOrEnd:
      if (c == '}') return void(state_ = State::End);
      [[fallthrough]];
    case State::Key:
      if (c != '"') return fail(JsonFault::Syntax);
      kept_ = 0;
      keyTooLong_ = false;
      state_ = State::InKey;
      return;
    case State::Colon:
      if (c != ':') return fail(JsonFault::Syntax);
      state_ = State::Value;
      return;
    case State::AfterValue:
      meaning_ = Meaning::Other;
      if (c == ',') return void(state_ = State::Key);
      return c == '}' ? void(state_ = State::End) : fail(JsonFault::Syntax);
    default:
      return fail(JsonFault::Syntax);
  }
}

void BodyScanner::takeValue(char c) {
  if (meaning_ == Meaning::Model && c != '"') return fail(JsonFault::ModelKind);
  if (c == '"') {
    if (meaning_ == Meaning::Stream) return fail(JsonFault::StreamKind);
    state_ = meaning_ == Meaning::Model ? State::InModel : State::InText;
  } else if (c == '{' || c == '[') {
    if (meaning_ == Meaning::Stream) return fail(JsonFault::StreamKind);
    state_ = State::Nested;
    open(c == '{');
  } else if (isLiteralChar(c)) {
    kept_ = 0;
    keyTooLong_ = false;
    state_ = State::InLiteral;
    keep(c);
  } else {
    fail(JsonFault::Syntax);
  }
}

void BodyScanner::takeLiteral(char c) {
  if (isLiteralChar(c)) return keep(c);
  if (!isSpace(c) && c != ',' && c != '}') return fail(JsonFault::Syntax);
  endLiteral();
  if (fault_ == JsonFault::None && !isSpace(c)) takeStructure(c);
}

void BodyScanner::endLiteral() {
  const std::string_view text(short_.data(), kept_);
  const bool word = !keyTooLong_ && (text == "true" || text == "false" || text == "null");
  const bool number = is(short_[0], digitChar) || short_[0] == '-';
  if (!word && !number) return fail(JsonFault::Syntax);
  if (meaning_ == Meaning::Stream) {
    if (!word) return fail(JsonFault::StreamKind);
    if (text != "null") stream_ = text == "true";
  }
  state_ = State::AfterValue;
}

void BodyScanner::takeNested(char c) {
  switch (c) {
    case '"': nestedText_ = true; return;
    case '{': return open(true);
    case '[': return open(false);
    case '}': return close(true);
    case ']': return close(false);
    default:
      if (!isLiteralChar(c) && !isSpace(c) && c != ',' && c != ':') fail(JsonFault::Syntax);
  }
}

void BodyScanner::open(bool object) {
  if (depth_ == maxDepth) return fail(JsonFault::TooDeep);
  objects_[++depth_] = object;
}

void BodyScanner::close(bool object) {
  if (objects_[depth_] != object) return fail(JsonFault::Syntax);
  if (--depth_ == 0) state_ = State::AfterValue;
}

void BodyScanner::takeTextByte(char c) {
  if (escape_ != Escape::None) return takeEscaped(c);
  if (static_cast<unsigned char>(c) < 0x20) return fail(JsonFault::Control);
  if (c != '\\' && highSurrogate_ != 0) return fail(JsonFault::Escape);
  if (c == '"') return endText();
  if (c == '\\') return void(escape_ = Escape::Begun);
  keep(c);
}

void BodyScanner::takeEscaped(char c) {
  if (escape_ == Escape::Begun) {
    if (c == 'u') {
      escape_ = Escape::Hex;
      hexDigits_ = 0;
      hex_ = 0;
      return;
    }
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view values = "\"\\/\b\f\n\r\t";
    const auto which = names.find(c);
    if (which == std::string_view::npos || highSurrogate_ != 0) return fail(JsonFault::Escape);
    escape_ = Escape::None;
    return keep(values[which]);
  }
  const int digit = hexValue(c);
  if (digit < 0) return fail(JsonFault::Escape);
  hex_ = hex_ * 16 + static_cast<std::uint32_t>(digit);
  if (++hexDigits_ < 4) return;
  escape_ = Escape::None;
  const bool high = hex_ >= 0xd800 && hex_ < 0xdc00;
  const bool low = hex_ >= 0xdc00 && hex_ < 0xe000;
  if (low != (highSurrogate_ != 0)) return fail(JsonFault::Escape);
  if (high) return void(highSurrogate_ = hex_);
  const auto point = low ? 0x10000 + ((highSurrogate_ - 0xd800) << 10) + (hex_ - 0xdc00) : hex_;
  highSurrogate_ = 0;
  keepCodePoint(point);
}

void BodyScanner::keepCodePoint(std::uint32_t point) {
  const auto byte = [this](std::uint32_t value) { keep(static_cast<char>(value)); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xc0 | (point >> 6));
  } else if (point < 0x10000) {
    byte(0xe0 | (point >> 12));
    byte(0x80 | ((point >> 6) & 0x3f));
  } else {
    byte(0xf0 | (point >> 18));
    byte(0x80 | ((point >> 12) & 0x3f));
    byte(0x80 | ((point >> 6) & 0x3f));
  }
  byte(0x80 | (point & 0x3f));
}

void BodyScanner::keep(char c) {
  if (state_ == State::InModel) {
    if (model_.size() == maxModel) return fail(JsonFault::ModelSize);
    model_.push_back(c);
  } else if (state_ == State::InKey || state_ == State::InLiteral) {
    if (kept_ == short_.size()) {
      keyTooLong_ = true;
    } else {
      short_[kept_++] = c;
    }
  }
}

void BodyScanner::endText() {
  if (state_ == State::InKey) return endKey();
  if (state_ == State::Nested) {
    nestedText_ = false;
  } else {
    state_ = State::AfterValue;
  }
}

void BodyScanner::endKey() {
  state_ = State::Colon;
  meaning_ = Meaning::Other;
  if (keyTooLong_) return;
  const std::string_view key(short_.data(), kept_);
  if (equalsNoCase(key, "model")) {
    if (key != "model") return fail(JsonFault::ModelCase);
    if (modelEnd_ > 0) return fail(JsonFault::ModelTwice);
    meaning_ = Meaning::Model;
  } else if (equalsNoCase(key, "stream")) {
    if (streamSeen_) return fail(JsonFault::StreamTwice);
    streamSeen_ = true;
    meaning_ = Meaning::Stream;
  }
}

void BodyScanner::finish() {
  if (fault_ == JsonFault::None && state_ != State::End) fail(JsonFault::Truncated);
}

void BodyScanner::reset() {
  auto model = std::move(model_);
  model.clear();
  *this = BodyScanner();
  model_ = std::move(model);
}

void appendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += c < 0x10 ? '0' : '1';
      out += "0123456789abcdef"[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  appendQuoted(out, text);
  return out;
}

}  // namespace bailiwick::sidecar::http
