#include <algorithm>
#include <set>

#include "catalog/checks.hpp"
#include "catalog/draft.hpp"

namespace bailiwick::catalog {
namespace {

void readLabeller(const Cursor& at, Labeller& out) {
  Fields fields(at);
  if (const auto key = fields.required("productKey")) {
    if (key->read(out.productKey)) checkLabelKey(*key, out.productKey);
  }
  fields.may("byDeviceId", out.byDeviceId);
  fields.may("valueInKey", out.valueInKey);
  if (const auto key = fields.optional("memoryKey")) {
    if (key->read(out.memoryKey)) checkLabelKey(*key, out.memoryKey);
  }
  if (const auto unit = fields.optional("memoryUnit")) {
    std::string text;
    if (unit->read(text) && text != "MiB" && text != "GiB_G") unit->fail("must be MiB or GiB_G");
    out.memoryUnit = text == "GiB_G" ? MemoryUnit::GiB_G : MemoryUnit::MiB;
  }
  // Its values have to be listed to be keys, and memoryLabels lists the others only.
  if (out.valueInKey && !out.memoryKey.empty() && out.memoryUnit != MemoryUnit::GiB_G)
    at.fail("with valueInKey the memoryUnit must be GiB_G");
  fields.finish();
}

void readHostPath(const Cursor& at, HostPath& out) {
  Fields fields(at);
  if (const auto path = fields.required("path")) {
    if (path->read(out.path)) checkAbsolutePaths(*path, {out.path});
  }
  fields.may("readOnly", out.readOnly);
  static const std::set<std::string> types = {"Directory", "File", "Socket", "CharDevice",
                                              "BlockDevice"};
  if (const auto type = fields.required("type")) {
    if (type->read(out.type) && !types.contains(out.type))
      type->fail("must be Directory, File, Socket, CharDevice or BlockDevice: the node has it");
  }
  fields.finish();
}

void readPod(const Cursor& at, PodSettings& out) {
  Fields fields(at);
  fields.may("runtimeClass", out.runtimeClass);
  fields.may("schedulerName", out.schedulerName);
  if (const auto env = fields.optional("env")) {
    env->read(out.env);
    checkEnvNames(*env);
  }
  fields.may("annotations", out.annotations);
  fields.may("labels", out.labels);
  fields.mayList("hostPaths", out.hostPaths, readHostPath);
  fields.may("capabilities", out.capabilities);
  fields.may("sharedMemory", out.sharedMemory);
  fields.may("hostIPC", out.hostIPC);
  fields.may("privileged", out.privileged);
  fields.may("unconfinedSeccomp", out.unconfinedSeccomp);
  fields.finish();
}

void readNodeLabels(Fields& fields, std::string_view name,
                    std::map<std::string, std::vector<std::string>>& out) {
  const auto labels = fields.optional(name);
  if (!labels) return;
  labels->read(out);
  labels->entries([&](const std::string& key, const Cursor& values) {
    checkLabelKey(values, key);
    checkLabelValues(values, out[key]);
    if (out[key].empty()) values.fail("must list at least one value");
  });
}

void readFamily(const Cursor& at, ResourceFamily& out, References& references) {
  Fields fields(at);
  fields.need("id", out.id);
  if (const auto resource = fields.required("resource")) {
    if (resource->read(out.resource)) checkLabelKey(*resource, out.resource);
  }
  if (const auto providers = fields.optional("providers")) {
    providers->read(out.providers);
    for (const std::string& id : out.providers)
      references.push_back({Reference::To::Provider, "", id, providers->where()});
  }
  fields.mayList("labellers", out.labellers, readLabeller);
  readNodeLabels(fields, "requiredLabels", out.requiredLabels);
  readNodeLabels(fields, "excludedLabels", out.excludedLabels);
  if (const auto keys = fields.optional("tolerations")) {
    keys->read(out.tolerations);
    for (const std::string& key : out.tolerations) checkLabelKey(*keys, key);
  }
  if (const auto multiple = fields.optional("multipleOf")) {
    multiple->read(out.multipleOf);
    if (out.multipleOf < 1) multiple->fail("must be at least 1");
  }
  if (const auto counts = fields.optional("allowedCounts")) {
    counts->items([&](const Cursor& item) {
      item.read(out.allowedCounts.emplace_back(0));
      if (out.allowedCounts.back() < 1) item.fail("must be at least 1");
    });
  }
  if (const auto pod = fields.optional("pod")) readPod(*pod, out.pod);
  fields.finish();
}

void readProduct(const Cursor& at, Product& out, const Vendor& vendor) {
  Fields fields(at);
  if (const auto name = fields.required("name")) {
    if (name->read(out.name)) checkLabelValues(*name, {out.name});
  }
  if (const auto aliases = fields.optional("aliases")) {
    aliases->read(out.aliases);
    checkLabelValues(*aliases, out.aliases);
  }
  if (const auto ids = fields.optional("deviceIds")) {
    ids->read(out.deviceIds);
    checkLabelValues(*ids, out.deviceIds);
  }
  if (const auto families = fields.required("families")) {
    families->read(out.families);
    for (const std::string& id : out.families) {
      if (vendor.family(id) == nullptr)
        families->fail("vendor " + vendor.id + " has no family " + id);
    }
  }
  if (const auto memory = fields.optional("memoryMiB")) {
    memory->read(out.memoryMiB);
    if (out.memoryMiB.value_or(1) < 1) memory->fail("must be at least 1");
  }
  fields.may("note", out.note);
  fields.finish();
}

void checkFamilies(const Cursor& at, const Vendor& vendor) {
  std::set<std::string> seen;
  for (const ResourceFamily& family : vendor.families) {
    if (!seen.insert(family.id).second) at.fail("family " + family.id + " is given twice");
  }
}

// One word is one product: the label's value must say which.
void checkProductNames(const Cursor& at, const Vendor& vendor) {
  std::set<std::string> seen;
  const auto add = [&](const std::string& word) {
    if (!seen.insert(word).second) at.fail("\"" + word + "\" names two products");
  };
  for (const Product& product : vendor.products) {
    add(product.name);
    for (const std::string& alias : product.aliases) add(alias);
  }
  seen.clear();
  for (const Product& product : vendor.products) {
    for (const std::string& id : product.deviceIds) add(id);
  }
}

void checkMemoryLabels(const Cursor& at, const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    const std::size_t digits = value.find_first_not_of("0123456789");
    const bool valid = digits > 0 && digits < 7 && value.substr(digits) == "G";
    if (!valid) at.fail("\"" + value + "\" must be GiB with a G, such as 64G");
  }
}

}  // namespace

void readVendor(const Cursor& at, Vendor& out, References& references) {
  Fields fields(at);
  if (const auto id = fields.required("id")) {
    if (id->read(out.id) && !isId(out.id))
      id->fail("must be lower case letters, digits, dots and dashes");
  }
  fields.need("name", out.name);
  fields.may("target", out.target);
  fields.may("note", out.note);
  fields.may("source", out.source);
  if (!out.target && out.note.empty()) at.fail("note is missing: say why it is no target");
  if (const auto families = fields.required("families")) {
    families->items(
        [&](const Cursor& item) { readFamily(item, out.families.emplace_back(), references); });
    if (out.families.empty()) families->fail("must list at least one family");
    checkFamilies(*families, out);
  }
  if (const auto products = fields.optional("products")) {
    products->items(
        [&](const Cursor& item) { readProduct(item, out.products.emplace_back(), out); });
    checkProductNames(*products, out);
  }
  if (const auto memory = fields.optional("memoryLabels")) {
    memory->read(out.memoryLabels);
    checkMemoryLabels(*memory, out.memoryLabels);
  }
  fields.finish();
}

}  // namespace bailiwick::catalog
