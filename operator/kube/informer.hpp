#pragma once
// An informer keeps a Store equal to what the API server holds of one resource, and tells handlers
// of each change.

#include <simdjson.h>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "api/result.hpp"
#include "kube/budget.hpp"
#include "kube/store.hpp"
#include "kube/transport.hpp"
#include "kube/watch.hpp"

namespace bailiwick::kube {

// What one can ask of any informer, whatever its type.
class InformerBase {
 public:
  explicit InformerBase(WatchConfig config);
  virtual ~InformerBase();
  InformerBase(const InformerBase&) = delete;
  InformerBase& operator=(const InformerBase&) = delete;

  // Called when an optional API appears or goes, where handlers are; added before start().
  void onAvailability(std::function<void()> changed) { availabilityChanged_ = std::move(changed); }
  // Starts the thread. Handlers are added before. The transport outlives the informer.
  void start(Transport& transport);
  // Ends it and waits for it; the store stays as it is.
  void stop();

  const Resource& resource() const { return config_.resource; }
  // A full set has been received once.
  bool synced() const { return synced_.load(); }
  // False while the API server does not know the resource (or has not answered yet).
  bool available() const { return availability_.load() == WatchFsm::Availability::Available; }
  // An optional API is not installed.
  bool absent() const { return availability_.load() == WatchFsm::Availability::Absent; }
  // Either a full set or the certainty that there is none: one may begin to work.
  bool settled() const { return synced() || absent(); }
  bool waitSettled(std::chrono::milliseconds timeout, std::stop_token stop = {}) const;
  // When anything lawful last came from the API server for this resource; the epoch: never.
  SteadyTime lastContact() const;
  // Nothing has come for so long that a live watch would have been ended and begun anew.
  bool silent(SteadyTime now) const;
  // Since when the API server has shown only states that are older than what is cached.
  std::optional<SteadyTime> wentBackSince() const;
  // Everything up to here is in the store; empty before the first sync.
  std::string lastResourceVersion() const;
  // Empty while all is well.
  std::string lastError() const;
  WatchFsm::Stats stats() const;
  std::uint64_t decodeErrors() const { return decodeErrors_.load(); }
  // Whether this object was last shown in a form that could not be read: that it is not in the store
  // does not say that there is none. Of more than a thousand, any may be.
  bool unreadable(const api::Key& key) const;
  // The first thousand of them, and whether there are more.
  std::set<api::Key> unreadable() const;
  bool manyUnreadable() const;

  // Whether the store holds this very object and it is not being deleted.
  virtual bool holdsLive(const api::Key& key, std::string_view uid) const = 0;

 protected:
  virtual WatchSink& sink() = 0;
  // Published before handlers run, so that who is woken by one finds it.
  void publishVersion(std::string_view resourceVersion);
  void publishSynced();
  // Told of the first few of each list or watch; of the rest how many there were.
  void decodeFailed(const ObjectRef& object, const Error& error);
  void readable(const ObjectRef& object);  // or gone

 private:
  class Driver;

  void setAvailability(WatchFsm::Availability availability);
  // A list or watch begins, or is over.
  void countUnreadableAnew();

  WatchConfig config_;
  std::atomic<bool> synced_{false};
  std::atomic<WatchFsm::Availability> availability_{WatchFsm::Availability::Unknown};
  std::atomic<SteadyTime::rep> lastContact_{0};
  std::atomic<SteadyTime::rep> wentBackSince_{0};
  std::atomic<std::uint64_t> decodeErrors_{0};
  std::atomic<std::uint64_t> unreadableNow_{0};  // of the present list or watch
  std::function<void()> availabilityChanged_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::string version_;
  std::string lastError_;
  std::set<api::Key> unreadable_;
  bool manyUnreadable_ = false;
  WatchFsm::Stats stats_;
  std::jthread thread_;
};

// Called one at a time, on a transport thread, never under the store's lock: they note what is to
// be done (a work queue's add) and neither block nor send.
template <class T>
struct Handlers {
  using Ptr = std::shared_ptr<const T>;
  std::function<void(const Ptr&)> added;
  std::function<void(const Ptr& before, const Ptr& after)> updated;
  std::function<void(const Ptr&)> deleted;
};

template <class T>
class Informer final : public InformerBase, private WatchSink {
 public:
  using Ptr = std::shared_ptr<const T>;
  // A failure keeps the object as it was (or out), is logged and counted, and stops nothing else.
  using Decoder = std::function<Result<T>(simdjson::dom::element)>;

  Informer(WatchConfig config, Decoder decode)
      : InformerBase(std::move(config)), decode_(std::move(decode)) {}
  ~Informer() override { stop(); }

  void addHandler(Handlers<T> handlers) { handlers_.push_back(std::move(handlers)); }
  // The server is not trusted: what goes beyond counts as unreadable. Before start().
  void limit(Budget::Limits limits) { budget_.emplace(limits); }
  const Store<T>& store() const { return store_; }
  bool holdsLive(const api::Key& key, std::string_view uid) const override;

 private:
  WatchSink& sink() override { return *this; }
  void setBegun() override;
  void setComplete(std::string_view resourceVersion) override;
  void setDiscarded() override;
  void upserted(const ObjectRef& object) override;
  void deleted(const ObjectRef& object) override;
  void progressed(std::string_view resourceVersion) override { publishVersion(resourceVersion); }

  // The new object, or the old one where it is the same or the new one cannot be read; nullptr when
  // there is neither.
  Ptr decoded(const ObjectRef& object, const Ptr& old);
  bool admit(const ObjectRef& object);
  void tell(const Ptr& before, const Ptr& after);

  Decoder decode_;
  std::vector<Handlers<T>> handlers_;
  Store<T> store_;
  std::optional<Budget> budget_;
  bool staging_ = false;
  typename Store<T>::Set staged_;
};

}  // namespace bailiwick::kube

#include "kube/informer.ipp"
