// A token with an end is renewed by the leader alone, and stored where every operator reads it.

#include "kube/support/fake_transport.hpp"
#include "peers/peers_in_memory.hpp"

namespace bailiwick::testing {
namespace {

std::string url(const std::string& text) {
  auto encoded = kube::encodeBase64(text);
  encoded.erase(encoded.find_last_not_of('=') + 1);
  return encoded;
}

// Begun an hour before PeersInMemory's clock, and so long.
std::string tokenOf(int life) {
  const auto begun = 1'800'000'000 - 3600;
  const nlohmann::json claims = {
      {"sub", "system:serviceaccount:bailiwick-system:bailiwick-peer-fra"},
      {"iat", begun},
      {"exp", begun + life}};
  return url("{}") + "." + url(claims.dump()) + ".sig";
}

const std::string tokenPath =
    "/api/v1/namespaces/bailiwick-system/serviceaccounts/bailiwick-peer-fra/token";

struct Renewal : ::testing::Test, PeersInMemory {
  std::atomic<int> asked{0};

  void begin(int life) {
    zrh.answer = [this](const kube::Request& request) -> std::optional<kube::Response> {
      EXPECT_EQ(request.path, tokenPath) << "nothing else is ever written to a peer";
      ++asked;
      kube::Response response{{201, "application/json", std::nullopt},
                              R"({"status":{"token":"fresh"}})"};
      response.body.reserve(response.body.size() + 64);
      return response;
    };
    secret(tokenOf(life));
    start();
  }
  std::string stored() const {
    return *kube::decodeBase64(home.get(secretPath)["data"]["token"].get<std::string>());
  }
};

TEST_F(Renewal, HappensAtTwoThirdsAndTheNewTokenIsUsed) {
  begin(5000);
  EXPECT_TRUE(eventually([this] { return stored() == "fresh"; }));
  EXPECT_TRUE(eventually([this] {
    return dials >= 2 && dialled().back().token.inlineText.reveal() == "fresh";
  }));
  EXPECT_EQ(asked, 1);
}

TEST_F(Renewal, DoesNotOverwriteASecretThatWasReplacedMeanwhile) {
  zrh.answer = [this](const kube::Request&) -> std::optional<kube::Response> {
    if (asked++ == 0) secret("replaced");
    return kube::test::jsonResponse(201, R"({"status":{"token":"fresh"}})");
  };
  secret(tokenOf(5000));
  start();
  EXPECT_TRUE(eventually([this] {
    return dials >= 2 && dialled().back().token.inlineText.reveal() == "replaced";
  }));
  EXPECT_EQ(stored(), "replaced");
  EXPECT_EQ(asked, 1);
}

TEST_F(Renewal, WaitsForItsTime) {
  begin(6000);
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(home.writes().empty());
}

TEST_F(Renewal, TheEndOfTheTokenThatIsUsedIsKnown) {
  const auto ends = [this] {
    const auto sights = peers->sights();
    return sights.empty() ? std::nullopt : sights[0].credentialEnds;
  };
  begin(6000);
  EXPECT_TRUE(eventually([&] { return ends() == api::Time(1'800'002'400s); }));
  secret("opaque");
  EXPECT_TRUE(eventually([&] { return !ends(); })) << "of a static one nobody can tell";
}

TEST_F(Renewal, IsTheLeadersAlone) {
  leading = false;
  begin(5000);
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(asked, 0);
  leading = true;
  EXPECT_TRUE(eventually([this] { return stored() == "fresh"; }));
}

TEST_F(Renewal, IsNotAskedForInALoopWhereItIsRefused) {
  zrh.answer = [this](const kube::Request&) -> std::optional<kube::Response> {
    ++asked;
    return statusResponse(403, "Forbidden", "may not create serviceaccounts/token");
  };
  secret(tokenOf(5000));
  start();
  EXPECT_TRUE(eventually([this] { return asked == 1; }));
  EXPECT_TRUE(eventually([this] { return status().health == "Live"; }))
      << "what may still be read is read";
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace bailiwick::testing
