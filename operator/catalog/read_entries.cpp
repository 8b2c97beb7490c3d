#include "catalog/read_entries.hpp"

#include <fmt/format.h>

namespace bailiwick::catalog {
namespace {

template <class T, class Read>
void readAll(Reader& reader, const At& at, std::vector<T>& out, Read read) {
  reader.list(at, [&](const At& item) {
    T value;
    read(reader, item, value);
    out.push_back(std::move(value));
  });
}

template <class Integer>
void readInteger(Reader& reader, const At& at, std::int64_t min, std::int64_t max, Integer& out) {
  std::int64_t value = 0;
  reader.integer(at, min, max, value);
  out = static_cast<Integer>(value);
}

// Facts that people read; nothing computes with them.
void ignoreNote(Reader& reader, const At& at) {
  std::string text;
  reader.text(at, text);
}

void readLabeller(Reader& r, const At& at, Labeller& out) {
  r.map(at, {{"productKey", [&](const At& v) { r.text(v, out.productKey); }, true},
             {"byDeviceId", [&](const At& v) { r.boolean(v, out.byDeviceId); }},
             {"memoryKey", [&](const At& v) { r.text(v, out.memoryKey); }},
             {"memoryUnit", [&](const At& v) {
                std::string unit;
                r.text(v, unit);
                if (unit == "MiB") out.memoryUnit = MemoryUnit::MiB;
                else if (unit == "GiB_G") out.memoryUnit = MemoryUnit::GiB_G;
                else r.error(v, "must be MiB (bare integers) or GiB_G (\"64G\")");
              }}});
}

void readHostPath(Reader& r, const At& at, HostPath& out) {
  r.map(at, {{"path", [&](const At& v) { r.text(v, out.path); }, true},
             {"readOnly", [&](const At& v) { r.boolean(v, out.readOnly); }},
             {"type", [&](const At& v) { r.text(v, out.type); }}});
}

void readPod(Reader& r, const At& at, PodSettings& out) {
  r.map(at, {{"runtimeClass", [&](const At& v) { r.text(v, out.runtimeClass); }},
             {"schedulerName", [&](const At& v) { r.text(v, out.schedulerName); }},
             {"env", [&](const At& v) { r.pairs(v, out.env); }},
             {"annotations", [&](const At& v) { r.pairs(v, out.annotations); }},
             {"labels", [&](const At& v) { r.pairs(v, out.labels); }},
             {"hostPaths", [&](const At& v) { readAll(r, v, out.hostPaths, readHostPath); }},
             {"capabilities", [&](const At& v) { r.texts(v, out.capabilities); }},
             {"sharedMemory", [&](const At& v) { r.boolean(v, out.sharedMemory); }},
             {"hostIPC", [&](const At& v) { r.boolean(v, out.hostIPC); }},
             {"privileged", [&](const At& v) { r.boolean(v, out.privileged); }},
             {"unconfinedSeccomp", [&](const At& v) { r.boolean(v, out.unconfinedSeccomp); }}});
}

void readRequiredLabels(Reader& r, const At& at,
                        std::map<std::string, std::vector<std::string>>& out) {
  if (at.node.kind != yaml::Node::Kind::Map) return r.error(at, "must be a map of lists");
  for (const auto& [key, value] : at.node.entries) r.texts(at.child(value, key), out[key]);
}

void readFamily(Reader& r, const At& at, ResourceFamily& out) {
  r.map(at,
        {{"id", [&](const At& v) { r.text(v, out.id); }, true},
         {"resource", [&](const At& v) { r.text(v, out.resource); }, true},
         {"providers", [&](const At& v) { r.texts(v, out.providers); }},
         {"labellers", [&](const At& v) { readAll(r, v, out.labellers, readLabeller); }},
         {"requiredLabels", [&](const At& v) { readRequiredLabels(r, v, out.requiredLabels); }},
         {"tolerations", [&](const At& v) { r.texts(v, out.tolerations); }},
         {"multipleOf", [&](const At& v) { readInteger(r, v, 1, 512, out.multipleOf); }},
         {"pod", [&](const At& v) { readPod(r, v, out.pod); }}});
}

void readProduct(Reader& r, const At& at, Product& out) {
  r.map(at, {{"name", [&](const At& v) { r.text(v, out.name); }, true},
             {"aliases", [&](const At& v) { r.texts(v, out.aliases); }},
             {"deviceIds", [&](const At& v) { r.texts(v, out.deviceIds); }},
             {"families", [&](const At& v) { r.texts(v, out.families); }, true},
             {"memoryMiB",
              [&](const At& v) { readInteger(r, v, 1, 1 << 24, out.memoryMiB.emplace()); }},
             {"note", [&](const At& v) { r.text(v, out.note); }}});
}

void readImage(Reader& r, const At& at, EngineImage& out) {
  r.map(at, {{"vendor", [&](const At& v) { r.text(v, out.vendor); }, true},
             {"products", [&](const At& v) { r.texts(v, out.products); }},
             {"image", [&](const At& v) { r.text(v, out.image); }, true},
             {"args", [&](const At& v) { r.texts(v, out.args); }},
             {"env", [&](const At& v) { r.pairs(v, out.env); }}});
}

void readLocation(Reader& r, const At& at, Location& out) {
  r.map(at, {{"id", [&](const At& v) { r.text(v, out.id); }, true},
             {"country", [&](const At& v) { r.text(v, out.country); }, true},
             {"nodeLabels", [&](const At& v) { r.texts(v, out.nodeLabels); }},
             {"note", [&](const At& v) { ignoreNote(r, v); }}});
}

}  // namespace

void readVendor(Reader& r, const At& at, Vendor& out) {
  r.map(at, {{"id", [&](const At& v) { r.text(v, out.id); }, true},
             {"name", [&](const At& v) { r.text(v, out.name); }, true},
             {"target", [&](const At& v) { r.boolean(v, out.target); }},
             {"note", [&](const At& v) { r.text(v, out.note); }},
             {"families", [&](const At& v) { readAll(r, v, out.families, readFamily); }, true},
             {"products", [&](const At& v) { readAll(r, v, out.products, readProduct); }},
             {"memoryLabels", [&](const At& v) { r.texts(v, out.memoryLabels); }}});
}

void readEngine(Reader& r, const At& at, Engine& out) {
  r.map(at,
        {{"name", [&](const At& v) { r.text(v, out.name); }, true},
         {"images", [&](const At& v) { readAll(r, v, out.images, readImage); }, true},
         {"command", [&](const At& v) { r.texts(v, out.command); }},
         {"args", [&](const At& v) { r.texts(v, out.args); }},
         {"env", [&](const At& v) { r.pairs(v, out.env); }},
         {"port", [&](const At& v) { readInteger(r, v, 1, 65535, out.port); }, true},
         {"health", [&](const At& v) { r.text(v, out.health.path); }, true},
         {"metricsPath", [&](const At& v) { r.text(v, out.metricsPath); }},
         {"proxiedPaths", [&](const At& v) { r.texts(v, out.proxiedPaths); }},
         {"reservedArgs", [&](const At& v) { r.texts(v, out.reservedArgs); }},
         {"reservedEnv", [&](const At& v) { r.texts(v, out.reservedEnv); }},
         {"writablePaths", [&](const At& v) { r.texts(v, out.writablePaths); }},
         {"runAsUser",
          [&](const At& v) { readInteger(r, v, 0, 1 << 30, out.runAsUser.emplace()); }},
         {"readOnlyRootFilesystem",
          [&](const At& v) { r.boolean(v, out.readOnlyRootFilesystem); }},
         {"multiNode", [&](const At& v) { r.boolean(v, out.multiNode); }},
         {"multiNodeArgs", [&](const At& v) { r.texts(v, out.multiNodeArgs); }},
         {"note", [&](const At& v) { r.text(v, out.note); }}});
}

void readProvider(Reader& r, const At& at, Provider& out) {
  r.map(at, {{"id", [&](const At& v) { r.text(v, out.id); }, true},
             {"name", [&](const At& v) { r.text(v, out.name); }, true},
             {"locations", [&](const At& v) { readAll(r, v, out.locations, readLocation); }, true},
             {"note", [&](const At& v) { ignoreNote(r, v); }}});
}

void readBloc(Reader& r, const At& at, Bloc& out) {
  std::vector<std::string> members;
  r.map(at, {{"name", [&](const At& v) { r.text(v, out.name); }, true},
             {"members", [&](const At& v) { r.texts(v, members); }, true},
             {"asOf", [&](const At& v) { r.text(v, out.asOf); }, true},
             {"note", [&](const At& v) { ignoreNote(r, v); }}});
  out.members = {members.begin(), members.end()};
}

void readFetcher(Reader& r, const At& at, Fetcher& out) {
  r.map(at, {{"sourceType", [&](const At& v) { r.text(v, out.sourceType); }, true},
             {"image", [&](const At& v) { r.text(v, out.image); }, true},
             {"command", [&](const At& v) { r.texts(v, out.command); }, true},
             {"env", [&](const At& v) { r.pairs(v, out.env); }},
             {"writablePaths", [&](const At& v) { r.texts(v, out.writablePaths); }}});
}

}  // namespace bailiwick::catalog
