#pragma once
// {name} in the catalogue's commands, arguments and environment, replaced in one pass: what was put
// in is not looked at again, and braces that name nothing (JSON in an argument) stay.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bailiwick::render {

using Placeholders = std::map<std::string, std::string, std::less<>>;

std::string substitute(std::string_view text, const Placeholders& values);
std::vector<std::string> substitute(const std::vector<std::string>& texts,
                                    const Placeholders& values);

// `text` so that Kubernetes leaves it as it is: "$(NAME)" in commands, arguments and environment
// would be replaced by a variable, "$$" is a dollar.
std::string literal(std::string_view text);

}  // namespace bailiwick::render
