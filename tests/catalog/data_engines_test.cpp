// The shipped data against facts/engines.md, written down a second time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "catalog/one_file.hpp"
#include "render/metadata.hpp"

namespace bailiwick::catalog {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::shipped;

// Everything that an engine is started with, in one text.
std::string startOf(const Engine& engine) {
  std::string out;
  for (const auto& list : {engine.command, engine.args}) {
    for (const std::string& word : list) out += word + "\n";
  }
  for (const auto& [name, value] : engine.env) out += name + "=" + value + "\n";
  return out;
}

TEST(ShippedEngines, HavePortsHealthAndMetricsOfTheFacts) {
  const struct {
    const char* name;
    int port;
    const char *health, *metrics;
  } rows[] = {{"vllm", 8000, "/health", "/metrics"},
              {"vllm-ascend", 8000, "/health", "/metrics"},
              {"sglang", 30000, "/health", "/metrics"},
              {"tgi", 8081, "/health", "/metrics"},  // 80 in the image, which only root may bind
              {"trtllm-serve", 8000, "/health", ""},
              {"nim", 8000, "/v1/health/ready", "/v1/metrics"},
              {"mindie", 1025, "/info", ""},
              {"lmdeploy", 23333, "/health", "/metrics"},
              {"fastdeploy", 8180, "/health", ""},
              {"llama.cpp", 8081, "/health", "/metrics"},
              {"ollama", 11434, "/api/version", ""}};
  EXPECT_EQ(shipped().engines.size(), std::size(rows));
  for (const auto& row : rows) {
    const Engine* engine = shipped().engine(row.name);
    ASSERT_NE(engine, nullptr) << row.name;
    EXPECT_EQ(engine->port, row.port) << row.name;
    EXPECT_EQ(engine->health.path, row.health) << row.name;
    EXPECT_EQ(engine->metricsPath, row.metrics) << row.name;
  }
}

TEST(ShippedEngines, RunOnTheVendorsOfTheFacts) {
  const struct {
    const char *engine, *vendor, *product, *image;
  } rows[] = {
      {"vllm", "nvidia", "NVIDIA-H200", "vllm/vllm-openai:"},
      {"vllm", "amd", "AMD_Instinct_MI300X_OAM", "vllm/vllm-openai-rocm:"},
      {"vllm", "intel-gpu", "", "vllm/vllm-openai-xpu:"},
      {"vllm", "cpu", "", "vllm/vllm-openai-cpu:"},
      {"vllm-ascend", "huawei-ascend", "910B3", "quay.io/ascend/vllm-ascend:v0.23.0"},
      {"vllm-ascend", "huawei-ascend", "Ascend910_9392", "quay.io/ascend/vllm-ascend:v0.23.0-a3"},
      {"vllm-ascend", "huawei-ascend", "310P3", "quay.io/ascend/vllm-ascend:v0.23.0-310p"},
      {"vllm-ascend", "huawei-ascend", "Ascend950DT", "quay.io/ascend/vllm-ascend:v0.23.0-950dt"},
      {"sglang", "nvidia", "NVIDIA-H20", "lmsysorg/sglang:"},
      {"sglang", "amd", "AMD_Instinct_MI300X_OAM", "-mi30x"},
      {"sglang", "amd", "AMD_Instinct_MI355X", "-mi35x"},
      {"tgi", "amd", "", "-rocm"},
      {"mindie", "huawei-ascend", "310P3", "300I-Duo"},
      {"fastdeploy", "kunlunxin", "", "fastdeploy-xpu:"},
      {"llama.cpp", "cpu", "", "ghcr.io/ggml-org/llama.cpp:server-b"},
      {"llama.cpp", "mthreads", "", "server-musa-"},
      {"ollama", "cpu", "", "ollama/ollama:"}};
  for (const auto& row : rows) {
    const EngineImage* image = shipped().engine(row.engine)->imageFor(row.vendor, row.product);
    ASSERT_NE(image, nullptr) << row.engine << " " << row.vendor;
    EXPECT_THAT(image->image, HasSubstr(row.image)) << row.engine << " " << row.product;
  }
  EXPECT_EQ(shipped().engine("vllm")->imageFor("huawei-ascend", ""), nullptr);
  EXPECT_EQ(shipped().engine("mindie")->imageFor("nvidia", ""), nullptr);
  EXPECT_EQ(shipped().engine("vllm")->imageFor("cambricon", "")->image, "") << "none is public";
  for (const auto& [name, engine] : shipped().engines)
    EXPECT_EQ(engine.imageFor("horizon", ""), nullptr) << name;
}

// Facts list A2, A3, 310P and 950DT of vllm-ascend, A2 and A3 of sglang, those and 310P of mindie
// and lmdeploy. CCE does not tell its chips.
TEST(ShippedEngines, RunOnNoAscendThatTheFactsDoNotList) {
  const std::map<std::string, std::string> expected = {
      {"vllm-ascend", "310P3 910B1 910B2 910B3 910B4 910B4-1 Ascend310P Ascend910B2 Ascend910B3 "
                      "Ascend910B4 Ascend910B4-1 Ascend910C Ascend910_9362 Ascend910_9372 "
                      "Ascend910_9381 Ascend910_9382 Ascend910_9391 Ascend910_9392 Ascend950DT"},
      {"sglang", ""},
      {"mindie", "310P3 910B1 910B2 910B3 910B4 910B4-1 Ascend310P Ascend910B2 Ascend910B3 "
                 "Ascend910B4 Ascend910B4-1 Ascend910C Ascend910_9362 Ascend910_9372 "
                 "Ascend910_9381 Ascend910_9382 Ascend910_9391 Ascend910_9392"},
      {"lmdeploy", ""}};
  for (const auto& [name, withImage] : expected) {
    const Engine& engine = *shipped().engine(name);
    std::set<std::string> found;
    for (const Product& product : shipped().vendor("huawei-ascend")->products) {
      const EngineImage* image = engine.imageFor("huawei-ascend", product.name);
      if (image != nullptr && !image->image.empty()) found.insert(product.name);
    }
    std::string words;
    for (const std::string& product : found) words += (words.empty() ? "" : " ") + product;
    EXPECT_EQ(words, withImage) << name;
    for (const char* product : {"910A", "Ascend910A", "huawei-Ascend310", ""})
      EXPECT_EQ(engine.imageFor("huawei-ascend", product), nullptr) << name << " " << product;
    EXPECT_EQ(engine.imageFor("huawei-ascend", "ascend-1980")->image, "") << name;
  }
  EXPECT_EQ(shipped().engine("sglang")->imageFor("huawei-ascend", "910B3")->image, "");
  EXPECT_EQ(shipped().engine("sglang")->imageFor("huawei-ascend", "310P3"), nullptr);
  EXPECT_EQ(shipped().engine("sglang")->imageFor("huawei-ascend", "Ascend950PR"), nullptr);
  EXPECT_EQ(shipped().engine("vllm-ascend")->imageFor("huawei-ascend", "Ascend950PR")->image, "");
  EXPECT_EQ(shipped().engine("sglang")->imageFor("amd", ""), nullptr);
  EXPECT_EQ(shipped().engine("sglang")->imageFor("amd", "AMD_Instinct_MI250X")->image, "");
}

TEST(ShippedEngines, HaveNoImageWhoseTagMoves) {
  const auto expectPinned = [](const std::string& image, const std::string& whose) {
    for (const char* word : {"latest", "main", "nightly", "dev", "master"})
      EXPECT_EQ(image.find(word), std::string::npos) << whose << ": " << image;
    const std::string tag = image.substr(image.rfind(':') + 1);
    EXPECT_TRUE(image.empty() || tag.find_first_of("0123456789") != std::string::npos) << image;
  };
  for (const auto& [name, engine] : shipped().engines) {
    for (const EngineImage& image : engine.images) expectPinned(image.image, name);
  }
  for (const auto& [type, fetcher] : shipped().fetchers) expectPinned(fetcher.image, type);
}

// Every number that is a port somewhere in the start of an engine, MindIE's two beside its own
// included: one each, and none that the sidecar has.
TEST(ShippedEngines, ShareNoPortWithTheSidecarOrAmongThemselves) {
  EXPECT_THAT(sidecarPorts,
              ::testing::UnorderedElementsAre(render::dataPort, 9090, render::observePort));
  std::set<std::string> sidecar;
  for (const int port : sidecarPorts) sidecar.insert(std::to_string(port));
  for (const auto& [name, engine] : shipped().engines) {
    std::multiset<std::string> ports = {std::to_string(engine.port)};
    if (name == "mindie") ports.insert({"1026", "1027"});
    if (name == "tgi") ports.insert("9000");  // its second metrics port, by default
    for (const auto* list : {&engine.args, &engine.multiNodeArgs}) {
      for (std::size_t i = 1; i < list->size(); ++i) {
        const std::string &option = (*list)[i - 1], value = (*list)[i];
        if (option.ends_with("port")) ports.insert(value);
        if (const auto colon = value.rfind(':'); colon != value.npos)
          ports.insert(value.substr(colon + 1));
      }
    }
    ports.erase("{port}");
    for (const std::string& port : ports) {
      EXPECT_FALSE(sidecar.contains(port)) << name << " " << port;
      EXPECT_EQ(ports.count(port), 1U) << name << " " << port;
    }
    for (const auto& [variable, value] : engine.env) {
      for (const std::string& port : sidecar) EXPECT_NE(value, port) << name << " " << variable;
    }
  }
}

TEST(ShippedEngines, SayWhichReadNoArguments) {
  for (const auto& [name, engine] : shipped().engines)
    EXPECT_EQ(engine.acceptsArgs, name != "mindie" && name != "nim" && name != "ollama") << name;
}

TEST(ShippedEngines, ListenOnTheLoopbackAddress) {
  for (const auto& [name, engine] : shipped().engines) {
    EXPECT_THAT(startOf(engine), HasSubstr("{port}")) << name;
    EXPECT_EQ(startOf(engine).find("0.0.0.0"), std::string::npos) << name;
    if (name == "nim") continue;  // it has no such setting
    EXPECT_THAT(startOf(engine), HasSubstr("{host}")) << name;
  }
}

TEST(ShippedEngines, LoadTheModelAndUseEveryDevice) {
  for (const auto& [name, engine] : shipped().engines) {
    EXPECT_THAT(startOf(engine), HasSubstr("{model}")) << name;
    for (const EngineImage& image : engine.images) {
      const auto& devices = image.args;
      const bool onlyOne = image.vendor == "cpu" || name == "ollama" || name == "llama.cpp" ||
                           name == "mindie" || name == "nim" || name == "tgi";
      if (onlyOne) continue;
      EXPECT_THAT(devices, Contains("{devices}")) << name << " on " << image.vendor;
    }
  }
}

// What the shipped entry itself passes, a user may not pass again.
TEST(ShippedEngines, ReserveEveryOptionThatTheySet) {
  for (const auto& [name, engine] : shipped().engines) {
    if (name == "mindie" || name == "vllm-cpu") continue;
    std::vector<std::string> options = engine.args;
    options.insert(options.end(), engine.multiNodeArgs.begin(), engine.multiNodeArgs.end());
    options.insert(options.end(), engine.multiNodeWorkerArgs.begin(),
                   engine.multiNodeWorkerArgs.end());
    for (const std::string& option : options) {
      if (!option.starts_with('-') || option == "--no-slots") continue;
      EXPECT_THAT(engine.reservedArgs, Contains(option)) << name;
    }
  }
}

TEST(ShippedEngines, ReserveWhatOpensThemUp) {
  const struct {
    const char* engine;
    std::vector<std::string> args, env;
  } rows[] = {
      {"vllm",
       {"--model", "--host", "--port", "--served-model-name", "--tensor-parallel-size", "-tp",
        "--api-key", "--ssl-keyfile", "--enable-lora", "--lora-modules", "--config",
        "--middleware"},
       {"VLLM_SERVER_DEV_MODE", "VLLM_ALLOW_RUNTIME_LORA_UPDATING", "HF_*", "LD_*", "PYTHONPATH",
        "HTTPS_PROXY", "https_proxy", "CUDA_VISIBLE_DEVICES", "ASCEND_RT_VISIBLE_DEVICES"}},
      {"sglang",
       {"--model-path", "--model", "--tp-size", "--tp", "--admin-api-key", "--lora-paths"},
       {}},
      {"tgi",
       {"--model-id", "--hostname", "--num-shard", "--prometheus-port", "--ngrok"},
       {"MODEL_ID"}},
      {"trtllm-serve", {"--tp_size", "--served_model_name", "--set", "--config"}, {}},
      {"nim", {}, {"NIM_*"}},
      {"mindie", {}, {"MIES_*", "RANK_TABLE_FILE"}},
      {"lmdeploy", {"--allow-terminate-by-client", "--server-name", "--tp", "--api-keys"}, {}},
      {"fastdeploy", {"--metrics-port", "--controller-port", "--dynamic-load-weight"}, {}},
      {"llama.cpp",
       {"-m", "--model", "-hf", "--slots", "--tools", "--lora", "--models-dir"},
       {"LLAMA_ARG_*"}},
      {"ollama", {}, {"OLLAMA_HOST", "OLLAMA_MODELS"}}};
  for (const auto& row : rows) {
    const Engine& engine = *shipped().engine(row.engine);
    for (const auto& arg : row.args) EXPECT_THAT(engine.reservedArgs, Contains(arg)) << row.engine;
    for (const auto& name : row.env) EXPECT_THAT(engine.reservedEnv, Contains(name)) << row.engine;
  }
}

TEST(ShippedEngines, StartOffline) {
  for (const auto& [name, engine] : shipped().engines) {
    EXPECT_EQ(engine.env.at("HF_HUB_OFFLINE"), "1") << name;
    EXPECT_EQ(engine.env.at("TRANSFORMERS_OFFLINE"), "1") << name;
  }
}

TEST(ShippedEngines, ProxyNothingThatChangesAModel) {
  for (const auto& [name, engine] : shipped().engines) {
    for (const std::string& path : engine.proxiedPaths) {
      EXPECT_THAT(path,
                  ::testing::AnyOf("/tokenize", "/detokenize", "/generate", "/generate_stream"))
          << name;
    }
  }
}

TEST(ShippedFetchers, ExistForEverySourceThatIsNotMounted) {
  for (const char* type : {"OCI", "HTTP", "HuggingFace", "ModelScope"})
    ASSERT_NE(shipped().fetcher(type), nullptr) << type;
  EXPECT_EQ(shipped().fetcher("PVC"), nullptr);
  EXPECT_EQ(shipped().fetcher("Image"), nullptr);
}

// {uri} and the like are a user's words: a script takes them as arguments only.
TEST(ShippedFetchers, NeverPutAUsersWordsIntoAScript) {
  for (const auto& [type, fetcher] : shipped().fetchers) {
    for (const std::string& word : fetcher.command) {
      if (word.find('{') == 0) continue;
      for (const char* placeholder : {"{uri}", "{reference}", "{repository}", "{revision}"})
        EXPECT_EQ(word.find(placeholder), std::string::npos) << type;
    }
  }
}

}  // namespace
}  // namespace bailiwick::catalog
