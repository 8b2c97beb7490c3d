// Clients for benchmarks of proxies. Prints one line of JSON; a first line "ready" where it waits.
//
//   bench_client load PORT PATH BODY_BYTES CONNECTIONS SECONDS
//   bench_client streams PORT PATH CONNECTIONS SECONDS   ready once all are open and warm
//   bench_client idle PORT PATH CONNECTIONS              ready once all are open; until stdin ends
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double millis(Clock::duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

double quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = std::min(values.size() - 1,
                           static_cast<std::size_t>(share * static_cast<double>(values.size())));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

std::string request(std::string_view path, std::size_t bodySize, std::string_view extra) {
  std::string body = R"({"model":"bench",)" + std::string(extra) +
                     R"("messages":[{"role":"user","content":")";
  const std::string_view end = R"("}]})";
  if (body.size() + end.size() < bodySize) body.append(bodySize - body.size() - end.size(), 'x');
  body += end;
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nAccept: */*\r\n"
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Connection {
  int descriptor = -1;
  std::string in;
  std::size_t unsent = 0;  // of the request, at its end
  Clock::time_point begun;
  int events = 0;
  bool afterNewline = false;
};

class Client {
 public:
  Client(int port, std::string text, int connections)
      : port_(port), request_(std::move(text)), connections_(static_cast<std::size_t>(connections)) {
    for (auto& one : connections_) open(one);
  }

  // Calls `readable` for each connection that has something, until `last`.
  template <class Readable>
  void until(Clock::time_point last, Readable readable) {
    epoll_event ready[256];
    while (!stopped_ && Clock::now() < last) {
      const int count = ::epoll_wait(epoll_, ready, 256, 20);
      for (int i = 0; i < count; ++i) {
        auto& one = *static_cast<Connection*>(ready[i].data.ptr);
        if (one.unsent > 0) send(one);
        if (ready[i].events & ~static_cast<unsigned>(EPOLLOUT)) readable(one);
      }
    }
  }
  void stop() { stopped_ = true; }
  void resume() { stopped_ = false; }

  void ask(Connection& one) {
    one.in.clear();
    one.unsent = request_.size();
    one.begun = Clock::now();
    send(one);
  }
  void askAll() {
    for (auto& one : connections_) ask(one);
  }
  // Empty at the end.
  std::string_view receive(Connection& one) {
    static char buffer[1 << 18];
    const ssize_t got = ::recv(one.descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return {buffer, std::size_t{0}};
    return got > 0 ? std::string_view(buffer, static_cast<std::size_t>(got)) : std::string_view();
  }
  void reopen(Connection& one) {
    ::close(one.descriptor);
    open(one);
  }

 private:
  void open(Connection& one) {
    one.descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    ::setsockopt(one.descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port_));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(one.descriptor, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
      std::perror("bench_client");
      std::exit(1);
    }
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.ptr = &one;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, one.descriptor, &event);
  }

  void send(Connection& one) {
    while (one.unsent > 0) {
      const char* from = request_.data() + request_.size() - one.unsent;
      const ssize_t sent =
          ::send(one.descriptor, from, one.unsent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) return;
      one.unsent -= static_cast<std::size_t>(sent);
    }
  }

  const int port_;
  const std::string request_;
  const int epoll_ = ::epoll_create1(0);
  std::vector<Connection> connections_;
  bool stopped_ = false;
};

// Whether a whole answer is there: by its length, or by its last chunk.
bool isWhole(std::string_view in) {
  const auto end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
    const auto at = in.substr(0, end).find(name);
    if (at == std::string_view::npos) continue;
    std::size_t size = 0;
    std::from_chars(in.data() + at + name.size(), in.data() + end, size);
    return in.size() >= end + 4 + size;
  }
  return in.ends_with("0\r\n\r\n");
}

int load(int port, const char* path, std::size_t size, int connections, double seconds) {
  Client client(port, request(path, size, R"("temperature":0,)"), connections);
  std::vector<double> took;
  std::uint64_t failed = 0;
  const auto begun = Clock::now();
  client.askAll();
  const auto last =
      begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  client.until(last, [&](Connection& one) {
    while (true) {
      const auto piece = client.receive(one);
      if (piece.data() == nullptr) {
        ++failed;
        client.reopen(one);
        return client.ask(one);
      }
      if (piece.empty()) return;
      one.in.append(piece);
      if (!isWhole(one.in)) continue;
      if (!one.in.starts_with("HTTP/1.1 200 ")) ++failed;
      took.push_back(millis(Clock::now() - one.begun));
      client.ask(one);
    }
  });
  const double spent = millis(Clock::now() - begun) / 1000;
  const auto count = took.size();
  std::printf("{\"requests\":%zu,\"failed\":%llu,\"seconds\":%.3f,\"p50\":%.4f,\"p99\":%.4f}\n",
              count, static_cast<unsigned long long>(failed), spent, quantile(took, 0.5),
              quantile(took, 0.99));
  return 0;
}

// How many events end in `piece`.
int countEvents(Connection& one, std::string_view piece) {
  int count = 0;
  for (const char c : piece) {
    if (c == '\n' && one.afterNewline) ++count;
    one.afterNewline = c == '\n';
  }
  return count;
}

[[noreturn]] void broke() {
  std::fputs("bench_client: a stream broke\n", stderr);
  std::exit(1);
}

// Opens all streams and returns once each has had `wanted` events.
void openStreams(Client& client, int connections, int wanted) {
  int warm = 0;
  client.askAll();
  client.until(Clock::now() + std::chrono::seconds(60), [&](Connection& one) {
    for (auto piece = client.receive(one);; piece = client.receive(one)) {
      if (piece.data() == nullptr) broke();
      if (piece.empty()) break;
      const int before = one.events;
      one.events += countEvents(one, piece);
      if (before < wanted && one.events >= wanted && ++warm == connections) client.stop();
    }
  });
  if (warm < connections) broke();
  client.resume();
  std::puts("ready");
  std::fflush(stdout);
}

int streams(int port, const char* path, int connections, double seconds) {
  Client client(port, request(path, 0, R"("stream":true,)"), connections);
  openStreams(client, connections, 20);
  std::vector<double> gaps;
  std::uint64_t events = 0;
  const auto begun = Clock::now();
  const auto last =
      begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  client.until(last, [&](Connection& one) {
    for (auto piece = client.receive(one);; piece = client.receive(one)) {
      if (piece.data() == nullptr) broke();
      if (piece.empty()) return;
      const int count = countEvents(one, piece);
      events += static_cast<std::uint64_t>(count);
      const auto now = Clock::now();
      if (count > 0 && one.begun > begun) gaps.push_back(millis(now - one.begun));
      if (count > 0) one.begun = now;
    }
  });
  std::printf("{\"events\":%llu,\"seconds\":%.3f,\"p50\":%.3f,\"p99\":%.3f}\n",
              static_cast<unsigned long long>(events), millis(Clock::now() - begun) / 1000,
              quantile(gaps, 0.5), quantile(gaps, 0.99));
  return 0;
}

int idle(int port, const char* path, int connections) {
  Client client(port, request(path, 0, R"("stream":true,"user":"idle",)"), connections);
  openStreams(client, connections, 1);
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view what = count > 1 ? words[1] : "";
  const auto number = [&](int at) { return std::atoi(words[at]); };
  if (what == "load" && count == 7)
    return load(number(2), words[3], static_cast<std::size_t>(number(4)), number(5),
                std::atof(words[6]));
  if (what == "streams" && count == 6)
    return streams(number(2), words[3], number(4), std::atof(words[5]));
  if (what == "idle" && count == 5) return idle(number(2), words[3], number(4));
  std::fputs(
      "usage: bench_client load PORT PATH BODY_BYTES CONNECTIONS SECONDS\n"
      "       bench_client streams PORT PATH CONNECTIONS SECONDS\n"
      "       bench_client idle PORT PATH CONNECTIONS\n",
      stderr);
  return 2;
}
