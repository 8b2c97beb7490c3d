#include "http/chunked.hpp"

#include <algorithm>

#include "http/chars.hpp"
#include "http/fields.hpp"

namespace bailiwick::sidecar::http {
namespace {

constexpr std::uint8_t maxDigits = 15;  // so that a size never overflows
constexpr std::uint32_t maxExtensions = 4096;
constexpr std::uint32_t maxTrailer = 8192;

bool isForbiddenTrailer(std::string_view name) {
  switch (knownField(name)) {
    case Known::Authorization:
    case Known::Connection:
    case Known::ContentEncoding:
    case Known::ContentLength:
    case Known::ContentType:
    case Known::Expect:
    case Known::Host:
    case Known::TransferEncoding:
      return true;
    default:
      return false;
  }
}

}  // namespace

void ChunkDecoder::fail(Fault fault) {
  fault_ = fault;
  state_ = State::Failed;
}

std::string_view ChunkDecoder::next(std::string_view& in) {
  while (!in.empty() && state_ != State::Done && state_ != State::Failed) {
    if (state_ == State::Data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
      const auto data = in.substr(0, size);
      in.remove_prefix(size);
      left_ -= size;
      if (left_ == 0) state_ = State::DataCr;
      return data;
    }
    take(in.front());
    in.remove_prefix(1);
  }
  return {};
}

void ChunkDecoder::take(char c) {
  switch (state_) {
    case State::Size:
      return takeSize(c);
    case State::Extension:
    case State::QuotedExtension:
    case State::QuotedPair:
      return takeExtension(c);
    case State::SizeLf:
      if (c != '\n') return fail(Fault::ChunkSize);
      digits_ = 0;
      state_ = left_ > 0 ? State::Data : State::TrailerStart;
      return;
    case State::DataCr:
      return c == '\r' ? void(state_ = State::DataLf) : fail(Fault::ChunkEnd);
    case State::DataLf:
      return c == '\n' ? void(state_ = State::Size) : fail(Fault::ChunkEnd);
    case State::EndLf:
      return c == '\n' ? void(state_ = State::Done) : fail(Fault::Trailer);
    default:
      return takeTrailer(c);
  }
}

void ChunkDecoder::takeSize(char c) {
  const int digit = hexValue(c);
  if (digit >= 0) {
    if (++digits_ > maxDigits) return fail(Fault::ChunkSize);
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    return;
  }
  if (digits_ == 0) return fail(Fault::ChunkSize);
  if (c == '\r') {
    state_ = State::SizeLf;
  } else if (c == ';') {
    state_ = State::Extension;
  } else {
    fail(Fault::ChunkSize);
  }
}

void ChunkDecoder::takeExtension(char c) {
  if (++extensions_ > maxExtensions) return fail(Fault::ChunkExtension);
  if (state_ == State::QuotedPair) {
    if (!is(c, lineChar)) return fail(Fault::ChunkExtension);
    state_ = State::QuotedExtension;
  } else if (state_ == State::QuotedExtension) {
    if (!is(c, lineChar)) return fail(Fault::ChunkExtension);
    if (c == '"') state_ = State::Extension;
    if (c == '\\') state_ = State::QuotedPair;
  } else if (c == '\r') {
    state_ = State::SizeLf;
  } else if (c == '"') {
    state_ = State::QuotedExtension;
  } else if (!is(c, tokenChar) && c != '=' && c != ';') {
    fail(Fault::ChunkExtension);
  }
}

void ChunkDecoder::takeTrailer(char c) {
  if (++trailer_ > maxTrailer) return fail(Fault::Trailer);
  switch (state_) {
    case State::TrailerStart:
      if (c == '\r') return void(state_ = State::EndLf);
      nameSize_ = 0;
      state_ = State::TrailerName;
      [[fallthrough]];
    case State::TrailerName:
      if (c == ':') return endTrailerName();
      if (!is(c, tokenChar)) return fail(Fault::Trailer);
      if (nameSize_ < name_.size()) name_[nameSize_] = c;
      if (nameSize_ < 255) ++nameSize_;
      return;
    case State::TrailerValue:
      if (c == '\r') return void(state_ = State::TrailerLf);
      return is(c, lineChar) ? void() : fail(Fault::Trailer);
    case State::TrailerLf:
      return c == '\n' ? void(state_ = State::TrailerStart) : fail(Fault::Trailer);
    default:
      return fail(Fault::Trailer);
  }
}

void ChunkDecoder::endTrailerName() {
  if (nameSize_ == 0) return fail(Fault::Trailer);
  if (nameSize_ <= name_.size() && isForbiddenTrailer({name_.data(), nameSize_}))
    return fail(Fault::Trailer);
  state_ = State::TrailerValue;
}

ChunkSizeLine::ChunkSizeLine(std::uint64_t size) : at_(buffer_.size() - 2) {
  buffer_[at_] = '\r';
  buffer_[at_ + 1] = '\n';
  do {
    buffer_[--at_] = "0123456789abcdef"[size % 16];
    size /= 16;
  } while (size > 0);
}

}  // namespace bailiwick::sidecar::http
