#include "route/paths.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bailiwick::sidecar {
namespace {

constexpr std::array<std::pair<std::string_view, Operation>, 4> posted{
    {{"/v1/chat/completions", Operation::Chat},
     {"/v1/completions", Operation::Completions},
     {"/v1/embeddings", Operation::Embeddings},
     {"/v1/responses", Operation::Responses}}};
constexpr std::string_view models = "/v1/models";

// Names of models have slashes ("org/model"); nothing that another parser may read otherwise.
bool isModelPath(std::string_view path) {
  if (path == models) return true;
  if (!path.starts_with(models) || path[models.size()] != '/') return false;
  const std::string_view name = path.substr(models.size() + 1);
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:/").find(c) != std::string_view::npos;
  });
  return plain && !name.empty() && name.front() != '/' && name.back() != '/' &&
         name.find("//") == std::string_view::npos && name.find("..") == std::string_view::npos;
}

}  // namespace

Paths::Paths(std::vector<std::string> configured) : configured_(std::move(configured)) {
  std::sort(configured_.begin(), configured_.end());
}

Operation Paths::find(std::string_view method, std::string_view path) const {
  const bool get = method == "GET", post = method == "POST";
  if (post) {
    for (const auto& [known, operation] : posted)
      if (path == known) return operation;
  }
  if (get && isModelPath(path)) return Operation::Models;
  const bool configured =
      std::binary_search(configured_.begin(), configured_.end(), path, std::less<>());
  return configured && (get || post) ? Operation::Configured : Operation::Unknown;
}

ModelField modelField(Operation operation) {
  switch (operation) {
    case Operation::Chat:
    case Operation::Completions:
    case Operation::Embeddings:
    case Operation::Responses:
      return ModelField::Required;
    case Operation::Configured:
      return ModelField::Optional;
    case Operation::Models:
    case Operation::Unknown:
      break;
  }
  return ModelField::None;
}

bool repeatable(Operation operation) {
  return operation == Operation::Chat || operation == Operation::Completions ||
         operation == Operation::Embeddings || operation == Operation::Models;
}

}  // namespace bailiwick::sidecar
