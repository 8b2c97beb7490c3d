// What is decided on a request before it is sent anywhere.

#include "http/chars.hpp"
#include "proxy/exchange.hpp"

namespace bailiwick::sidecar {
namespace {

Refusal badRequest(std::string message) {
  return {Code::BadRequest, std::move(message), {}};
}

constexpr std::size_t maxLoggedPath = 200;

bool isJson(const http::RequestHead& head) {
  const http::Field* type = http::find(head.fields, http::Known::ContentType);
  return type && http::startsNoCase(type->value, "application/json");
}

// Several headers of one name are one list.
std::optional<std::string> joined(const http::RequestHead& head, http::Known known) {
  std::optional<std::string> value;
  for (const http::Field& field : head.fields) {
    if (field.known != known) continue;
    if (value) {
      *value += ',';
    } else {
      value.emplace();
    }
    value->append(field.value);
  }
  return value;
}

}  // namespace

std::optional<Refusal> Exchange::judge() {
  record_.method = head().method == "GET" ? "GET" : head().method == "POST" ? "POST" : "other";
  path_ = head().target.path.substr(0, maxLoggedPath);
  record_.path = path_;
  if (auto refusal = authenticate()) return refusal;
  if (operation_ == Operation::Unknown && core_.plane.isGateway()) operation_ = ofDeployment();
  if (operation_ == Operation::Unknown) {
    return Refusal{
        Code::UnknownPath,
        std::string(head().target.path) + " is not served here to " + std::string(head().method),
        {}};
  }
  if (auto refusal = findTable()) return refusal;
  if (auto refusal = readLaw()) return refusal;
  return checkBody();
}

// Peers have shown a certificate; their clients have shown their keys to them.
std::optional<Refusal> Exchange::authenticate() {
  if (session_.door == Door::Peers || config().keysFile.empty()) return std::nullopt;
  const http::Field* field = http::find(head().fields, http::Known::Authorization);
  std::optional<Refusal> refusal;
  const std::string_view value =
      field ? field->value : routingHeader("x-bailiwick-authorization", refusal);
  if (refusal) return refusal;
  keys_ = core_.plane.keys();
  const std::string* name = keys_ ? keys_->find(bearerKey(value)) : nullptr;
  if (name) {
    record_.key = *name;
    return std::nullopt;
  }
  return Refusal{Code::InvalidKey,
                 value.empty() ? "no API key; send it as Authorization: Bearer KEY"
                               : "the API key is not known here",
                 {}};
}

// Empty where it is absent. One given twice could be believed in two ways.
std::string_view Exchange::routingHeader(std::string_view name,
                                         std::optional<Refusal>& refusal) const {
  std::string_view value;
  int count = 0;
  for (const http::Field& field : head().fields) {
    if (field.known != http::Known::Routing || !http::equalsNoCase(field.name, name)) continue;
    value = field.value;
    if (++count > 1) refusal = badRequest(std::string(name) + " is given twice");
  }
  return value;
}

// What the engines of the deployment serve beside the paths that all do.
Operation Exchange::ofDeployment() const {
  std::optional<Refusal> ignored;
  const auto table = core_.book->find(routingHeader("x-bailiwick-deployment", ignored));
  return table ? table->paths.find(head().method, head().target.path) : Operation::Unknown;
}

// A gateway is told the deployment. A hop is believed of peers; of others only where it names the
// deployment itself, as the sidecars of its variants mark what they send to one another: a client
// who guesses that restricts its own request and nothing else.
std::optional<Refusal> Exchange::findTable() {
  std::optional<Refusal> refusal;
  const std::string_view hop = routingHeader("x-bailiwick-hop", refusal);
  std::string_view deployment = config().identity.deployment;
  if (core_.plane.isGateway()) {
    deployment = routingHeader("x-bailiwick-deployment", refusal);
    if (session_.door == Door::Data) region_ = routingHeader("x-bailiwick-region", refusal);
    if (!refusal && deployment.empty())
      refusal = badRequest("a gateway is asked with x-bailiwick-deployment: NAMESPACE/NAME");
  }
  if (refusal) return refusal;
  table_ = core_.book->find(deployment);
  if (!table_ && core_.plane.isGateway()) {
    // A peer may have heard of the deployment sooner than this gateway. It asks elsewhere for a server's
    // fault, and would pass a 404 on.
    std::string none = "deployment " + std::string(deployment) + " has no routes here";
    if (session_.door == Door::Peers)
      return Refusal{Code::NoBackend, std::move(none), std::chrono::seconds(1)};
    return Refusal{Code::UnknownModel, std::move(none), {}};
  }
  if (!table_)
    return Refusal{Code::NoBackend, "no route table has been read yet", std::chrono::seconds(1)};
  query_.hopped = session_.door == Door::Peers || (!hop.empty() && hop == table_->deployment);
  query_.towards = region_;
  query_.stale = table_->freshness->isPast(config().routes.maxAge, begun_);
  return std::nullopt;
}

std::optional<Refusal> Exchange::readLaw() {
  auto law = parseLaw(joined(head(), http::Known::DataJurisdiction),
                      joined(head(), http::Known::DataResidency));
  if (!law) return std::move(law.error());
  query_.law = std::move(*law);
  return std::nullopt;
}

bool Exchange::scansBody() const {
  const ModelField field = modelField(operation_);
  return field == ModelField::Required || (field == ModelField::Optional && isJson(head()));
}

std::optional<Refusal> Exchange::checkBody() const {
  const auto most = static_cast<std::uint64_t>(maxBodySize());
  if (head().length > most)
    return Refusal{Code::TooLarge,
                   "the body has " + std::to_string(head().length) + " bytes, " +
                       std::to_string(most) + " are allowed",
                   {}};
  const http::Field* encoding = http::find(head().fields, http::Known::ContentEncoding);
  if (encoding && scansBody() && !http::equalsNoCase(encoding->value, "identity"))
    return badRequest("Content-Encoding " + std::string(encoding->value) +
                      " is not read here; send the body as it is");
  return std::nullopt;
}

// A client asks for the served name. What another sidecar has forwarded may ask by the name that a
// target goes by; a gateway leaves that to the sidecar at the end of the way.
std::optional<Refusal> Exchange::checkModel() {
  const http::BodyScanner* scanner = body_.scanner();
  if (!scanner) return std::nullopt;
  if (scanner->fault() != http::JsonFault::None)
    return badRequest(std::string(http::describe(scanner->fault())));
  if (scanner->hasModel()) {
    if (core_.plane.isGateway() || table_->knowsModel(scanner->model(), query_.hopped))
      return std::nullopt;
    return unknownModel(scanner->model());
  }
  if (!body_.complete() || modelField(operation_) == ModelField::Optional) return std::nullopt;
  return badRequest("the body names no \"model\"; " +
                    http::quoted(table_->routes.table().servedName) + " is served here");
}

}  // namespace bailiwick::sidecar
