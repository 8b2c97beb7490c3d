#include <algorithm>

#include "catalog/checks.hpp"
#include "catalog/draft.hpp"

namespace bailiwick::catalog {
namespace {

void readLocation(const Cursor& at, Location& out, References& references) {
  Fields fields(at);
  if (const auto id = fields.required("id")) {
    // IONOS' ids have a slash, which a label's value cannot have.
    if (id->read(out.id) && !isLocationId(out.id))
      id->fail("must be letters, digits, dots, dashes, _ and /, as in a Region's spec.location");
  }
  if (const auto country = fields.required("country")) {
    if (country->read(out.country))
      references.push_back({Reference::To::Country, "", out.country, country->where()});
  }
  if (const auto labels = fields.optional("nodeLabels")) {
    labels->read(out.nodeLabels);
    checkLabelValues(*labels, out.nodeLabels);
  }
  fields.may("note", out.note);
  fields.finish();
}

// A value that two locations claim would tell neither.
void claim(const Cursor& at, const Location& location,
           std::map<std::string, std::string, std::less<>>& claimed) {
  std::vector<std::string> values = location.nodeLabels;
  values.push_back(location.id);
  for (const std::string& value : values) {
    const auto [other, isNew] = claimed.emplace(value, location.id);
    if (!isNew) at.fail("node label \"" + value + "\" already means location " + other->second);
  }
}

void readLabelKeys(Fields& fields, std::string_view name, std::vector<std::string>& out) {
  const auto keys = fields.optional(name);
  if (!keys) return;
  out.clear();
  keys->read(out);
  for (const std::string& key : out) checkLabelKey(*keys, key);
}

}  // namespace

void readProvider(const Cursor& at, Provider& out, References& references) {
  Fields fields(at);
  if (const auto id = fields.required("id")) {
    if (id->read(out.id) && !isId(out.id))
      id->fail("must be lower case letters, digits, dots and dashes");
  }
  fields.need("name", out.name);
  if (const auto whole = fields.optional("partOf")) {
    if (whole->read(out.partOf))
      references.push_back({Reference::To::Provider, "", out.partOf, whole->where()});
  }
  fields.may("note", out.note);
  fields.may("source", out.source);
  if (const auto locations = fields.required("locations")) {
    std::map<std::string, std::string, std::less<>> claimed;
    locations->items([&](const Cursor& item) {
      readLocation(item, out.locations.emplace_back(), references);
      claim(item, out.locations.back(), claimed);
    });
  }
  fields.finish();
}

void readBloc(const Cursor& at, Bloc& out, References& references) {
  Fields fields(at);
  if (const auto name = fields.required("name")) {
    if (name->read(out.name) && !isBlocName(out.name))
      name->fail("must be 2 to 16 capital letters and digits");
  }
  if (const auto members = fields.required("members")) {
    members->items([&](const Cursor& item) {
      std::string country;
      if (!item.read(country)) return;
      references.push_back({Reference::To::Country, "", country, item.where()});
      if (!out.members.insert(country).second) item.fail(country + " is given twice");
    });
    if (out.members.empty()) members->fail("must list at least one country");
  }
  fields.need("asOf", out.asOf);
  fields.may("note", out.note);
  fields.may("source", out.source);
  fields.finish();
}

void readCountries(const Cursor& at, std::set<std::string, std::less<>>& out) {
  at.items([&](const Cursor& item) {
    std::string country;
    if (!item.read(country)) return;
    if (!isCountry(country)) return item.fail("must be two capital letters (ISO 3166-1 alpha-2)");
    out.insert(std::move(country));
  });
}

void readLabels(const Cursor& at, Catalog& out) {
  Fields fields(at);
  if (const auto prefix = fields.optional("residencyPrefix")) {
    const std::string& text = out.residencyPrefix;
    if (prefix->read(out.residencyPrefix) && (!text.ends_with('/') || !isLabelKey(text + "x")))
      prefix->fail("must be a label's domain with its slash, such as example.com/");
  }
  if (const auto key = fields.optional("jurisdictionLabel")) {
    if (key->read(out.jurisdictionLabel)) checkLabelKey(*key, out.jurisdictionLabel);
  }
  readLabelKeys(fields, "regionLabels", out.regionLabels);
  readLabelKeys(fields, "zoneLabels", out.zoneLabels);
  fields.finish();
}

}  // namespace bailiwick::catalog
