#pragma once
// What is taken from the header fields of an answer, whatever library read them.

#include <string_view>

#include "kube/transport.hpp"

namespace bailiwick::kube {

// The values of the fields; empty: it is not there. What cannot be read counts as not there.
struct HeadFields {
  std::string_view contentType, retryAfter, date;
};
ResponseHead headOf(int status, const HeadFields& fields);

}  // namespace bailiwick::kube
