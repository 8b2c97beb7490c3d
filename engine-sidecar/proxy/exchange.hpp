#pragma once
// One request and its answer: judged, given a place, sent to a target (to another one where that
// failed before the answer began), and answered. The answer is passed on as it comes.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/response_parser.hpp"
#include "proxy/connect.hpp"
#include "proxy/session.hpp"
#include "proxy/shadow_copy.hpp"
#include "proxy/trace.hpp"
#include "route/law.hpp"
#include "route/paths.hpp"

namespace bailiwick::sidecar {

class Exchange final : private StopSign {
 public:
  // The session's parser has a request.
  explicit Exchange(Session& session);
  ~Exchange();

  // Whether the connection may serve another request; else it ends.
  Task<bool> run();

 private:
  // How an attempt at one target ended.
  enum class Outcome {
    Answered,  // an answer's head is there
    Failed,    // the target
    Late,      // requestTimeout
    Gone,      // the client
    Refused,   // the request itself: refusal_ says why
    Cut,
  };
  const Config& config() const { return core_.plane.config; }
  std::int64_t maxBodySize() const;
  Instant timeout() const;  // when there has to be a whole answer
  const http::RequestHead& head() const { return session_.work->parser.head(); }
  bool stopped() override;

  // Before it is sent anywhere (judge.cpp).
  std::optional<Refusal> judge();
  std::optional<Refusal> authenticate();
  Operation ofDeployment() const;
  std::optional<Refusal> findTable();
  std::optional<Refusal> readLaw();
  std::optional<Refusal> checkBody() const;
  bool scansBody() const;
  std::optional<Refusal> checkModel();
  std::string_view routingHeader(std::string_view name, std::optional<Refusal>& refusal) const;

  // Places and bodies (exchange.cpp).
  Task<std::optional<Refusal>> findPlace();
  Task<std::optional<Refusal>> readAhead();
  std::optional<Refusal> bodyRefusal(RequestBody::Pulled pulled) const;
  Task<bool> answerModels();
  Task<bool> refuse(const Refusal& refusal);
  Task<bool> serve();
  void gone();
  void finish();
  Refusal whyNot(Outcome outcome);
  Refusal upstreamFailed() const;
  Refusal unknownModel(std::string_view name) const;
  static Refusal bodyLate();
  static Refusal brokenOff();

  // One attempt (attempt.cpp).
  // `fresh`: over a new connection.
  Task<Outcome> attempt(std::size_t index, bool fresh);
  Task<Outcome> reach(const Way& way, bool fresh);
  Task<Outcome> transact();
  Outcome weigh(const Target& target, std::size_t index);
  void prepare(const Target& target, const Way& way);
  void appendHead(std::string& out, const Target& target, const Way& way);
  std::string_view clientCredential() const;
  bool isSent() const;
  void setDeadline();
  bool sendMore();
  bool sendChunk();
  std::optional<Outcome> receiveMore();
  std::optional<Outcome> uploadMore();
  std::optional<Outcome> interrupted();
  Attempt retryState() const;
  bool mayTryAgain();

  // The answer (relay.cpp).
  Task<bool> relay(const Target& target, const Way& way);
  void beginAnswer(const Way& way);
  void passOn(std::string_view bytes);
  std::string_view passSome(std::string_view bytes);
  void sendParts(const iovec* parts, int count);
  void flushPending();
  void flushOrStall();
  bool moveAnswer();
  std::optional<Refusal> answerFault(const Target& target);
  void upstreamOver(const Io& io);
  void maybeRelease();
  void maybeCopy();
  void noteGap();
  bool endRelay(const Way& way);
  Task<bool> breakOff(const Refusal& why);

  Session& session_;
  Core& core_;
  const Instant begun_;
  Record record_;
  std::string path_;  // for the record
  Operation operation_ = Operation::Unknown;
  TraceParent trace_;
  std::shared_ptr<const Keys> keys_;
  std::shared_ptr<const Table> table_;
  std::string_view region_;  // x-bailiwick-region, as a gateway believes it
  Query query_;
  RequestBody body_;
  std::shared_ptr<Place> place_;
  Ending ending_ = Ending::Completed;
  std::optional<Refusal> refusal_;
  std::shared_ptr<ShadowCopy> shadow_;

  Stream upstream_;
  bool reused_ = false;    // the connection has served before
  bool accepted_ = false;  // a byte of the request was sent to the present target
  bool granted_ = false;   // the next attempt is paid for already
  std::string fault_;      // of the last attempt
  std::size_t headSent_ = 0;
  std::uint64_t bodySent_ = 0;
  bool chunkedOut_ = false;
  bool lastChunkSent_ = false;
  std::string unsent_;       // of a chunk that went out in part
  bool awaitsBody_ = false;  // the client is to send more

  http::ResponseParser answer_;
  std::string answerHead_;       // where it came in several pieces
  std::string_view firstBytes_;  // of the body, that came with the head
  http::ChunkDecoder decoder_;
  std::uint64_t left_ = 0;  // of an answer with a length
  bool chunkedBack_ = false;
  bool closes_ = false;  // the connection to the client, after this answer
  bool isEvents_ = false;
  bool answerDone_ = false;  // its last byte has come
  bool answerBroken_ = false;
  bool clientGone_ = false;
  bool stalled_ = false;       // the client does not take what is pending
  bool upstreamKeeps_ = true;  // its connection may be used again
  std::string pending_;        // what the client did not take yet
  Instant firstByteAt_{};
  Instant lastPieceAt_{};
};

}  // namespace bailiwick::sidecar
