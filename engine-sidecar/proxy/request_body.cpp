#include "proxy/request_body.hpp"

#include <algorithm>
#include <cstring>

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t window = 65536;  // where no copy is kept
// Of one read: what has just been received is sent on while it is in the processor's first cache.
constexpr std::size_t piece = 32768;

}  // namespace

void InBuffer::grow(std::size_t to) {
  auto larger = std::make_unique_for_overwrite<char[]>(to);
  std::memcpy(larger.get(), bytes.get() + begin, end - begin);
  end -= begin;
  begin = 0;
  bytes = std::move(larger);
  capacity = to;
}

void InBuffer::compact() {
  if (begin == 0) return;
  std::memmove(bytes.get(), bytes.get() + begin, end - begin);
  end -= begin;
  begin = 0;
}

void RequestBody::begin(const http::RequestHead& head, InBuffer& in, const Limits& limits,
                        bool scan) {
  limits_ = limits;
  in_ = &in;
  floor_ = in.begin;
  chunked_ = head.chunked;
  hasLength_ = !head.chunked;
  length_ = head.length;
  scans_ = scan;
  complete_ = !head.hasBody();
  if (complete_ || chunked_) return;
  if (in.end - in.begin < length_) return;
  data_ = in.bytes.get() + in.begin;
  in.begin += static_cast<std::size_t>(length_);
  received_ = length_;
  complete_ = true;
  if (!scans_) return;
  scanner_.feed({data_, static_cast<std::size_t>(length_)});
  scanner_.finish();
}

void RequestBody::release() {
  if (heldCopy_ > 0) limits_.copies->release(heldCopy_);
  if (heldAhead_ > 0) limits_.readAhead->release(heldAhead_);
  heldCopy_ = heldAhead_ = 0;
}

bool RequestBody::growKept(std::size_t to, CopyMemory& memory, std::int64_t& held) {
  const auto more = static_cast<std::int64_t>(to - capacity_);
  if (!memory.grow(held, more)) return false;
  held += more;
  auto larger = std::make_unique_for_overwrite<char[]>(to);
  const auto size = static_cast<std::size_t>(received_ - base_);
  if (size > 0) std::memcpy(larger.get(), kept_.get(), size);
  kept_ = std::move(larger);
  data_ = kept_.get();
  capacity_ = to;
  return true;
}

bool RequestBody::dropSent() {
  if (scans_ && !scanner_.hasModel()) return false;
  if (sent_ < outgoing(received_)) return false;
  base_ = received_;
  return true;
}

// Room for the next bytes: a larger copy first, then what was sent makes place, then memory to read
// ahead while the model is still to be found.
bool RequestBody::makeRoom() {
  if (received_ - base_ < capacity_) return true;
  const std::uint64_t left = hasLength_ ? length_ - received_ : window;
  if (base_ == 0) {
    const auto wanted = std::max<std::uint64_t>(received_ + left, capacity_ * 2);
    const auto most = hasLength_ ? length_ : wanted;
    if (growKept(static_cast<std::size_t>(std::min(wanted, most)), *limits_.copies, heldCopy_))
      return true;
    if (capacity_ == 0) {
      // As large as what cannot be kept may pass at a time; sessions are bounded, so this is.
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, window));
      kept_ = std::make_unique_for_overwrite<char[]>(size);
      data_ = kept_.get();
      capacity_ = size;
      return true;
    }
  }
  if (dropSent()) return true;
  if (!scans_ || scanner_.hasModel() || base_ > 0) return false;
  return growKept(capacity_ * 2, *limits_.readAhead, heldAhead_);
}

// The data must already stand in kept_, behind what was received.
void RequestBody::take(std::string_view data) {
  received_ += data.size();
  if (scans_) scanner_.feed(data);
}

RequestBody::Pulled RequestBody::pull(Stream& client) {
  if (!makeRoom()) {
    return scans_ && !scanner_.hasModel() ? Pulled::OverLimit : Pulled::Full;
  }
  return chunked_ ? pullChunked(client) : pullLength(client);
}

RequestBody::Pulled RequestBody::pullLength(Stream& client) {
  char* to = kept_.get() + (received_ - base_);
  const auto room = static_cast<std::size_t>(
      std::min<std::uint64_t>({capacity_ - (received_ - base_), length_ - received_, piece}));
  std::size_t got = std::min(room, in_->end - in_->begin);
  if (got > 0) {
    std::memcpy(to, in_->bytes.get() + in_->begin, got);
    in_->begin += got;
  } else {
    if (!client.mayRead()) return Pulled::Again;
    const Io io = client.read(to, room);
    if (io.again()) return Pulled::Again;
    if (!io.done()) return Pulled::Gone;
    got = io.bytes;
  }
  take({to, got});
  if (received_ < length_) return Pulled::Progress;
  complete_ = true;
  if (scans_) scanner_.finish();
  return Pulled::Progress;
}

RequestBody::Pulled RequestBody::pullChunked(Stream& client) {
  if (in_->begin < in_->end) return decode();
  if (!client.mayRead()) return Pulled::Again;
  in_->begin = in_->end = floor_;
  const Io io = client.read(in_->bytes.get() + in_->begin, in_->capacity - in_->begin);
  if (io.again()) return Pulled::Again;
  if (!io.done()) return Pulled::Gone;
  in_->end += io.bytes;
  return decode();
}

RequestBody::Pulled RequestBody::decode() {
  while (in_->begin < in_->end && !decoder_.done()) {
    const auto room = capacity_ - static_cast<std::size_t>(received_ - base_);
    if (room == 0) return Pulled::Progress;
    auto bytes = in_->view().substr(0, room);
    const auto before = bytes.size();
    const auto data = decoder_.next(bytes);
    in_->begin += before - bytes.size();
    if (decoder_.fault() != http::Fault::None) return Pulled::Malformed;
    if (received_ + data.size() > limits_.maxSize) return Pulled::TooLarge;
    char* to = kept_.get() + (received_ - base_);
    if (!data.empty()) std::memcpy(to, data.data(), data.size());
    take({to, data.size()});
  }
  if (!decoder_.done()) return Pulled::Progress;
  complete_ = true;
  if (scans_) scanner_.finish();
  return Pulled::Progress;
}

std::uint64_t RequestBody::outgoing(std::uint64_t position) const {
  if (!replaces() || position < scanner_.modelEnd()) return position;
  return position - (scanner_.modelEnd() - scanner_.modelBegin()) + replacement_->size();
}

std::optional<std::uint64_t> RequestBody::outgoingLength() const {
  if (!hasLength_ && !complete_) return std::nullopt;
  return outgoing(hasLength_ ? length_ : received_);
}

int RequestBody::gather(std::uint64_t position, std::uint64_t most, iovec* parts) const {
  int count = 0;
  const auto add = [&](const char* from, std::uint64_t size) {
    size = std::min(size, most);
    if (size == 0) return;
    most -= size;
    position += size;
    parts[count++] = {const_cast<char*>(from), static_cast<std::size_t>(size)};
  };
  if (!replaces()) {
    add(at(position), received_ - position);
    return count;
  }
  const std::uint64_t begin = scanner_.modelBegin();
  const std::uint64_t end = begin + replacement_->size();
  if (position < begin) add(at(position), begin - position);
  if (position >= begin && position < end)
    add(replacement_->data() + (position - begin), end - position);
  if (position >= end) {
    const std::uint64_t origin = position - end + scanner_.modelEnd();
    add(at(origin), received_ - origin);
  }
  return count;
}

}  // namespace bailiwick::sidecar
