#include "kube/client.hpp"

#include <gtest/gtest.h>

#include "kube/support/fake_transport.hpp"
#include "kube/support/samples.hpp"

namespace bailiwick::kube::test {
namespace {

// Answers every request with the same.
struct Answering {
  explicit Answering(Response response)
      : transport([response = std::move(response)](const Request&) { return response; }) {}
  FakeTransport transport;
};

Response html(int status) {
  return Response{{status, "text/html", std::nullopt}, "<html>hello</html>"};
}

TEST(Client, AWriteAnswersWhatWasStored) {
  Answering server(jsonResponse(
      201, R"({"metadata":{"name":"a","uid":"u","resourceVersion":"7","generation":3}})"));
  const auto written = write(server.transport, create(resources::pods, "ns", "{}"), {});
  ASSERT_TRUE(written);
  EXPECT_EQ(written->uid, "u");
  EXPECT_EQ(written->resourceVersion, "7");
  EXPECT_EQ(written->generation, 3);
}

TEST(Client, ACompleteDeletionAnswersTheUidAlone) {
  Answering server(
      jsonResponse(200, R"({"kind":"Status","status":"Success","details":{"uid":"u"}})"));
  const auto seen = *Preconditions::of("u", "7");
  const auto written =
      write(server.transport, deleteObject(resources::pods, {"ns", "a"}, seen), {});
  ASSERT_TRUE(written);
  EXPECT_EQ(written->uid, "u");
  EXPECT_TRUE(written->resourceVersion.empty());
}

TEST(Client, HtmlWith200IsNoSuccess) {
  Answering server(html(200));
  const auto written = write(server.transport, create(resources::pods, "ns", "{}"), {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ApiError::Kind::Malformed);
}

TEST(Client, TruncatedJsonIsNoSuccess) {
  Answering server(jsonResponse(200, R"({"metadata":{"name":"a","resourceVer)"));
  const auto written = write(server.transport, create(resources::pods, "ns", "{}"), {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ApiError::Kind::Malformed);
}

TEST(Client, ADecodersErrorIsMalformedAndSaysWhy) {
  Answering server(jsonResponse(200, "{}"));
  const auto value = read<int>(server.transport, get(resources::pods, {"ns", "a"}), {},
                               [](simdjson::dom::element) -> Result<int> { return fail("why"); });
  ASSERT_FALSE(value);
  EXPECT_NE(value.error().message.find("why"), std::string::npos);
}

TEST(Client, AnErrorKeepsTheServersWords) {
  Answering server(jsonResponse(422, status(422, "Invalid", "spec.replicas: must be positive")));
  const auto written = write(server.transport, create(resources::pods, "ns", "{}"), {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ApiError::Kind::Invalid);
  EXPECT_EQ(written.error().message, "spec.replicas: must be positive");
}

}  // namespace
}  // namespace bailiwick::kube::test
