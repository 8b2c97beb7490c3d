#pragma once
// What every container of ours gets unless the catalogue says otherwise: restricted pod security.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bailiwick::render {

// The "restricted" level of the Pod Security Standards, with a read-only root.
nlohmann::json restrictedContext();

// Empty folders over a read-only root, one volume for each path, named PREFIX-0, PREFIX-1, …
struct Scratch {
  nlohmann::json volumes, mounts;
};
Scratch scratch(const std::string& prefix, const std::vector<std::string>& paths);

}  // namespace bailiwick::render
