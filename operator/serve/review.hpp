#pragma once
// AdmissionReview (admission.k8s.io/v1) as bytes: read strictly, because anybody in the pod network
// may send one, and written.

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/result.hpp"

namespace bailiwick::serve {

enum class Operation { Create, Update, Delete };

// Refers to the parsed document.
struct ReviewRequest {
  std::string_view uid, kind;
  Operation operation = Operation::Create;
  bool subresource = false;
  std::optional<simdjson::dom::element> object, oldObject;
};

// Fails on anything but one review of one of Bailiwick's kinds, in this version, without a key that
// is given twice (readers differ on which of them counts).
Result<ReviewRequest> readReview(simdjson::dom::element document);

struct ReviewAnswer {
  bool allowed = true;
  int code = 403;       // of a refusal
  std::string message;  // of a refusal
  std::vector<std::string> warnings;
};
// Bounded as the API server bounds it: warnings of 256 bytes, 4096 in all.
std::string writeReview(std::string_view uid, const ReviewAnswer& answer);

}  // namespace bailiwick::serve
