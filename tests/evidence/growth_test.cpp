#include "evidence/growth.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evidence/countersignature.hpp"

namespace bailiwick::evidence {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> digests(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back("sha256:" + std::to_string(i));
  return all;
}

std::string rootOfFirst(const std::vector<std::string>& all, std::size_t count) {
  return rootOf(std::span(all).first(count));
}

TEST(Growth, EveryBeginningOfAChainIsProven) {
  const auto all = digests(40);
  for (std::size_t to = 1; to <= all.size(); ++to) {
    for (std::size_t from = 1; from <= to; ++from) {
      const auto proof = growthProof(std::span(all).first(to), from);
      EXPECT_TRUE(grewFrom(from, rootOfFirst(all, from), to, rootOfFirst(all, to), proof))
          << from << " of " << to;
      EXPECT_LE(proof.size(), 8U);
    }
  }
}

TEST(Growth, NoProofHoldsForAChainWithAnotherRecordInItsPast) {
  const auto all = digests(21);
  for (std::size_t from = 1; from < all.size(); ++from) {
    for (std::size_t changed = 0; changed < from; ++changed) {
      auto other = all;
      other[changed] = "sha256:other";
      EXPECT_FALSE(grewFrom(from, rootOfFirst(all, from), other.size(), rootOf(other),
                            growthProof(other, from)))
          << from << " with " << changed;
    }
  }
}

TEST(Growth, AProofIsNeitherShortenedNorLengthenedNorOfAnotherLength) {
  const auto all = digests(13);
  const auto proof = growthProof(all, 6);
  const auto holds = [&](std::size_t from, std::size_t to, const std::vector<std::string>& path) {
    return grewFrom(from, rootOfFirst(all, 6), to, rootOf(all), path);
  };
  ASSERT_TRUE(holds(6, 13, proof));
  EXPECT_FALSE(holds(6, 13, {proof.begin(), proof.end() - 1}));
  auto longer = proof;
  longer.push_back(proof.back());
  EXPECT_FALSE(holds(6, 13, longer));
  EXPECT_FALSE(holds(6, 13, {}));
  EXPECT_FALSE(holds(6, 40, proof));
  EXPECT_FALSE(holds(0, 13, proof));
  EXPECT_FALSE(holds(14, 13, proof));
  EXPECT_FALSE(holds(6, 13, std::vector<std::string>(1000, proof.front())));
}

// Each would hold by its hashes alone.
TEST(Growth, NothingGrewFromNoRecordsNorFromMoreThanThereAre) {
  const auto all = digests(4);
  const auto root = rootOf(all);
  EXPECT_FALSE(grewFrom(0, root, 5, root, {root}));
  EXPECT_FALSE(grewFrom(4, root, 3, root, {}));
  EXPECT_FALSE(grewFrom(3, rootOfFirst(all, 3), 4, root, {})) << "and it needs the hashes";
  ASSERT_TRUE(grewFrom(4, root, 4, root, {}));
}

// A verified chain of three records, and zrh as its witness.
struct Witnessed {
  SigningKey key = *SigningKey::generate();
  Verdict chain;
  Countersignature one;

  Witnessed() {
    chain.digests = digests(3);
    chain.head = chain.digests.back();
    one = {"fra", "exit-a", 3, chain.head, rootOf(chain.digests), "zrh", key.publicKey().hex(), ""};
    sign();
  }
  void sign() { one.signature = key.sign(statementOf(one)); }
  std::vector<std::string> problems(const std::vector<std::string>& witnesses = {}) const {
    return compare(chain, {one}, witnesses).problems;
  }
};

TEST(Countersignature, OfTheChainAsItIsHoldsAlsoWhenItHasGrown) {
  Witnessed world;
  EXPECT_TRUE(isSigned(world.one));
  EXPECT_THAT(world.problems(), IsEmpty());
  world.chain.digests.push_back("sha256:more");
  EXPECT_THAT(world.problems(), IsEmpty());
}

TEST(Countersignature, AChainThatWasRewrittenOrCutIsNotWhatWasSigned) {
  Witnessed world;
  world.chain.digests[0] = "sha256:other";
  EXPECT_THAT(world.problems(), ElementsAre(HasSubstr("witness zrh has seen other records")));
  world.chain.digests.resize(2);
  EXPECT_THAT(world.problems(), ElementsAre(HasSubstr("3 records, 2 are here")));
}

TEST(Countersignature, NobodyElseSignsAndNothingElseIsSigned) {
  Witnessed world;
  world.one.order = "exit-b";
  EXPECT_THAT(world.problems(), ElementsAre(HasSubstr("has not signed this")));
  world.sign();
  EXPECT_THAT(world.problems(), IsEmpty());
  world.one.key = SigningKey::generate()->publicKey().hex();
  EXPECT_FALSE(isSigned(world.one));
  world.one.key = "no key";
  EXPECT_FALSE(isSigned(world.one));
}

TEST(Countersignature, OfAWitnessThatIsAskedForMustBeThereAndOthersDoNotCount) {
  Witnessed world;
  const auto zrh = world.key.publicKey().fingerprint();
  EXPECT_THAT(world.problems({zrh}), IsEmpty());
  world.one.signature.clear();
  EXPECT_THAT(world.problems({"sha256:somebody"}),
              ElementsAre("witness sha256:somebody has countersigned nothing of it"));
}

TEST(Countersignature, EachWitnessThatIsMissingIsNamed) {
  const Witnessed world;
  const auto zrh = world.key.publicKey().fingerprint();
  EXPECT_THAT(world.problems({"sha256:b", zrh, "sha256:a", "sha256:b"}),
              ElementsAre("witness sha256:a has countersigned nothing of it",
                          "witness sha256:b has countersigned nothing of it"));
}

TEST(Countersignature, OnlyWhoseSignatureWasCheckedAndHoldsIsSaidToAgree) {
  Witnessed world;
  const auto zrh = world.key.publicKey().fingerprint();
  auto stranger = world.one;
  stranger.witness = "gya";
  stranger.key = "no key";
  const auto found = compare(world.chain, {stranger, world.one}, {zrh});
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_THAT(found.agreed, ElementsAre("zrh, key " + zrh));
}

TEST(Countersignature, IsReadBackFromItsFileAndNonsenseIsNot) {
  const Witnessed world;
  const auto lines = toLines({world.one, world.one});
  const auto read = fromLines(lines);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(*read, ElementsAre(world.one, world.one));
  EXPECT_TRUE(fromLines("")->empty());
  for (const auto* text : {"nonsense", "{}", "[1]", R"({"head": 1})"}) EXPECT_FALSE(fromLines(text));
}

}  // namespace
}  // namespace bailiwick::evidence
