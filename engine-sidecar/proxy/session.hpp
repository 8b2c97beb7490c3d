#pragma once
// One client connection: requests one after the other, each an Exchange, until either side ends it.

#include <memory>
#include <string>

#include "proxy/core.hpp"
#include "proxy/stream.hpp"
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
  Session(Core& core, Stream client, Door door, std::string address);
  ~Session();

  // Ends with the connection. Nothing that a client sends gets out of here as an exception.
  static Task<void> serve(Core& core, Stream client, TlsContext tls, Door door,
                          std::string address);

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

  Task<void> run(TlsContext tls);
  Task<bool> shakeHands(SSL_CTX* context);
  Task<Heard> hear();
  bool readSome();
  bool isIdle() const { return !work || (!work->parser.begun() && work->in.view().empty()); }
  Task<void> refuseMalformed();
  Task<void> linger();

  bool served_ = false;  // a request, before
};

// The whole answer, head and body.
std::string answerOf(const Refusal& refusal, bool close);
std::string jsonAnswer(int status, std::string_view body, std::string_view headers, bool close);

}  // namespace bailiwick::sidecar
