#pragma once
// How far an exit order is, for people. Pure.

#include <string>

#include "api/exit_order.hpp"
#include "plugin/terminal.hpp"

namespace bailiwick::plugin {

std::string statusText(const api::ExitOrder& order, const Terminal& terminal, api::Time now);
// One line: what a log wants to know.
std::string statusLine(const api::ExitOrder& order);

// Nothing more will happen by itself.
bool isOver(const api::ExitOrder& order);
// A person must act.
bool needsHelp(const api::ExitOrder& order);

}  // namespace bailiwick::plugin
