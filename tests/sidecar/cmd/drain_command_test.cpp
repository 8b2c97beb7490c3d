#include "cmd/drain_command.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace bailiwick::sidecar {
namespace {

namespace fs = std::filesystem;

// Takes one connection on loopback, reads a request and answers it.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : answer_(std::move(answer)) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~OneAnswer() {
    if (thread_.joinable()) thread_.join();
    close(fd_);
  }
  int port() const { return port_; }
  const std::string& request() {
    thread_.join();
    return request_;
  }

 private:
  void serve() {
    const int client = accept(fd_, nullptr, nullptr);
    char buffer[1024];
    while (request_.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = read(client, buffer, sizeof buffer);
      if (got <= 0) break;
      request_.append(buffer, static_cast<std::size_t>(got));
    }
    EXPECT_EQ(write(client, answer_.data(), answer_.size()), static_cast<ssize_t>(answer_.size()));
    close(client);
  }

  std::string answer_, request_;
  int fd_ = -1, port_ = 0;
  std::thread thread_;
};

class DrainCommand : public ::testing::Test {
 protected:
  DrainCommand() : file_(fs::temp_directory_path() / ("drain-" + std::to_string(getpid()))) {}
  ~DrainCommand() override { fs::remove(file_); }

  int run(const std::string& admin) {
    std::ofstream(file_) << "apiVersion: sidecar.bailiwick.dev/v1alpha1\nkind: SidecarConfig\n"
                            "data: {listen: \":0\"}\nidentity: {region: a, jurisdiction: DE}\n"
                            "routes: {file: /r}\nadmin: {listen: \"" +
                                admin + "\"}\n";
    return drain(file_, out_, errors_);
  }

  fs::path file_;
  std::ostringstream out_, errors_;
};

TEST_F(DrainCommand, PrintsTheReportOnceItIsThere) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}\n");
  EXPECT_EQ(run("127.0.0.1:" + std::to_string(server.port())), 0) << errors_.str();
  EXPECT_EQ(out_.str(), "{}\n");
  EXPECT_EQ(server.request().rfind("POST /drain HTTP/1.1\r\n", 0), 0U);
}

TEST_F(DrainCommand, ReachesASidecarThatListensEverywhere) {
  OneAnswer server("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(run("0.0.0.0:" + std::to_string(server.port())), 0) << errors_.str();
}

TEST_F(DrainCommand, FailsWhereNoSidecarDrains) {
  {
    OneAnswer server("HTTP/1.1 405 Method Not Allowed\r\n\r\nno");
    const std::string address = "127.0.0.1:" + std::to_string(server.port());
    EXPECT_EQ(run(address), 1);
    EXPECT_EQ(errors_.str(), "the sidecar's admin port " + address +
                                 " does not drain: HTTP/1.1 405 Method Not Allowed\n");
  }
  errors_.str("");
  EXPECT_EQ(run("127.0.0.1:1"), 1);
  EXPECT_EQ(errors_.str(),
            "the sidecar's admin port 127.0.0.1:1 does not drain: Connection refused\n");
  EXPECT_EQ(drain("/nonexistent", out_, errors_), 1);
  EXPECT_EQ(out_.str(), "");
}

}  // namespace
}  // namespace bailiwick::sidecar
