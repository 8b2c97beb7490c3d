#include "route/paths.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

TEST(Paths, ServeWhatIsListedAndNothingElse) {
  const Paths paths({"/tokenize", "/generate"});
  const struct {
    const char* method;
    const char* path;
    Operation operation;
  } cases[] = {
      {"POST", "/v1/chat/completions", Operation::Chat},
      {"POST", "/v1/completions", Operation::Completions},
      {"POST", "/v1/embeddings", Operation::Embeddings},
      {"POST", "/v1/responses", Operation::Responses},
      {"GET", "/v1/models", Operation::Models},
      {"GET", "/v1/models/deepseek-ai/DeepSeek-V3.2", Operation::Models},
      {"POST", "/tokenize", Operation::Configured},
      {"GET", "/generate", Operation::Configured},
      {"GET", "/v1/chat/completions", Operation::Unknown},
      {"post", "/v1/chat/completions", Operation::Unknown},
      {"PUT", "/v1/chat/completions", Operation::Unknown},
      {"DELETE", "/v1/models/x", Operation::Unknown},
      {"DELETE", "/tokenize", Operation::Unknown},
      {"POST", "/v1/models", Operation::Unknown},
      {"POST", "/v1/chat/completions/", Operation::Unknown},
      {"POST", "/v1//chat/completions", Operation::Unknown},
      {"POST", "/V1/chat/completions", Operation::Unknown},
      {"POST", "/v1/chat%2fcompletions", Operation::Unknown},
      {"POST", "/v1/chat/completions?x", Operation::Unknown},
      {"POST", "/v1/../tokenize", Operation::Unknown},
      {"POST", "/v1/load_lora_adapter", Operation::Unknown},
      {"POST", "/update_weights_from_disk", Operation::Unknown},
      {"GET", "/flush_cache", Operation::Unknown},
      {"GET", "/v1/responses/abc", Operation::Unknown},
      {"GET", "/v1/models/", Operation::Unknown},
      {"GET", "/v1/models/../tokenize", Operation::Unknown},
      {"GET", "/v1/models//x", Operation::Unknown},
      {"GET", "/v1/models/%2e%2e", Operation::Unknown},
      {"GET", "/v1/models/x/", Operation::Unknown},
      {"GET", "/v1/modelsx", Operation::Unknown},
      {"GET", "/metrics", Operation::Unknown},
      {"GET", "/", Operation::Unknown},
      {"GET", "", Operation::Unknown},
      {"", "/tokenize", Operation::Unknown},
  };
  for (const auto& c : cases)
    EXPECT_EQ(paths.find(c.method, c.path), c.operation) << c.method << " " << c.path;
  EXPECT_EQ(Paths({}).find("POST", "/tokenize"), Operation::Unknown);
}

TEST(Paths, SayWhereAModelIsNamedAndWhatMayBeAskedTwice) {
  const struct {
    Operation operation;
    ModelField field;
    bool twice;
  } cases[] = {
      {Operation::Chat, ModelField::Required, true},
      {Operation::Completions, ModelField::Required, true},
      {Operation::Embeddings, ModelField::Required, true},
      {Operation::Responses, ModelField::Required, false},
      {Operation::Models, ModelField::None, true},
      {Operation::Configured, ModelField::Optional, false},
      {Operation::Unknown, ModelField::None, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(modelField(c.operation), c.field);
    EXPECT_EQ(repeatable(c.operation), c.twice);
  }
}

}  // namespace
}  // namespace bailiwick::sidecar
