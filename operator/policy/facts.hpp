#pragma once
// Everything that a policy's rule or an exit's target may look at, of one variant at one place.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"
#include "catalog/catalog.hpp"
#include "policy/origin.hpp"

namespace bailiwick::policy {

using Passports = std::map<std::string, const api::ModelPassport*, std::less<>>;
using Regions = std::map<std::string, const api::Region*, std::less<>>;

// One model of a lineage. What is empty is not told.
struct Kin {
  std::string passport;  // its name; empty: told in place by a descendant's passport
  std::string family;
  std::string publisher, publisherCountry;
  std::string parent, parentCountry;  // who controls the publisher
  std::string origin;                 // country; of one told in place, its publisher's
  std::string licence, openness;
  // Why nothing of it is known: it has no passport here, or one that cannot be read.
  std::string problem;
  // How messages name it: "passport a", "ancestor b of passport a", "ancestor family f of …".
  std::string object;
};

// Where requests are served.
struct ServingPlace {
  std::string object;  // "region fra", "endpoint https://…"
  std::string provider, location, jurisdiction;
  std::vector<std::string> residencyClasses;
};

struct Facts {
  // Owned by others, which outlive this.
  const api::ModelDeployment* deployment = nullptr;
  const api::Variant* variant = nullptr;
  const api::ModelPassport* passport = nullptr;  // null: none of that name, or unreadable
  const api::Artifact* artifact = nullptr;       // null: none of that name, or external
  const api::Region* region = nullptr;

  // The variant's own passport first, then every ancestor once, nearest first.
  std::vector<Kin> lineage;
  // The region, and for an external variant its endpoint too.
  std::vector<ServingPlace> places;

  // Empty for an external variant.
  std::string vendor;
  // What it may be put on, by the catalogue's names: one when judged for one product, else those
  // that the variant lists; empty: any of the vendor's.
  std::vector<std::string> products;
  std::string engine;
  std::optional<Origin> image, weights;

  std::string externalProvider, endpoint;  // empty unless external

  // The region that a copy was imported from; empty for an original. Without a Region object here
  // its jurisdiction is not known: empty.
  std::string importedFrom, importJurisdiction;
};

struct FactsInput {
  const api::ModelDeployment& deployment;
  const api::Variant& variant;
  const Passports& passports;
  const api::Region& region;
  const catalog::Catalog& catalog;
  std::string_view product = {};  // judged for this one only
  const Regions* regions = nullptr;  // all that this cluster knows: where copies may come from
};

Facts factsOf(const FactsInput& input);

// The lineage alone. An ancestor that is missing or unreadable is there, with its problem; one that
// runs in a circle is there once.
std::vector<Kin> lineageOf(std::string_view passport, const Passports& passports);

}  // namespace bailiwick::policy
