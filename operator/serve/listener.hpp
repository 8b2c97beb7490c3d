#pragma once
// Opening the socket of a server. Internal to the servers.

#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "serve/address.hpp"

namespace bailiwick::serve {

Result<void> openAt(const std::string& address, boost::asio::ip::tcp::acceptor& acceptor);

}  // namespace bailiwick::serve
