#include "kube/request.hpp"

#include <gtest/gtest.h>

#include "kube/error.hpp"
#include "kube/resource_version.hpp"

namespace bailiwick::kube {
namespace {

TEST(Request, ListNamesItsLimitSelectorAndVersionPercentEncoded) {
  ListOptions options;
  options.labelSelector = "a=b,c in (d e)";
  options.continueToken = "x/y+z==";
  options.resourceVersion = "12";
  options.resourceVersionMatch = "Exact";
  EXPECT_EQ(list(resources::deployments, "my ns", options).target(),
            "/apis/apps/v1/namespaces/my%20ns/deployments?limit=500&continue=x%2Fy%2Bz%3D%3D"
            "&labelSelector=a%3Db%2Cc%20in%20%28d%20e%29&resourceVersion=12"
            "&resourceVersionMatch=Exact");
}

TEST(Request, WatchAsksForBookmarksAndInitialEvents) {
  EXPECT_EQ(watch(resources::pods, "",
                  {.labelSelector = {},
                   .fieldSelector = {},
                   .resourceVersion = {},
                   .sendInitialEvents = true,
                   .timeout = std::chrono::seconds{7}})
                .target(),
            "/api/v1/pods?watch=true&allowWatchBookmarks=true&sendInitialEvents=true"
            "&resourceVersionMatch=NotOlderThan&timeoutSeconds=7");
}

TEST(Request, PathSegmentsCannotEscapeTheirPlace) {
  EXPECT_EQ(get(resources::services, {"a/b", "../c?d#e"}).target(),
            "/api/v1/namespaces/a%2Fb/services/..%2Fc%3Fd%23e");
}

TEST(Request, ClusterScopedResourcesHaveNoNamespaceInTheirPath) {
  EXPECT_EQ(get(resources::nodes, {"ignored", "n1"}).path, "/api/v1/nodes/n1");
}

TEST(Request, ApplyIsAStrictPatchInOurName) {
  const auto request = apply(resources::configMaps, {"ns", "n"}, "{}", Force::Yes);
  EXPECT_EQ(request.method, Method::Patch);
  EXPECT_EQ(request.contentType, "application/apply-patch+yaml");
  EXPECT_EQ(request.target(),
            "/api/v1/namespaces/ns/configmaps/n?fieldManager=bailiwick-operator"
            "&fieldValidation=Strict&force=true");
  EXPECT_EQ(apply(resources::configMaps, {"ns", "n"}, "{}", Force::No).target().find("force"),
            std::string::npos);
}

TEST(Request, StatusPatchGoesToTheSubresource) {
  const auto request = statusPatch(resources::regions, {"", "fra"}, "{}");
  EXPECT_EQ(request.path, "/apis/bailiwick.dev/v1alpha1/regions/fra/status");
  EXPECT_EQ(request.contentType, "application/merge-patch+json");
  EXPECT_TRUE(request.mutating());
}

TEST(Request, EveryWriteIsValidatedStrictly) {
  for (const auto& request :
       {create(resources::events, "ns", "{}"), mergePatch(resources::pods, {"ns", "p"}, "{}"),
        statusPatch(resources::pods, {"ns", "p"}, "{}"),
        apply(resources::pods, {"ns", "p"}, "{}", Force::No)}) {
    EXPECT_NE(request.target().find("fieldValidation=Strict"), std::string::npos);
  }
}

TEST(Request, DeletionNamesUidAndResourceVersion) {
  const auto seen = Preconditions::of("u-1", "42");
  ASSERT_TRUE(seen);
  EXPECT_EQ(deleteObject(resources::pods, {"ns", "p"}, *seen).body,
            R"({"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"resourceVersion":"42",)"
            R"("uid":"u-1"},"propagationPolicy":"Background"})");
}

TEST(Request, DeletionIsImpossibleWithoutBothPreconditions) {
  static_assert(!std::is_default_constructible_v<Preconditions>);
  EXPECT_FALSE(Preconditions::of("u-1", ""));
  EXPECT_FALSE(Preconditions::of("", "42"));
  EXPECT_FALSE(Preconditions::of(api::ObjectMeta{}));
}

TEST(ResourceVersion, IsComparedAsADecimalOfAnyLength) {
  EXPECT_TRUE(notNewer("9", "10"));
  EXPECT_TRUE(notNewer("10", "10"));
  EXPECT_FALSE(notNewer("100000000000000000000000", "99999999999999999999999"));
}

TEST(ResourceVersion, ThatIsNoIntegerIsOpaque) {
  for (const auto* odd : {"", "007", "-1", "1a", "0x1", "abc"}) {
    EXPECT_FALSE(compareResourceVersions(odd, "5")) << odd;
    EXPECT_FALSE(notNewer(odd, "5")) << odd;
  }
}

struct ErrorRow {
  const char* name;
  int status;
  const char* type;
  const char* body;
  ApiError::Kind kind;
  bool retryable;
};

class ApiErrorTable : public testing::TestWithParam<ErrorRow> {};

TEST_P(ApiErrorTable, TellsWhatTheServerMeant) {
  const auto& row = GetParam();
  const auto error = toApiError(ResponseHead{row.status, row.type, std::nullopt}, row.body);
  EXPECT_EQ(error.kind, row.kind) << error.message;
  EXPECT_EQ(error.retryable(), row.retryable);
  EXPECT_EQ(error.status, row.status);
  EXPECT_FALSE(error.message.empty());
}

#define STATUS(CODE, REASON) \
  R"({"kind":"Status","code":)" #CODE R"(,"reason":")" REASON R"(","message":"m"})"
using Kind = ApiError::Kind;
constexpr char json[] = "application/json";
INSTANTIATE_TEST_SUITE_P(
    Rows, ApiErrorTable,
    testing::Values(
        ErrorRow{"Conflict", 409, json, STATUS(409, "Conflict"), Kind::Conflict, true},
        ErrorRow{"Exists", 409, json, STATUS(409, "AlreadyExists"), Kind::AlreadyExists, false},
        ErrorRow{"Invalid", 422, json, STATUS(422, "Invalid"), Kind::Invalid, false},
        ErrorRow{"Unknown field", 400, json, STATUS(400, "BadRequest"), Kind::BadRequest, false},
        ErrorRow{"Gone", 410, json, STATUS(410, "Expired"), Kind::Gone, true},
        ErrorRow{"Not found", 404, json, STATUS(404, "NotFound"), Kind::NotFound, false},
        ErrorRow{"Not found by HTML", 404, "text/html", "<html>", Kind::Malformed, true},
        ErrorRow{"Too many in text", 429, "text/plain", "Too many", Kind::TooManyRequests, true},
        ErrorRow{"Unauthorized", 401, json, STATUS(401, "Unauthorized"), Kind::Unauthorized, true},
        ErrorRow{"Forbidden", 403, json, STATUS(403, "Forbidden"), Kind::Forbidden, false},
        ErrorRow{"Server error", 500, json, STATUS(500, "InternalError"), Kind::ServerError, true},
        ErrorRow{"Unavailable by HTML", 503, "text/html", "<b>", Kind::ServerError, true},
        ErrorRow{"Gateway timeout", 504, "text/html", "", Kind::Timeout, true},
        ErrorRow{"HTML with 200", 200, "text/html", "<html>", Kind::Malformed, true},
        ErrorRow{"Truncated JSON", 409, json, R"({"kind":"Sta)", Kind::Malformed, true},
        ErrorRow{"Redirect", 302, "", "", Kind::Malformed, true}),
    [](const auto& row) {
      std::string name = row.param.name;
      std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
      return name;
    });

TEST(ApiError, TakesRetryAfterFromTheHeaderBeforeTheBody) {
  const auto body =
      R"({"kind":"Status","code":429,"reason":"TooManyRequests","details":{"retryAfterSeconds":3}})";
  EXPECT_EQ(toApiError({429, json, std::nullopt}, body).retryAfter, std::chrono::seconds{3});
  const auto* day =
      R"({"kind":"Status","code":429,"reason":"x","details":{"retryAfterSeconds":9223372036854775807}})";
  EXPECT_EQ(toApiError({429, json, std::nullopt}, day).retryAfter, std::chrono::seconds{300});
  EXPECT_EQ(toApiError({429, json, std::chrono::hours{24}}, body).retryAfter,
            std::chrono::seconds{300});
  EXPECT_EQ(toApiError({429, json, std::chrono::seconds{9}}, body).retryAfter,
            std::chrono::seconds{9});
}

}  // namespace
}  // namespace bailiwick::kube
