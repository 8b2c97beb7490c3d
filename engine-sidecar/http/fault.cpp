#include "http/fault.hpp"

namespace bailiwick::sidecar::http {

std::string_view describe(Fault fault) {
  switch (fault) {
    case Fault::None: return "nothing is wrong";
    case Fault::LineEnding: return "a line does not end with CR LF";
    case Fault::Control: return "the head has a control character";
    case Fault::EmptyLines: return "more than one empty line comes before the request";
    case Fault::FirstLine: return "the first line is not METHOD TARGET HTTP/1.1";
    case Fault::Method: return "the method is not of upper case letters";
    case Fault::Target: return "the target is neither a path nor an http URL";
    case Fault::Path:
      return "the path has a dot segment, or a dot, a separator or a control in percent encoding";
    case Fault::Version: return "the version is neither HTTP/1.0 nor HTTP/1.1";
    case Fault::FieldName: return "a header's name is malformed";
    case Fault::FieldValue: return "a header's value is malformed";
    case Fault::Folding: return "a header is folded over several lines";
    case Fault::TooManyFields: return "there are too many headers";
    case Fault::TooLarge: return "the headers are too large";
    case Fault::NoHost: return "Host is missing";
    case Fault::Host: return "Host is malformed or given twice";
    case Fault::Authority: return "the target names another host than Host";
    case Fault::Length: return "Content-Length is malformed or given twice";
    case Fault::Coding: return "Transfer-Encoding is not one chunked of HTTP/1.1";
    case Fault::LengthAndCoding: return "Content-Length and Transfer-Encoding are both given";
    case Fault::Connection: return "Connection names a header that is not for one hop";
    case Fault::Upgrade: return "protocols are not changed here";
    case Fault::Expect: return "only 100-continue may be expected";
    case Fault::Repeated: return "a header is given twice of which there may be one";
    case Fault::ChunkSize: return "the size of a chunk is malformed or too large";
    case Fault::ChunkExtension: return "a chunk extension is malformed or too long";
    case Fault::ChunkEnd: return "a chunk does not end where its size says";
    case Fault::Trailer: return "the trailer is malformed or too large";
  }
  return "the message is malformed";
}

}  // namespace bailiwick::sidecar::http
