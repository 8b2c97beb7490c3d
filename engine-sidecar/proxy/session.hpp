#pragma once
// One client connection: requests one after the other, each an Exchange, until either side ends it.

#include <memory>
#include <string>

#include "proxy/core.hpp"
#include "proxy/stream.hpp"
#include "proxy/tls.hpp"
#include "route/refusal.hpp"

namespace bailiwick::sidecar {

// What is believed of a request depends on the listener that it came to.
enum class Door {
  Data,   // clients; in a gateway, this region's pods
  Peers,  // other regions' gateways, which showed their certificate
};

class Session final : public Cuttable {
 public:
  // `address` is the client's.
  Session(Core& core, Stream client, const ServerCertificates* certificates, Door door,
          std::string address);
  ~Session();

  // Ends with the connection. Nothing that a client sends gets out of here as an exception.
  // `certificates`: of its listener; null where that is plain.
  static Task<void> serve(Core& core, Stream client, const ServerCertificates* certificates,
                          Door door, std::string address);

  void cut() override;
  void reconsider() override { waiter.ready(); }

  // For exchanges.
  Core& core;
  Stream client;
  const Door door;
  const std::string address;
  Waiter waiter;
  Deadline deadline;
  std::unique_ptr<Workspace> work;  // null while there is no request
  bool isCut = false;

  // Sends all of it; false once the client does not take it.
  Task<bool> send(std::string bytes);
  // Ours, in OpenAI's shape. `close`: the connection ends with it.
  Task<bool> refuse(const Refusal& refusal, bool close);

 private:
  enum class Heard { Request, Malformed, Nothing };

  Task<void> run();
  Task<bool> shakeHands();
  Task<Heard> hear();
  bool readSome();
  bool isIdle() const { return !work || (!work->parser.begun() && work->in.view().empty()); }
  // Whether the peer was let in by files that have changed since: it has to show itself anew.
  bool isOutdated() const {
    return door == Door::Peers && certificates_ && certificates_->get() != tls_;
  }
  Task<void> refuseMalformed();
  Task<void> linger();

  const ServerCertificates* const certificates_;
  const TlsContext tls_;
  bool served_ = false;  // a request, before
};

// The whole answer, head and body.
std::string answerOf(const Refusal& refusal, bool close);
std::string jsonAnswer(int status, std::string_view body, std::string_view headers, bool close);

}  // namespace bailiwick::sidecar
