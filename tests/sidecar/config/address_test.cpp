#include "config/address.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

TEST(Address, IsAnIpAddressWithAPort) {
  const struct {
    const char* text;
    const char* host;
    int port;
  } good[] = {{"0.0.0.0:8080", "0.0.0.0", 8080},
              {"127.0.0.1:0", "127.0.0.1", 0},
              {":9091", "::", 9091},
              {"[::1]:65535", "::1", 65535}};
  for (const auto& c : good) {
    const auto address = parseAddress(c.text);
    ASSERT_TRUE(address) << c.text;
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
  }
  for (const char* bad : {"", "8080", "localhost:80", "0.0.0.0", "0.0.0.0:", "0.0.0.0:65536",
                          "0.0.0.0:-1", "0.0.0.0:+1", "0.0.0.0:0x1", "1.2.3:80", "::1:80", "[::1]",
                          "[]:80", "[1.2.3.4]:80", "[::1]80", "[::1:80", " 0.0.0.0:80"})
    EXPECT_FALSE(parseAddress(bad)) << bad;
}

TEST(Url, IsTakenApart) {
  const struct {
    const char* text;
    Url url;
    const char* again;
  } cases[] = {
      {"http://127.0.0.1:8000", {false, "127.0.0.1", 8000, ""}, "http://127.0.0.1:8000"},
      {"HTTP://x", {}, nullptr},
      {"http://Engine.NS.svc:80/", {false, "engine.ns.svc", 80, ""}, "http://engine.ns.svc"},
      {"https://x.example", {true, "x.example", 443, ""}, "https://x.example"},
      {"https://x.example:80/openai/v1/",
       {true, "x.example", 80, "/openai/v1"},
       "https://x.example:80/openai/v1"},
      {"https://[::1]:8443", {true, "::1", 8443, ""}, "https://[::1]:8443"},
  };
  for (const auto& c : cases) {
    const auto url = parseUrl(c.text);
    EXPECT_EQ(url.has_value(), c.again != nullptr) << c.text;
    if (!url || !c.again) continue;
    EXPECT_EQ(*url, c.url) << c.text;
    EXPECT_EQ(url->str(), c.again);
  }
}

TEST(Url, HasNothingThatCouldBeReadInTwoWays) {
  for (const char* bad : {"",
                          "x",
                          "ftp://x",
                          "http://",
                          "http:///x",
                          "http://:80",
                          "http://user@x",
                          "http://u:p@x",
                          "http://x:",
                          "http://x:0",
                          "http://x:65536",
                          "http://x?q",
                          "http://x/a?q",
                          "http://x/#f",
                          "http://x/%2e%2e",
                          "http://x/a/../b",
                          "http://x/./b",
                          "http://x//b",
                          "http://x/a\\b",
                          "http://x y",
                          "http://-x",
                          "http://x-",
                          "http://x..y",
                          "http://127.1",
                          "http://2130706433",
                          "http://x.1",
                          "http://0x7f.1",
                          "http://[127.0.0.1]",
                          "http://[::1",
                          "http://::1",
                          "http://x\n",
                          "http://x/\x7f",
                          "http://\xc3\xa9.example"})
    EXPECT_FALSE(parseUrl(bad)) << bad;
  EXPECT_FALSE(parseUrl("http://x/" + std::string(2048, 'a')));
}

TEST(Url, IsLoopbackByItsAddressAlone) {
  for (const char* here : {"http://127.0.0.1", "http://127.8.9.10", "http://[::1]",
                           "http://localhost", "http://LOCALHOST:80"})
    EXPECT_TRUE(parseUrl(here).value().loopback()) << here;
  for (const char* away : {"http://10.0.0.1", "http://localhost.example", "http://127.example",
                           "http://x127.0.0.example", "http://[::2]"})
    EXPECT_FALSE(parseUrl(away).value().loopback()) << away;
}

}  // namespace
}  // namespace bailiwick::sidecar
