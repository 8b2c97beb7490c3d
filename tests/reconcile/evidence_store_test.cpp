#include "reconcile/evidence_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "evidence/chunk.hpp"
#include "plan/fixture.hpp"
#include "reconcile/memory_api.hpp"

namespace bailiwick::testing {
namespace {

using nlohmann::json;

const std::string mapsPath = "/api/v1/namespaces/bailiwick-system/configmaps/";

struct Killed {};

struct Stored {
  MemoryApi api;
  reconcile::EvidenceStore store{api, "bailiwick-system"};

  // Opened, and so many of 8 KB.
  static std::vector<evidence::Entry> decision(int records) {
    std::vector<evidence::Entry> all{{evidence::openedType, testTime, json::object()}};
    for (int n = 0; n < records; ++n) {
      all.push_back({"Pods", testTime, {{"n", n}, {"pods", std::string(8000, 'x')}}});
    }
    return all;
  }
  reconcile::EvidenceChain load(const std::string& order = "leave", const std::string& uid = "uid-1") {
    auto chain = store.load(order, uid, {}, [](const evidence::Record&) {}, {});
    EXPECT_TRUE(chain.has_value()) << chain.error().message;
    return chain.value_or(reconcile::EvidenceChain{});
  }
  bool append(reconcile::EvidenceChain& chain, const std::vector<evidence::Entry>& entries,
              const std::string& order = "leave", const std::string& uid = "uid-1") {
    return store.append(chain, order, uid, entries, {}).has_value();
  }
  json chunk(int number) const { return api.get(mapsPath + evidence::chunkName("leave-evidence", number)); }
};

TEST(EvidenceStore, PutsNoMoreIntoAChunkThanOneMayHave) {
  Stored stored;
  auto chain = stored.load();
  ASSERT_TRUE(stored.append(chain, Stored::decision(150)));
  ASSERT_GT(chain.chunk, 5);
  for (int number = 1; number <= chain.chunk; ++number) {
    EXPECT_LE(stored.chunk(number)["data"]["records.jsonl"].get<std::string>().size(), evidence::maxChunk);
    EXPECT_EQ(stored.chunk(number).value("immutable", false), number < chain.chunk) << number;
  }
  const auto again = stored.load();
  EXPECT_EQ(again.tail, chain.tail);
  EXPECT_EQ(again.tail.records, 151U);
  EXPECT_EQ(again.digests, chain.digests);
  EXPECT_EQ(again.root, chain.root);
}

// For every write of a decision that takes many: killed before it is sent, or before it is answered.
TEST(EvidenceStore, WhatACrashLeavesOfADecisionIsAChainThatGoesOn) {
  const auto whole = Stored::decision(60);
  for (const bool before : {true, false}) {
    for (int killAt = 2;; ++killAt) {  // the first makes the key
      Stored stored;
      int writes = 0;
      stored.api.answer = [&](const kube::Request&) -> std::optional<kube::Response> {
        if (++writes == killAt && before) throw Killed{};
        return std::nullopt;
      };
      stored.api.written = [&](const kube::Request&) {
        if (writes == killAt && !before) throw Killed{};
      };
      auto chain = stored.load();
      try {
        ASSERT_TRUE(stored.append(chain, whole));
        ASSERT_GT(killAt, 5) << "a decision has become shorter";
        break;
      } catch (const Killed&) {
      }
      auto part = stored.load();
      const auto known = static_cast<std::ptrdiff_t>(part.tail.records);
      ASSERT_TRUE(stored.append(part, {whole.begin() + known, whole.end()})) << killAt;
      EXPECT_EQ(stored.load().tail.records, whole.size()) << killAt;
    }
  }
}

TEST(EvidenceStore, AnOrdersChainIsFoundWhereThatOfAnEarlierOneIsDeleted) {
  Stored stored;
  auto first = stored.load("leave", "11111111-a");
  ASSERT_TRUE(stored.append(first, Stored::decision(1), "leave", "11111111-a"));
  EXPECT_EQ(first.base, "leave-evidence");
  auto second = stored.load("leave", "22222222-b");
  ASSERT_TRUE(stored.append(second, Stored::decision(2), "leave", "22222222-b"));
  EXPECT_EQ(second.base, "leave-evidence-22222222");
  stored.api.erase(mapsPath + "leave-evidence");
  const auto again = stored.load("leave", "22222222-b");
  EXPECT_EQ(again.base, second.base);
  EXPECT_EQ(again.tail, second.tail);
  EXPECT_EQ(stored.load("leave", "33333333-c").base, "leave-evidence") << "it is free";
}

}  // namespace
}  // namespace bailiwick::testing
