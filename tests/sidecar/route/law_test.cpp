#include "route/law.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

using Header = std::optional<std::string_view>;

TEST(Law, DemandsNothingWhereNothingIsSent) {
  const auto law = parseLaw({}, {});
  ASSERT_TRUE(law);
  EXPECT_TRUE(law->jurisdictions.empty());
  EXPECT_TRUE(law->classes.empty());
}

TEST(Law, IsReadFromCommaLists) {
  const auto law = parseLaw("DE,\tFR , CH", " eu-personal,x_1.y ");
  ASSERT_TRUE(law) << law.error().message;
  EXPECT_EQ(law->jurisdictions, (std::vector<std::string>{"DE", "FR", "CH"}));
  EXPECT_EQ(law->classes, (std::vector<std::string>{"eu-personal", "x_1.y"}));
}

TEST(Law, IsNeverGuessedFromAMalformedValue) {
  for (const char* bad : {"", " ", ",", "DE,", ",DE", "DE,,FR", "de", "DEU", "D", "DE FR", "DE;FR",
                          "\"DE\"", "*", "D\xc3\x89", "EEA", "DE\n"}) {
    const auto law = parseLaw(bad, {});
    ASSERT_FALSE(law) << bad;
    EXPECT_EQ(law.error().code, Code::BadRequest);
  }
  for (const char* bad : {"", " ", ",", "a,", "a,,b", "a b", "a/b", "-a", "a-", "\"a\"", "a=b"}) {
    const auto law = parseLaw({}, bad);
    ASSERT_FALSE(law) << bad;
    EXPECT_EQ(law.error().code, Code::BadRequest);
  }
  std::string many = "DE";
  for (int i = 0; i < 64; ++i) many += ",DE";
  EXPECT_FALSE(parseLaw(many, {}));
  EXPECT_FALSE(parseLaw({}, std::string(64, 'a')));
}

// It lists no country, so that it narrows the backends to none (451) and is no typing error (400).
TEST(Law, TakesABlocForACountryThatNothingIsIn) {
  const auto law = parseLaw("EU", {});
  ASSERT_TRUE(law);
  EXPECT_EQ(law->jurisdictions, std::vector<std::string>{"EU"});
}

TEST(Law, RefusesAClassThatTheTableDoesNotGive) {
  const Residency both{{"DE"}, {"eu-personal", "health"}}, none{{"DE"}, {}};
  EXPECT_FALSE(classesRefused({{}, {"health", "eu-personal"}}, both));
  EXPECT_FALSE(classesRefused({}, none));
  const auto refused = classesRefused({{}, {"health", "secret"}}, both);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Code::ResidencyRefused);
  EXPECT_EQ(refused->message,
            "x-data-residency: this deployment is not placed by the class secret; its classes are "
            "eu-personal, health");
  EXPECT_EQ(classesRefused({{}, {"Health"}}, both)->code, Code::ResidencyRefused);
  EXPECT_EQ(classesRefused({{}, {"health"}}, none)->message,
            "x-data-residency: this deployment is not placed by the class health; it names none");
}

}  // namespace
}  // namespace bailiwick::sidecar
