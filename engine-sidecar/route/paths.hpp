#pragma once
// Which requests are served at all. What an engine offers beside them changes its state, shows
// prompts or fetches addresses (facts of each engine), so that everything else is 404.

#include <string>
#include <string_view>
#include <vector>

namespace bailiwick::sidecar {

enum class Operation { Chat, Completions, Embeddings, Responses, Models, Configured, Unknown };

class Paths {
 public:
  // `configured`: paths beside the OpenAI-compatible ones, served to GET and POST.
  explicit Paths(std::vector<std::string> configured);

  // `path` without its query. Only the exact spelling counts: an escape or a dotted segment makes
  // another path, which is unknown. The method is case-sensitive (RFC 9110, 9.1).
  Operation find(std::string_view method, std::string_view path) const;

 private:
  std::vector<std::string> configured_;  // sorted
};

// Whether the request's JSON body names a `model`, which is checked and replaced by the target's
// own.
enum class ModelField { None, Optional, Required };
ModelField modelField(Operation operation);
// Whether asking twice does no harm: it computes an answer and keeps nothing.
bool repeatable(Operation operation);

}  // namespace bailiwick::sidecar
