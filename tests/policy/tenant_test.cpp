#include "policy/tenant.hpp"

#include <gtest/gtest.h>

namespace bailiwick::policy {
namespace {

using Strings = std::vector<std::string>;

catalog::Engine engine() {
  catalog::Engine result;
  result.name = "vllm";
  result.reservedArgs = {"--model", "--served-model-name", "--kv-transfer-config", "-m", "-tp"};
  result.reservedEnv = {"HF_*", "VLLM_PORT"};
  return result;
}

TEST(ReservedArgument, IsFoundInEverySpelling) {
  const Strings rows[] = {
      {"--model"},
      {"--model", "x"},
      {"--model=x"},
      {"--mod", "x"},
      {"--mo=x"},
      {"--m"},
      {"-model", "x"},
      {"-model=x"},
      {"--served_model_name", "x"},
      {"--served_model-name=x"},
      {"--serv", "x"},
      {"--kv-transfer-config.kv_port=1"},
      {"--kv_transfer_config.x.y", "1"},
      {"-m", "x"},
      {"-mx"},
      {"-m=x"},
      {"-tp", "2"},
      {"-tp=2"},
      {"-t", "2"},
      {"--max-model-len", "1", "--model", "x"},
      {"--", "x"},
      {"x"},
      {"--x", "$(NAME)"},
      {"$(NAME)"},
      {"--x=$(NAME)"},
  };
  for (const Strings& args : rows)
    EXPECT_TRUE(reservedArgument(engine(), args)) << ::testing::PrintToString(args);
}

TEST(ReservedArgument, IsNotSeenWhereThereIsNone) {
  const Strings rows[] = {
      {},
      {"--max-model-len", "8192"},
      {"--max-model-len=8192", "--enable-prefix-caching"},
      {"--model-impl", "vllm"},
      {"--served-model-names-file=x"},
      {"--seed", "-1"},
      {"--chat-template", "model"},
      {"--override", R"({"model": "x"})"},
      {"--stop", "$", "--y", "-"},
      {"-x", "m"},
  };
  for (const Strings& args : rows)
    EXPECT_FALSE(reservedArgument(engine(), args)) << ::testing::PrintToString(args);
}

TEST(ReservedArgument, IsNamedWithWhatItWouldSet) {
  EXPECT_EQ(reservedArgument(engine(), {"--max-model-len", "1", "--mod=x"}),
            "argument \"--mod=x\" sets --model of engine vllm, which the operator sets; remove it, "
            "or write another option in full");
}

TEST(ReservedEnvironment, IsWhatTheCatalogueSaysAndWhatNoPodMaySet) {
  for (const char* name :
       {"HF_HUB_OFFLINE", "HF_", "VLLM_PORT", "LD_PRELOAD", "LD_AUDIT", "PATH", "PYTHONPATH",
        "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "CUDA_VISIBLE_DEVICES",
        "ASCEND_VISIBLE_DEVICES", "ASCEND_RUNTIME_OPTIONS", "KUBERNETES_SERVICE_HOST",
        "LWS_LEADER_ADDRESS", "BASH_FUNC_x%%"})
    EXPECT_TRUE(reservedEnvironment(engine(), name)) << name;
  for (const char* name : {"VLLM_PORTS", "VLLM_USE_V1", "HF", "OMP_NUM_THREADS", "MY_PATH",
                           "PYTHONUNBUFFERED", "HCCL_BUFFSIZE"})
    EXPECT_FALSE(reservedEnvironment(engine(), name)) << name;
}

TEST(ForbiddenMetadataKey, IsEveryPrefixWithoutAnAllowList) {
  for (const char* key : {"team", "cost-centre", "app.version", ""})
    EXPECT_FALSE(forbiddenMetadataKey(key, {})) << key;
  for (const char* key :
       {"example.com/x", "kubernetes.io/x", "bailiwick.dev/role", "/x", "aadpodidbinding"})
    EXPECT_TRUE(forbiddenMetadataKey(key, {})) << key;
}

TEST(ForbiddenMetadataKey, StaysForbiddenWhateverTheChartAllows) {
  const Strings all = {"io", "dev", "org", "com", "kubernetes.io", "bailiwick.dev", "example.com"};
  for (const char* key :
       {"kubernetes.io/ingress-bandwidth", "pod-security.kubernetes.io/enforce",
        "leaderworkerset.sigs.k8s.io/name", "k8s.v1.cni.cncf.io/networks", "bailiwick.dev/role",
        "data-residency.bailiwick.dev/eu", "cni.projectcalico.org/ipAddrs", "io.cilium/x",
        "policy.cilium.io/x", "k8s.ovn.org/x", "Kubernetes.IO/x", "vpc.amazonaws.com/pod-ips"})
    EXPECT_TRUE(forbiddenMetadataKey(key, all)) << key;
  EXPECT_FALSE(forbiddenMetadataKey("notkubernetes.io/x", all));
}

TEST(ForbiddenMetadataKey, AllowsADomainAndItsSubdomains) {
  const Strings allowed = {"team.example"};
  EXPECT_FALSE(forbiddenMetadataKey("team.example/owner", allowed));
  EXPECT_FALSE(forbiddenMetadataKey("cost.team.example/owner", allowed));
  EXPECT_TRUE(forbiddenMetadataKey("otherteam.example/owner", allowed));
  EXPECT_TRUE(forbiddenMetadataKey("team.example.org/owner", allowed));
}

}  // namespace
}  // namespace bailiwick::policy
