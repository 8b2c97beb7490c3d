#pragma once
// The catalogue: vendors, products, engines, places and weight sources as data. Everything that is
// specific to one vendor, engine or cloud is a YAML entry (operator/catalog/data), never code.
// This header is plain data and lookups; reading files is in loader.hpp.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bailiwick::catalog {

// The sidecar's in the same pod: data, admin, observation. No engine may listen there.
inline constexpr int sidecarPorts[] = {8080, 9090, 9091};

struct Product;

enum class MemoryUnit {
  MiB,    // a bare integer: NVIDIA's "143771"
  GiB_G,  // an integer of GiB with the suffix G: AMD's "192G", Ascend's "64G"
};

// How one labeller (a device plugin, a feature discovery) tells product and memory on a node. A
// family may have several, because a vendor renamed its labels; a node matches by any one of them.
struct Labeller {
  std::string productKey;
  bool byDeviceId = false;  // productKey holds Product::deviceIds instead of names
  std::string memoryKey;    // empty: this labeller does not tell the memory
  MemoryUnit memoryUnit = MemoryUnit::MiB;
  // The value is part of the key, "<productKey>.<value>", and the label's own value is a count:
  // AMD's older labeller. So is the memory's. One key for each kind of device that the node has.
  bool valueInKey = false;

  // What this labeller says of such a device: one of these.
  std::vector<std::string> valuesOf(const Product& product) const;
  std::string keyOf(std::string_view productValue) const;  // the label that says it
};

struct HostPath {
  std::string path;
  bool readOnly = true;
  // Kubernetes' hostPath type. Where the path is missing the pod waits; without a type containerd
  // would make an empty directory on the node.
  std::string type;
};

// What a container of the engine needs beyond what every pod gets.
struct PodSettings {
  std::string runtimeClass;   // set only while a RuntimeClass of that name exists
  std::string schedulerName;  // only ever from --catalog: shipped data leaves it empty
  std::map<std::string, std::string> env;
  std::map<std::string, std::string> annotations;
  std::map<std::string, std::string> labels;
  std::vector<HostPath> hostPaths;
  std::vector<std::string> capabilities;  // added to the engine container
  bool sharedMemory = false;              // /dev/shm as an emptyDir of medium Memory
  bool hostIPC = false;
  bool privileged = false;
  bool unconfinedSeccomp = false;
};

// One extended resource of a vendor and how the nodes that offer it are recognised. The resource
// name is a property of the pool, not of the vendor: Ascend alone has four.
struct ResourceFamily {
  std::string id;                      // unique within the vendor: "mindcluster", "cce", "hami"
  std::string resource;                // "nvidia.com/gpu"
  std::vector<std::string> providers;  // only in regions of these providers; empty: everywhere
  std::vector<Labeller> labellers;     // empty: the family tells no product
  // Further labels that a node of this family carries, each with its accepted values.
  std::map<std::string, std::vector<std::string>> requiredLabels;
  std::vector<std::string> tolerations;  // taint keys (NoSchedule) that this pool may carry
  int multipleOf = 1;                    // a request must be a multiple of it (Ascend A3: 2)
  PodSettings pod;
  // Labels whose values say that the resource is not whole devices here (AMD's partitions). A node
  // without the label is as good as one with another value.
  std::map<std::string, std::vector<std::string>> excludedLabels{};
  std::vector<int> allowedCounts{};  // what a request may be; empty: any
};

struct Product {
  // What users write in accelerator.products, and a value that the product's label takes.
  std::string name;
  std::vector<std::string> aliases;  // other values that the same product's label takes
  std::vector<std::string> deviceIds;
  // Ids of the families that offer it and can tell it. Empty: no label tells it from others.
  std::vector<std::string> families;
  std::optional<std::int64_t> memoryMiB;  // per device, dated fact; the node's label wins
  std::string note;
};

struct Vendor {
  std::string id;      // "nvidia"
  std::string name;    // "NVIDIA"
  bool target = true;  // false: no target for language models; `note` says why
  std::string note;
  std::vector<ResourceFamily> families;  // in order of preference
  std::vector<Product> products;
  std::vector<std::string> memoryLabels;  // GiB_G values that exist ("64G", "192G"), for `In`
  std::string source{};                   // where this was read, and when

  const ResourceFamily* family(std::string_view id) const;
  // By name or alias, exactly: the prefix NVIDIA-H20 would take an H200.
  const Product* product(std::string_view nameOrAlias) const;
};

// Where an engine's image comes from, by vendor, most specific first.
struct EngineImage {
  std::string vendor;
  // By their names in the catalogue. Empty: every product of that vendor that no other entry lists.
  std::vector<std::string> products;
  // With a tag or a digest. Empty: none is public, so that a variant has to name its own.
  std::string image;
  std::vector<std::string> args;  // added for this vendor: "--quantization", "ascend"
  std::map<std::string, std::string> env;
};

struct Probe {
  std::string path;  // on the engine's port
};

// An inference engine. `command` and `args` may hold the placeholders {model} (the path of the
// weights), {servedName}, {host} (always the loopback address), {port}, {devices} (per node) and
// {nodes}; nothing else is substituted.
struct Engine {
  std::string name;
  std::vector<EngineImage> images;  // an engine supports exactly the vendors listed here
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::map<std::string, std::string> env;
  bool acceptsArgs = true;  // false: it reads no command line, so that engine.args are refused
  int port = 8000;
  Probe health;
  std::string metricsPath;                // empty: none
  std::vector<std::string> proxiedPaths;  // beyond the OpenAI-compatible ones
  // Ours: a user may not set them. Arguments in every spelling, without "=value"; names of
  // environment variables, a trailing * matches any suffix.
  std::vector<std::string> reservedArgs;
  std::vector<std::string> reservedEnv;
  std::vector<std::string> writablePaths;  // mounted as emptyDirs
  std::optional<std::int64_t> runAsUser;   // nullopt: any non-root user will do (65532)
  bool readOnlyRootFilesystem = true;
  bool multiNode = false;                  // can span nodes (LeaderWorkerSet)
  std::vector<std::string> multiNodeArgs;  // with {leaderAddress}, {nodes}, {nodeRank}
  std::string note;
  std::string source{};
  // Added to multiNodeArgs on every node but the leader's: "--headless".
  std::vector<std::string> multiNodeWorkerArgs{};

  // The image for a vendor and product, or nullptr: not supported. Without a product, the one for
  // every product of the vendor.
  const EngineImage* imageFor(std::string_view vendor, std::string_view product) const;
  bool supports(std::string_view vendor) const;
};

// How weights arrive, by ModelPassport source type. PVC and Image are mounted and have no fetcher.
struct Fetcher {
  std::string sourceType;  // OCI | HTTP | HuggingFace | ModelScope
  std::string image;
  // With {uri}, {directory}, {reference} (the uri without scheme), {repository}, {revision}. They
  // are a user's words: never part of a shell's script, only its arguments.
  std::vector<std::string> command;
  std::map<std::string, std::string> env;
  std::vector<std::string> writablePaths;
};

struct Location {
  std::string id;       // the provider's region id
  std::string country;  // ISO 3166-1 alpha-2
  // Values of topology.kubernetes.io/region that mean it, when they differ from the id (Tencent's
  // "gz", Oracle's "iad").
  std::vector<std::string> nodeLabels;
  std::string note{};

  bool goesBy(std::string_view word) const;  // as its id or a node label
  // What the label of a node there may say: nodeLabels, and the id where it can be a label's value.
  std::vector<std::string> labelValues() const;
};

struct Provider {
  std::string id;  // "aws", "on-premises"
  std::string name;
  std::vector<Location> locations;
  std::string note{};
  std::string source{};
  // The provider whose customers know this one as a part of it, although others operate it: "aws"
  // of aws-cn. Who operates a region matters, so that it has to be written down rightly.
  std::string partOf{};

  // By its id or by what node labels call it; nullptr when unknown.
  const Location* location(std::string_view idOrNodeLabel) const;
};

struct Bloc {
  std::string name;
  std::set<std::string> members;  // countries
  std::string asOf;
  std::string note{};
  std::string source{};
};

class Catalog {
 public:
  std::map<std::string, Vendor, std::less<>> vendors;
  std::map<std::string, Engine, std::less<>> engines;
  std::map<std::string, Provider, std::less<>> providers;
  std::map<std::string, Bloc, std::less<>> blocs;
  std::map<std::string, Fetcher, std::less<>> fetchers;  // by source type
  std::set<std::string, std::less<>> countries;          // ISO 3166-1 alpha-2
  // The keys of Kubernetes' topology and of our own labels, configurable.
  std::string residencyPrefix = "data-residency.bailiwick.dev/";
  std::string jurisdictionLabel = "bailiwick.dev/jurisdiction";
  std::vector<std::string> regionLabels = {"topology.kubernetes.io/region",
                                           "failure-domain.beta.kubernetes.io/region"};
  std::vector<std::string> zoneLabels = {"topology.kubernetes.io/zone",
                                         "failure-domain.beta.kubernetes.io/zone"};

  const Vendor* vendor(std::string_view id) const;
  const Engine* engine(std::string_view name) const;
  const Provider* provider(std::string_view id) const;
  // What the catalogue holds against a Region's spec, to follow its name; empty: nothing.
  std::string objection(std::string_view provider, std::string_view location,
                        std::string_view jurisdiction) const;
  const Fetcher* fetcher(std::string_view sourceType) const;

  bool knowsPlace(std::string_view place) const;  // a country or a bloc
  // Blocs replaced by their members. Unknown places are left out: knowsPlace tells them.
  std::set<std::string> expand(const std::vector<std::string>& places) const;
  // Whether one of the places is this country, or a bloc of which it is a member.
  bool covers(const std::vector<std::string>& places, std::string_view country) const;

  // Every node label that anything in the catalogue reads; decoders drop the others. Keys with
  // residencyPrefix are kept as well.
  std::set<std::string, std::less<>> nodeLabelKeys() const;
};

}  // namespace bailiwick::catalog
