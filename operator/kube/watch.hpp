#pragma once
// The watch of one resource as a finite state machine without I/O:
//
//   Empty -> ListPage* | InitialEvents -> Watching -> ... -> Backoff -> Empty or Watching
//
// A driver performs the Action it asks for and tells it what came of it. Objects go to a WatchSink.
// WatchList (sendInitialEvents) comes first, a paged list where the server does not know it. What
// the sink was told stays in force through every failure: a new full set replaces the old one only
// when it is complete.

#include <simdjson.h>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "kube/backoff.hpp"
#include "kube/error.hpp"
#include "kube/line_splitter.hpp"
#include "kube/request.hpp"
#include "kube/transport.hpp"

namespace bailiwick::kube {

using SteadyTime = std::chrono::steady_clock::time_point;

// An object of the API server. The views and the element are valid only during the call.
struct ObjectRef {
  std::string_view ns, name, uid, resourceVersion;
  simdjson::dom::element object;
};

class WatchSink {
 public:
  virtual ~WatchSink() = default;
  // Between setBegun and setComplete or setDiscarded, changes build a new full set and the present
  // one stays in force. When it is complete, what is not in it is gone.
  virtual void setBegun() = 0;
  virtual void setComplete(std::string_view resourceVersion) = 0;
  virtual void setDiscarded() = 0;
  virtual void upserted(const ObjectRef& object) = 0;
  virtual void deleted(const ObjectRef& object) = 0;
  // A bookmark: everything up to here has been told.
  virtual void progressed(std::string_view resourceVersion) = 0;
};

struct WatchConfig {
  Resource resource;
  std::string ns;  // empty: all
  std::string labelSelector;
  std::string fieldSelector;
  // The API need not be installed: a 404 that the API server itself gives means that it is not. Of
  // any other resource a 404 is a failure like others, and never "there are none".
  bool optional = false;
  bool watchList = true;
  int pageLimit = 500;
  std::chrono::seconds timeout{300};        // the server ends a watch after 1..2 times this
  std::chrono::milliseconds idle{100'000};  // bookmarks come about once a minute
  std::chrono::milliseconds backoffMin{200};
  std::chrono::milliseconds backoffMax{30'000};
  std::chrono::milliseconds absentRetry{30'000};     // while the API is not installed
  std::chrono::milliseconds relistEvery{3'600'000};  // against skipped events; 0: never
  std::size_t maxLine = std::size_t{8} << 20;
};

class WatchFsm {
 public:
  enum class State { Empty, ListPage, InitialEvents, Watching, Backoff };
  // Absent: an optional resource is not installed. Objects told before stay in force.
  enum class Availability { Unknown, Available, Absent };

  struct SendPage {
    Request request;
  };
  struct OpenStream {
    Request request;
    std::chrono::milliseconds idle;
  };
  struct Wait {
    std::chrono::milliseconds duration;
  };
  using Action = std::variant<SendPage, OpenStream, Wait>;

  struct Stats {
    std::uint64_t events = 0, bookmarks = 0, stale = 0, malformed = 0, relists = 0, streams = 0,
                  failures = 0;
  };

  // `random` yields values in [0, 1).
  WatchFsm(WatchConfig config, WatchSink& sink, std::function<double()> random);

  Action start(SteadyTime now);
  // After SendPage: an answer of any status, or none.
  Action pageReceived(const Response& response, SteadyTime now);
  Action pageFailed(const TransportError& error, SteadyTime now);
  // After OpenStream. The first two return whether to go on reading.
  bool streamHead(const ResponseHead& head, SteadyTime now);
  bool streamChunk(std::string_view bytes);
  Action streamEnded(const std::optional<TransportError>& error, SteadyTime now);
  // After Wait.
  Action timerFired(SteadyTime now);

  State state() const { return state_; }
  Availability availability() const { return availability_; }
  bool synced() const { return synced_; }
  // The API server has only shown an older state since: it was restored from a backup, and nothing
  // that is cached here holds any more. Only a new process can begin anew.
  bool wentBack() const { return wentBack_; }
  const std::string& resourceVersion() const { return resourceVersion_; }
  // What the last failure was; empty while all is well.
  const std::optional<ApiError>& lastError() const { return lastError_; }
  const Stats& stats() const { return stats_; }

 private:
  // What to do after a wait.
  enum class Resume { Watch, Relist };

  Action relist();
  Action listPage();
  Action openWatch();
  Action fail(ApiError error, Resume resume);
  Action absent();
  Action refused(const ResponseHead& head, std::string_view body);
  Action ended(bool healthy, SteadyTime now);
  bool pageDecoded(const Response& response, SteadyTime now);
  bool completeSet(std::string_view resourceVersion, SteadyTime now);
  void discardSet();
  bool line(std::string_view padded);
  bool change(std::string_view type, simdjson::dom::element object);
  bool bookmark(simdjson::dom::element object);
  bool streamFailure(simdjson::dom::element status);
  bool broken(std::string_view what, Resume resume);
  void trimParser();
  std::chrono::seconds randomTimeout();

  WatchConfig config_;
  WatchSink& sink_;
  std::function<double()> random_;
  Backoff backoff_;
  State state_ = State::Empty;
  Availability availability_ = Availability::Unknown;
  Resume resume_ = Resume::Relist;
  bool synced_ = false;
  bool setOpen_ = false;
  bool wentBack_ = false;
  bool relistWanted_ = false;  // by what broke the stream
  bool watchList_;
  int pageLimit_;
  int failedResumes_ = 0;        // in a row
  std::string resourceVersion_;  // of the last thing told to the sink
  std::string listVersion_;      // of the list whose pages are being read
  std::string continue_;
  SteadyTime streamSince_{};
  SteadyTime listedAt_{};
  std::optional<ResponseHead> head_;
  std::string errorBody_;
  std::optional<ApiError> streamError_;
  std::optional<ApiError> lastError_;
  LineSplitter lines_;
  simdjson::dom::parser parser_;
  Stats stats_;
};

std::string_view stateName(WatchFsm::State state);

}  // namespace bailiwick::kube
