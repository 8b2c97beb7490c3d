#include "peers/lookup.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <mutex>
#include <thread>
#include <utility>

namespace bailiwick::peers {

Addresses resolveBySystem(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* raw = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &raw) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(raw, freeaddrinfo);
  Addresses addresses;
  for (const auto* entry = list.get(); entry; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text);
    }
  }
  return addresses;
}

struct Lookup::Answer {
  std::mutex mutex;
  std::optional<Addresses> addresses;
};

std::optional<Addresses> Lookup::of(const std::string& name) {
  if (!awaited_) {
    awaited_ = std::make_shared<Answer>();
    std::thread([answer = awaited_, resolve = resolve_, name] {
      auto found = resolve(name);
      const std::lock_guard lock(answer->mutex);
      answer->addresses = std::move(found);
    }).detach();
  }
  std::optional<Addresses> came;
  {
    const std::lock_guard lock(awaited_->mutex);
    came = awaited_->addresses;
  }
  if (came) awaited_.reset();
  return came;
}

}  // namespace bailiwick::peers
