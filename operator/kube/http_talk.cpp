#include "kube/http_talk.hpp"

#include "kube/response_head.hpp"

namespace bailiwick::kube {
namespace {

namespace http = boost::beast::http;

http::verb verbOf(Method method) {
  switch (method) {
    case Method::Post:
      return http::verb::post;
    case Method::Patch:
      return http::verb::patch;
    case Method::Delete:
      return http::verb::delete_;
    case Method::Get:
      break;
  }
  return http::verb::get;
}

}  // namespace

TalkTimes::TalkTimes(const Request& request, std::optional<std::chrono::milliseconds> idle_)
    : end(std::chrono::steady_clock::now() + request.deadline), idle(idle_) {
  if (request.notAfter) end = std::min(end, *request.notAfter);
}

TalkMessage talkMessage(const Request& request, const TalkNames& names, const Secret& token) {
  TalkMessage message;
  message.method(verbOf(request.method));
  message.target(names.pathPrefix + request.target());
  message.version(11);
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.set(http::field::host, names.host);
  message.set(http::field::user_agent, names.userAgent);
  message.set(http::field::accept, "application/json");
  message.set(http::field::connection, "close");
  if (!token.empty()) message.set(http::field::authorization, "Bearer " + token.reveal());
  if (!request.contentType.empty()) message.set(http::field::content_type, request.contentType);
  message.body() = request.body;
  message.prepare_payload();
  return message;
}

ResponseHead talkHead(const http::response_header<>& from) {
  const auto field = [&](http::field name) {
    const auto value = from[name];
    return std::string_view(value.data(), value.size());
  };
  return headOf(static_cast<int>(from.result_int()),
                {field(http::field::content_type), field(http::field::retry_after),
                 field(http::field::date)});
}

}  // namespace bailiwick::kube
