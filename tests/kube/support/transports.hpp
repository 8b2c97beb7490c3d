#pragma once
// The transports that speak TLS to an API server, for tests of what holds of both.

#include <gtest/gtest.h>

#include "kube/cpprest_transport.hpp"
#include "kube/tls_transport.hpp"

namespace bailiwick::kube::test {

struct TransportRow {
  const char* name;
  std::unique_ptr<Transport> (*make)(ClusterConfig, TransportOptions);
  friend void PrintTo(const TransportRow& row, std::ostream* out) { *out << row.name; }
};

inline const TransportRow cpprest{"Cpprest", makeTransport};
inline const TransportRow tls{"Tls", makeTlsTransport};

inline const auto transportName = [](const auto& row) { return std::string(row.param.name); };

}  // namespace bailiwick::kube::test
