#include "kube/watch.hpp"

#include <algorithm>
#include <utility>

#include "kube/resource_version.hpp"

namespace bailiwick::kube {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t maxErrorBody = std::size_t{64} << 10;
constexpr std::size_t keepParserCapacity = std::size_t{256} << 10;
constexpr milliseconds healthyStream{10'000};  // a stream that lived so long was no failure
constexpr int maxFailedResumes = 5;  // then the resourceVersion itself is suspect

// The API server's own words for a path that it does not serve are plain text; a proxy's are HTML.
bool saidByTheApiServer(const ResponseHead& head, const ApiError& error) {
  return error.kind == ApiError::Kind::NotFound || head.contentType == "text/plain";
}

std::string_view textAt(const simdjson::dom::object& object, std::string_view field) {
  std::string_view value;
  return object[field].get(value) == simdjson::SUCCESS ? value : std::string_view();
}

// Nullopt without a name or a resourceVersion.
std::optional<ObjectRef> refOf(simdjson::dom::element element) {
  simdjson::dom::object metadata;
  if (element["metadata"].get(metadata) != simdjson::SUCCESS) return std::nullopt;
  ObjectRef ref{textAt(metadata, "namespace"), textAt(metadata, "name"), textAt(metadata, "uid"),
                textAt(metadata, "resourceVersion"), element};
  if (ref.name.empty() || ref.resourceVersion.empty()) return std::nullopt;
  return ref;
}

bool endsInitialEvents(const simdjson::dom::object& metadata) {
  std::string_view value;
  return metadata["annotations"]["k8s.io/initial-events-end"].get(value) == simdjson::SUCCESS &&
         value == "true";
}

bool isJson(const ResponseHead& head) {
  return head.contentType == "application/json";
}

}  // namespace

std::string_view stateName(WatchFsm::State state) {
  switch (state) {
    case WatchFsm::State::Empty:
      return "Empty";
    case WatchFsm::State::ListPage:
      return "ListPage";
    case WatchFsm::State::InitialEvents:
      return "InitialEvents";
    case WatchFsm::State::Watching:
      return "Watching";
    case WatchFsm::State::Backoff:
      break;
  }
  return "Backoff";
}

WatchFsm::WatchFsm(WatchConfig config, WatchSink& sink, std::function<double()> random)
    : config_(std::move(config)),
      sink_(sink),
      random_(std::move(random)),
      backoff_(config_.backoffMin, config_.backoffMax),
      watchList_(config_.watchList),
      pageLimit_(config_.pageLimit),
      lines_(config_.maxLine) {}

WatchFsm::Action WatchFsm::start(SteadyTime) {
  return relist();
}

WatchFsm::Action WatchFsm::timerFired(SteadyTime) {
  return resume_ == Resume::Watch ? openWatch() : relist();
}

WatchFsm::Action WatchFsm::relist() {
  listVersion_.clear();
  continue_.clear();
  failedResumes_ = 0;
  if (!watchList_) return listPage();
  state_ = State::InitialEvents;
  return OpenStream{watch(config_.resource, config_.ns,
                          {.labelSelector = config_.labelSelector,
                           .fieldSelector = config_.fieldSelector,
                           .resourceVersion = {},
                           .sendInitialEvents = true,
                           .timeout = randomTimeout()}),
                    config_.idle};
}

// Without a resourceVersion: the newest state there is.
WatchFsm::Action WatchFsm::listPage() {
  state_ = State::ListPage;
  ListOptions options;
  options.limit = pageLimit_;
  options.continueToken = continue_;
  options.labelSelector = config_.labelSelector;
  options.fieldSelector = config_.fieldSelector;
  return SendPage{list(config_.resource, config_.ns, options)};
}

WatchFsm::Action WatchFsm::openWatch() {
  state_ = State::Watching;
  return OpenStream{watch(config_.resource, config_.ns,
                          {.labelSelector = config_.labelSelector,
                           .fieldSelector = config_.fieldSelector,
                           .resourceVersion = resourceVersion_,
                           .sendInitialEvents = false,
                           .timeout = randomTimeout()}),
                    config_.idle};
}

std::chrono::seconds WatchFsm::randomTimeout() {
  const auto extra = static_cast<double>(config_.timeout.count()) * random_();
  return config_.timeout + std::chrono::seconds{static_cast<int>(extra)};
}

WatchFsm::Action WatchFsm::fail(ApiError error, Resume resume) {
  discardSet();
  ++stats_.failures;
  if (error.kind == ApiError::Kind::Malformed) ++stats_.malformed;
  if (!error.transport) ++failedResumes_;
  const bool canResume = resume == Resume::Watch && !resourceVersion_.empty();
  resume_ = canResume && failedResumes_ < maxFailedResumes ? Resume::Watch : Resume::Relist;
  state_ = State::Backoff;
  auto wait = backoff_.next(random_());
  if (error.retryAfter) {
    wait = std::max<milliseconds>(
        wait, *error.retryAfter + milliseconds{static_cast<int>(random_() * 1000)});
  }
  lastError_ = std::move(error);
  return Wait{wait};
}

WatchFsm::Action WatchFsm::absent() {
  discardSet();
  availability_ = Availability::Absent;
  lastError_ = ApiError{ApiError::Kind::NotFound,
                        404,
                        "NotFound",
                        "the API server does not serve " + config_.resource.str() + " of " +
                            config_.resource.apiVersion(),
                        std::nullopt,
                        std::nullopt};
  resume_ = Resume::Relist;
  state_ = State::Backoff;
  const auto jitter = static_cast<double>(config_.absentRetry.count()) * 0.2 * random_();
  return Wait{config_.absentRetry + milliseconds{static_cast<int>(jitter)}};
}

// An answer other than 200, to a list or a watch.
WatchFsm::Action WatchFsm::refused(const ResponseHead& head, std::string_view body) {
  auto error = toApiError(head, body);
  if (head.status == 404 && config_.optional && saidByTheApiServer(head, error)) return absent();
  const bool listing = state_ != State::Watching;
  const bool invalid =
      error.kind == ApiError::Kind::Invalid || error.kind == ApiError::Kind::BadRequest;
  if (state_ == State::InitialEvents && invalid) {
    watchList_ = false;
    return relist();
  }
  const bool again = listing || error.kind == ApiError::Kind::Gone || invalid;
  return fail(std::move(error), again ? Resume::Relist : Resume::Watch);
}

WatchFsm::Action WatchFsm::pageReceived(const Response& response, SteadyTime now) {
  if (response.head.status != 200) return refused(response.head, response.body);
  streamError_.reset();
  if (!pageDecoded(response, now)) {
    return fail(std::exchange(streamError_, std::nullopt)
                    .value_or(malformed(response.head, "no list of objects")),
                Resume::Relist);
  }
  return continue_.empty() ? openWatch() : listPage();
}

WatchFsm::Action WatchFsm::pageFailed(const TransportError& error, SteadyTime) {
  if (error.kind == TransportError::Kind::TooLarge) pageLimit_ = std::max(1, pageLimit_ / 10);
  return fail(toApiError(error), Resume::Relist);
}

bool WatchFsm::pageDecoded(const Response& response, SteadyTime now) {
  simdjson::dom::element root;
  simdjson::dom::object metadata;
  simdjson::dom::array items;
  const bool isList = isJson(response.head) &&
                      parser_.parse(response.body).get(root) == simdjson::SUCCESS &&
                      root["metadata"].get(metadata) == simdjson::SUCCESS;
  const auto version = isList ? textAt(metadata, "resourceVersion") : std::string_view();
  if (version.empty()) return false;
  // An empty list of a Go server may be null.
  const auto found = root["items"];
  if (found.get(items) != simdjson::SUCCESS && !found.is_null()) return false;
  if (!setOpen_) {
    sink_.setBegun();
    setOpen_ = true;
    listVersion_ = version;
  }
  if (!found.is_null()) {
    for (const auto item : items) {
      const auto ref = refOf(item);
      if (!ref) return false;
      sink_.upserted(*ref);
    }
  }
  continue_ = textAt(metadata, "continue");
  const bool ok = !continue_.empty() || completeSet(listVersion_, now);
  trimParser();
  return ok;
}

// Never back in time: what an older state lacks may exist, and what it has may be gone.
bool WatchFsm::completeSet(std::string_view resourceVersion, SteadyTime now) {
  const auto order = compareResourceVersions(resourceVersion, resourceVersion_);
  wentBack_ = order && *order < 0;
  if (wentBack_) {
    return broken("the API server answered with an older state (" + std::string(resourceVersion) +
                      ") than it had shown before (" + resourceVersion_ +
                      "); after a restore of etcd restart this process",
                  Resume::Relist);
  }
  setOpen_ = false;
  sink_.setComplete(resourceVersion);
  resourceVersion_ = resourceVersion;
  listedAt_ = now;
  synced_ = true;
  availability_ = Availability::Available;
  lastError_.reset();
  ++stats_.relists;
  state_ = State::Watching;
  return true;
}

void WatchFsm::discardSet() {
  if (std::exchange(setOpen_, false)) sink_.setDiscarded();
}

bool WatchFsm::streamHead(const ResponseHead& head, SteadyTime now) {
  relistWanted_ = false;
  head_ = head;
  streamSince_ = now;
  if (head.status != 200) return true;
  if (!isJson(head)) return broken("a watch must be application/json", Resume::Watch);
  ++stats_.streams;
  if (state_ == State::InitialEvents) {
    sink_.setBegun();
    setOpen_ = true;
  } else {
    lastError_.reset();
  }
  return true;
}

bool WatchFsm::streamChunk(std::string_view bytes) {
  if (!head_ || head_->status != 200) {
    errorBody_ += bytes.substr(0, maxErrorBody - std::min(maxErrorBody, errorBody_.size()));
    return errorBody_.size() < maxErrorBody;
  }
  const auto outcome = lines_.feed(bytes, [this](std::string_view padded) { return line(padded); });
  if (outcome == LineSplitter::Outcome::TooLong) {
    return broken("an event is longer than " + std::to_string(config_.maxLine) + " bytes",
                  Resume::Relist);
  }
  return outcome == LineSplitter::Outcome::Ok;
}

bool WatchFsm::line(std::string_view padded) {
  simdjson::dom::element root, object;
  std::string_view type;
  constexpr bool copyIfUnpadded = false;
  if (parser_.parse(padded.data(), padded.size(), copyIfUnpadded).get(root) != simdjson::SUCCESS ||
      root["type"].get(type) != simdjson::SUCCESS ||
      root["object"].get(object) != simdjson::SUCCESS) {
    return broken("a line of the watch is no event", Resume::Watch);
  }
  bool goOn = false;
  if (type == "BOOKMARK") {
    goOn = bookmark(object);
  } else if (type == "ERROR") {
    goOn = streamFailure(object);
  } else {
    goOn = change(type, object);
  }
  if (padded.size() > keepParserCapacity) trimParser();
  return goOn;
}

bool WatchFsm::change(std::string_view type, simdjson::dom::element object) {
  const bool isDeletion = type == "DELETED";
  const auto ref = refOf(object);
  if (!ref || (!isDeletion && type != "ADDED" && type != "MODIFIED")) {
    return broken("an event of unknown type or without an object", Resume::Watch);
  }
  // The events of a watch come in the order of their resourceVersions: another order is a repeat.
  // The initial events of a list have no order.
  if (state_ == State::Watching && notNewer(ref->resourceVersion, resourceVersion_)) {
    ++stats_.stale;
    return true;
  }
  ++stats_.events;
  isDeletion ? sink_.deleted(*ref) : sink_.upserted(*ref);
  if (state_ == State::Watching) resourceVersion_ = ref->resourceVersion;
  return true;
}

bool WatchFsm::bookmark(simdjson::dom::element object) {
  simdjson::dom::object metadata;
  if (object["metadata"].get(metadata) != simdjson::SUCCESS ||
      textAt(metadata, "resourceVersion").empty()) {
    return broken("a bookmark without a resourceVersion", Resume::Watch);
  }
  ++stats_.bookmarks;
  const auto version = textAt(metadata, "resourceVersion");
  if (state_ == State::InitialEvents) {
    return !endsInitialEvents(metadata) || completeSet(version, streamSince_);
  }
  if (notNewer(version, resourceVersion_)) return true;
  resourceVersion_ = version;
  sink_.progressed(version);
  return true;
}

bool WatchFsm::streamFailure(simdjson::dom::element status) {
  streamError_ = fromStatusObject(status, 0).value_or(
      malformed(*head_, "an ERROR event without a Kubernetes Status"));
  return false;
}

bool WatchFsm::broken(std::string_view what, Resume resume) {
  streamError_ = malformed(head_.value_or(ResponseHead{200, "application/json", {}}), what);
  relistWanted_ = resume == Resume::Relist;
  return false;
}

WatchFsm::Action WatchFsm::streamEnded(const std::optional<TransportError>& error, SteadyTime now) {
  const auto head = std::exchange(head_, std::nullopt);
  const auto failure = std::exchange(streamError_, std::nullopt);
  const auto body = std::exchange(errorBody_, {});
  lines_.reset();
  const bool healthy = head && head->status == 200 && now - streamSince_ >= healthyStream;
  if (healthy) {
    backoff_.reset();
    failedResumes_ = 0;
  }
  if (failure) {
    const bool again = failure->kind == ApiError::Kind::Gone || relistWanted_;
    return fail(*failure, again ? Resume::Relist : Resume::Watch);
  }
  if (head && head->status != 200) return refused(*head, body);
  if (error) {
    // Silence: what came before it may be all that was lost, or not.
    const bool stalled = head && error->kind == TransportError::Kind::Timeout;
    return fail(toApiError(*error), stalled ? Resume::Relist : Resume::Watch);
  }
  return ended(healthy, now);
}

// The server ended the stream in good order: what its timeout is for.
WatchFsm::Action WatchFsm::ended(bool healthy, SteadyTime now) {
  if (state_ == State::InitialEvents) {
    return fail(malformed({200, "application/json", {}}, "the watch ended before the initial set"),
                Resume::Relist);
  }
  if (healthy) {
    const bool due = config_.relistEvery.count() > 0 && now - listedAt_ >= config_.relistEvery;
    return due ? relist() : openWatch();
  }
  resume_ = Resume::Watch;
  state_ = State::Backoff;
  return Wait{backoff_.next(random_())};
}

// A parser keeps some 13 bytes for each byte of the longest document it has seen.
void WatchFsm::trimParser() {
  if (parser_.capacity() > keepParserCapacity) parser_ = simdjson::dom::parser();
}

}  // namespace bailiwick::kube
