#include "route/refusal.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

TEST(Refusal, HasTheStatusAndCodeOfTheContract) {
  const struct {
    Code code;
    int status;
    const char* name;
  } cases[] = {
      {Code::UnknownModel, 404, "unknown_model"},
      {Code::UnknownPath, 404, "unknown_path"},
      {Code::ResidencyRefused, 451, "residency_refused"},
      {Code::JurisdictionRefused, 451, "jurisdiction_refused"},
      {Code::InvalidKey, 401, "invalid_key"},
      {Code::OverLimit, 429, "over_limit"},
      {Code::Draining, 503, "draining"},
      {Code::NoBackend, 503, "no_backend"},
      {Code::UpstreamFailed, 502, "upstream_failed"},
      {Code::UpstreamTimeout, 504, "upstream_timeout"},
      {Code::BadRequest, 400, "bad_request"},
      {Code::TooLarge, 413, "too_large"},
      {Code::HeadersTooLarge, 431, "headers_too_large"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(statusOf(c.code), c.status) << c.name;
    EXPECT_STREQ(nameOf(c.code), c.name);
  }
}

TEST(Refusal, IsOpenAisErrorObject) {
  const Refusal refusal{Code::UnknownModel, "there is no model \"x\"\n", {}};
  EXPECT_EQ(errorBody(refusal),
            R"({"error":{"type":"invalid_request_error",)"
            R"("code":"unknown_model","message":"there is no model \"x\"\n"}})");
  EXPECT_EQ(errorEvent({Code::UpstreamFailed, "a\nb", {}}),
            "event: error\ndata: {\"error\":{\"type\":\"server_error\",\"code\":"
            "\"upstream_failed\",\"message\":\"a\\nb\"}}\n\n");
}

TEST(Refusal, QuotesWhateverAClientSent) {
  EXPECT_EQ(errorBody({Code::UnknownModel, "\xff", {}}),
            "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"unknown_model\","
            "\"message\":\"\xef\xbf\xbd\"}}");
}

}  // namespace
}  // namespace bailiwick::sidecar
