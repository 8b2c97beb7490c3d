#include "http/body_scanner.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bailiwick::sidecar::http {
namespace {

BodyScanner scan(const std::string& body, std::size_t piece) {
  BodyScanner scanner;
  for (std::size_t at = 0; at < body.size(); at += piece)
    scanner.feed(std::string_view(body).substr(at, piece));
  scanner.finish();
  return scanner;
}

JsonFault faultOf(const std::string& body) {
  const JsonFault whole = scan(body, body.size() + 1).fault();
  EXPECT_EQ(scan(body, 1).fault(), whole) << body;
  return whole;
}

// The body with the model's value replaced, as it goes upstream.
std::string rewritten(const std::string& body, std::size_t piece) {
  const BodyScanner scanner = scan(body, piece);
  EXPECT_EQ(scanner.fault(), JsonFault::None) << body << ": " << describe(scanner.fault());
  EXPECT_TRUE(scanner.hasModel()) << body;
  return body.substr(0, scanner.modelBegin()) + "\"new\"" + body.substr(scanner.modelEnd());
}

TEST(BodyScanner, FindsTheModelAnywhereAndInAnySpelling) {
  const std::string head = "{\"messages\":[{\"model\":\"x\",\"a\":\"}\\\"]\"}],\"n\":-1.5e+3,";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    EXPECT_EQ(rewritten("{\"model\":\"a\"}", piece), "{\"model\":\"new\"}");
    EXPECT_EQ(rewritten(" { \"model\" : \"a\" , \"stream\":true}\r\n", piece),
              " { \"model\" : \"new\" , \"stream\":true}\r\n");
    EXPECT_EQ(rewritten("{\"\\u006dod\\u0065l\":\"\\u0061\"}", piece),
              "{\"\\u006dod\\u0065l\":\"new\"}");
    EXPECT_EQ(rewritten(head + "\"model\":\"a\"}", piece), head + "\"model\":\"new\"}");
  }
}

TEST(BodyScanner, DecodesTheModelsName) {
  EXPECT_EQ(scan(R"({"model":"a\/b\"\\\u00e9\ud83d\ude00é"})", 3).model(), "a/b\"\\é😀é");
  EXPECT_EQ(scan("{\"model\":\"\"}", 1).model(), "");
  EXPECT_TRUE(scan("{\"model\":\"\"}", 1).hasModel());
  EXPECT_FALSE(scan("{\"a\":{\"model\":\"b\"}}", 1).hasModel());
  EXPECT_FALSE(scan("{}", 1).hasModel());
}

TEST(BodyScanner, FindsWhetherAStreamIsWanted) {
  EXPECT_EQ(scan("{\"stream\":true}", 1).stream(), true);
  EXPECT_EQ(scan("{\"stream\" : false }", 1).stream(), false);
  EXPECT_EQ(scan("{\"stream\":null}", 1).stream(), std::nullopt);
  EXPECT_EQ(scan("{\"a\":1}", 1).stream(), std::nullopt);
}

TEST(BodyScanner, RefusesWhatTwoReadersReadInTwoWays) {
  EXPECT_EQ(faultOf("{\"model\":\"a\",\"model\":\"b\"}"), JsonFault::ModelTwice);
  EXPECT_EQ(faultOf("{\"model\":\"a\",\"mod\\u0065l\":\"b\"}"), JsonFault::ModelTwice);
  EXPECT_EQ(faultOf("{\"model\":\"a\",\"Model\":\"b\"}"), JsonFault::ModelCase);
  EXPECT_EQ(faultOf("{\"model\":[\"a\"]}"), JsonFault::ModelKind);
  EXPECT_EQ(faultOf("{\"model\":null}"), JsonFault::ModelKind);
  EXPECT_EQ(faultOf("{\"model\":\"" + std::string(300, 'a') + "\"}"), JsonFault::ModelSize);
  EXPECT_EQ(faultOf("{\"stream\":true,\"Stream\":false}"), JsonFault::StreamTwice);
  EXPECT_EQ(faultOf("{\"stream\":1}"), JsonFault::StreamKind);
  EXPECT_EQ(faultOf("{\"stream\":\"true\"}"), JsonFault::StreamKind);
}

TEST(BodyScanner, RefusesWhatIsNoJsonObject) {
  for (const char* body : {"[]", "1", "\"a\"", "\xef\xbb\xbf{}", "<a/>", "'a'"})
    EXPECT_EQ(faultOf(body), JsonFault::NotAnObject) << body;
  for (const char* body :
       {"{}{}", "{\"a\":1}x", "{,}", "{\"a\" 1}", "{\"a\":1,}", "{\"a\":}", "{\"a\":1 2}",
        "{\"a\":tru}", "{\"a\":x}", "{\"a\":[}", "{\"a\":{]}}", "{a:1}", "{\"a\":1}}",
        "{\"a\":[1]]", "{/**/}", "{\"a\":[/**/]}"})
    EXPECT_EQ(faultOf(body), JsonFault::Syntax) << body;
  for (const char* body : {"", " ", "{", "{\"a\"", "{\"a\":1", "{\"a\":[", "{\"a\":\"b"})
    EXPECT_EQ(faultOf(body), JsonFault::Truncated) << body;
  EXPECT_EQ(faultOf("{\"a\":\"\n\"}"), JsonFault::Control);
  EXPECT_EQ(faultOf(std::string("{\"a\":[\"0123456789abcdef\0\"]}", 28)), JsonFault::Control);
  for (const char* body : {"{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\ud800\"}",
                           "{\"a\":\"\\ud800a\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\n\"}"})
    EXPECT_EQ(faultOf(body), JsonFault::Escape) << body;
}

TEST(BodyScanner, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(faultOf(nested(BodyScanner::maxDepth)), JsonFault::None);
  EXPECT_EQ(faultOf(nested(BodyScanner::maxDepth + 1)), JsonFault::TooDeep);
}

TEST(Quoted, EscapesWhatEndsAString) {
  EXPECT_EQ(quoted("a\"b\\c\n\x1f"), "\"a\\\"b\\\\c\\u000a\\u001f\"");
}

}  // namespace
}  // namespace bailiwick::sidecar::http
