// More peers than are approached at a time.

#include <array>
#include <set>

#include "peers/peers_in_memory.hpp"

namespace bailiwick::testing {
namespace {

constexpr int hanging = 40, fair = 8, places = 16;

struct ManyPeers : ::testing::Test, PeersInMemory {
  std::mutex askedMutex;
  std::set<int> asked;  // of those that hang
  std::array<MemoryApi, fair> fairApis;
  std::atomic<Weather> bad{Weather::Hanging};

  // Says which of those that hang are asked for anything.
  struct Watched final : kube::Transport {
    Watched(ManyPeers& ofWorld, int ofNumber)
        : world(ofWorld), number(ofNumber), road(world.zrh, world.bad, world.firstSets) {}
    tl::expected<kube::Response, kube::TransportError> send(const kube::Request& request,
                                                            std::stop_token stop) override {
      note();
      return road.send(request, stop);
    }
    tl::expected<void, kube::TransportError> stream(const kube::Request& request,
                                                    kube::StreamSink& sink,
                                                    std::chrono::milliseconds idle,
                                                    std::stop_token stop) override {
      note();
      return road.stream(request, sink, idle, stop);
    }
    void note() {
      const std::lock_guard lock(world.askedMutex);
      world.asked.insert(number);
    }
    ManyPeers& world;
    const int number;
    Road road;
  };

  ManyPeers() {
    road = [this](const kube::ClusterConfig& cluster) { return wayTo(cluster); };
    home.erase(regionsPath + "zrh");
    for (int n = 0; n < hanging + fair; ++n) {
      home.put(regionsPath + name(n),
               regionJson("CH", accessJson("https://127.0.0.1:" + std::to_string(7000 + n))));
    }
  }
  ~ManyPeers() override { peers->stop(); }

  static std::string name(int n) { return (n < hanging ? "hangs-" : "z-") + std::to_string(n); }
  std::unique_ptr<kube::Transport> wayTo(const kube::ClusterConfig& cluster) {
    const int number = cluster.server.port - 7000;
    if (number >= hanging) {
      return std::make_unique<Road>(fairApis[static_cast<std::size_t>(number - hanging)], weather,
                                    firstSets);
    }
    return std::make_unique<Watched>(*this, number);
  }
  std::size_t askedSoFar() {
    const std::lock_guard lock(askedMutex);
    return asked.size();
  }
  void beatAll(int count) {
    for (int n = hanging; n < hanging + fair; ++n) {
      const auto lease = "bailiwick-region-" + name(n);
      const auto path = "/apis/coordination.k8s.io/v1/namespaces/bailiwick-system/leases/" + lease;
      fairApis[static_cast<std::size_t>(n - hanging)].put(
          path, {{"metadata", {{"namespace", "bailiwick-system"}, {"name", lease}}},
               {"spec", {{"holderIdentity", "op"}, {"renewTime", "t" + std::to_string(count)}}}});
    }
  }
  int live() const {
    int count = 0;
    for (const auto& sight : peers->sights()) {
      const auto now = peers::monoOf(std::chrono::steady_clock::now());
      count += sight.sightings.judge(fleet::regionThresholds, now).health == fleet::Health::Live;
    }
    return count;
  }
};

TEST_F(ManyPeers, FewAreApproachedAtATimeAndWhoHangsHoldsUpNobody) {
  fallSilent();
  start();
  ASSERT_TRUE(eventually([this] { return askedSoFar() > 0; }));
  std::this_thread::sleep_for(300ms);  // a probe waits for 500
  EXPECT_LE(askedSoFar(), static_cast<std::size_t>(places));
  int count = 0;
  EXPECT_TRUE(eventually([&] {
    beatAll(++count);
    return live() == fair;
  })) << live();
  EXPECT_TRUE(eventually([this] { return askedSoFar() == hanging; }));
}

}  // namespace
}  // namespace bailiwick::testing
