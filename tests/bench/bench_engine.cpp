// An engine for benchmarks of proxies: answers a POST with a completion or, where its body says
// "stream", with server-sent events at an even pace ("idle" as well: with one event and silence).
//
//   bench_engine PORT EVENTS_PER_SECOND
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  std::string in;
  std::uint64_t number = 0;  // tells it from an earlier one with the same descriptor
};

struct Due {
  Clock::time_point at;
  int descriptor;
  std::uint64_t number;
  bool operator<(const Due& other) const { return at > other.at; }
};

std::string completion() {
  const std::string body =
      R"({"id":"c","object":"chat.completion","created":1,"model":"bench","choices":[{"index":0,)"
      R"("finish_reason":"stop","message":{"role":"assistant","content":")" +
      std::string(400, 'x') +
      R"("}}],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}})";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string event() {
  const std::string data =
      R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"bench",)"
      R"("choices":[{"index":0,"delta":{"content":" hello"},"finish_reason":null}]})"
      "\n\n";
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}

class Engine {
 public:
  Engine(int port, double rate)
      : gap_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate))) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int yes = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
        ::listen(listener_, 4096) != 0) {
      std::perror("bench_engine");
      std::exit(1);
    }
    watch(listener_);
  }

  void run() {
    epoll_event ready[256];
    while (true) {
      const int count = ::epoll_wait(epoll_, ready, 256, patience());
      for (int i = 0; i < count; ++i)
        ready[i].data.fd == listener_ ? accept() : receive(ready[i].data.fd);
      sendDue();
    }
  }

 private:
  void watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  int patience() const {
    if (due_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_.top().at - Clock::now());
    return std::max<int>(0, static_cast<int>(left.count()));
  }

  void accept() {
    int descriptor = 0;
    while ((descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
      const int yes = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      connections_[descriptor] = {{}, ++number_};
      watch(descriptor);
    }
  }

  void receive(int descriptor) {
    thread_local char buffer[1 << 18];
    const ssize_t got = ::recv(descriptor, buffer, sizeof buffer, 0);
    if (got <= 0) {
      connections_.erase(descriptor);
      ::close(descriptor);
      return;
    }
    Connection& connection = connections_[descriptor];
    connection.in.append(buffer, static_cast<std::size_t>(got));
    const std::string_view text = connection.in;
    const auto end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return;
    if (text.size() < end + 4 + length(text.substr(0, end))) return;
    answer(descriptor, connection.number, text.substr(end));
    connection.in.clear();
  }

  static std::size_t length(std::string_view head) {
    for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
      const auto at = head.find(name);
      if (at == std::string_view::npos) continue;
      std::size_t size = 0;
      std::from_chars(head.data() + at + name.size(), head.data() + head.size(), size);
      return size;
    }
    return 0;
  }

  void answer(int descriptor, std::uint64_t number, std::string_view body) {
    static const std::string whole = completion();
    static const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string_view start = body.substr(0, 256);
    if (start.find("\"stream\":true") == std::string_view::npos) return put(descriptor, whole);
    put(descriptor, head + event());
    if (start.find("\"idle\"") == std::string_view::npos)
      due_.push({Clock::now() + gap_, descriptor, number});
  }

  void sendDue() {
    static const std::string one = event();
    const auto now = Clock::now();
    while (!due_.empty() && due_.top().at <= now) {
      const Due next = due_.top();
      due_.pop();
      const auto found = connections_.find(next.descriptor);
      if (found == connections_.end() || found->second.number != next.number) continue;
      put(next.descriptor, one);
      // An engine that was kept waiting leaves events out: two at once would be one to a proxy.
      due_.push({std::max(next.at + gap_, now + gap_ / 2), next.descriptor, next.number});
    }
  }

  static void put(int descriptor, std::string_view bytes) {
    [[maybe_unused]] const ssize_t sent =
        ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  const Clock::duration gap_;
  const int epoll_ = ::epoll_create1(0);
  int listener_ = -1;
  std::uint64_t number_ = 0;
  std::unordered_map<int, Connection> connections_;
  std::priority_queue<Due> due_;
};

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: bench_engine PORT EVENTS_PER_SECOND\n", stderr);
    return 2;
  }
  Engine(std::atoi(words[1]), std::atof(words[2])).run();
}
