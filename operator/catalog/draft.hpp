#pragma once
// The catalogue while it is read: every entry remembers where it stands, so that a later layer can
// replace it and a reference that leads nowhere can be told by its line.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "yaml/reader.hpp"

namespace bailiwick::catalog {

using yaml::Cursor;
using yaml::Fields;
using yaml::Report;
using yaml::Where;

// A name in one entry that must exist in another.
struct Reference {
  enum class To { Vendor, Product, Provider, Country };
  To to;
  std::string vendor;  // whose product it is
  std::string name;
  Where where;
};

template <class T>
struct Entry {
  T value;
  Where where;
  int layer = 0;
  std::vector<Reference> references;
};

template <class T>
using Entries = std::map<std::string, Entry<T>, std::less<>>;

struct Draft {
  Entries<Vendor> vendors;
  Entries<Engine> engines;
  Entries<Provider> providers;
  Entries<Bloc> blocs;
  Entries<Fetcher> fetchers;
  std::set<std::string, std::less<>> countries;
  Catalog labels;  // only its label keys
  // Set for every engine, which may override them by entries of its own.
  std::map<std::string, std::string> engineEnv;
  std::vector<std::string> engineReservedEnv;
};

using References = std::vector<Reference>;

void readVendor(const Cursor& at, Vendor& out, References& references);
void readEngine(const Cursor& at, Engine& out, References& references);
void readProvider(const Cursor& at, Provider& out, References& references);
void readBloc(const Cursor& at, Bloc& out, References& references);
void readFetcher(const Cursor& at, Fetcher& out, References& references);
void readCountries(const Cursor& at, std::set<std::string, std::less<>>& out);
void readLabels(const Cursor& at, Catalog& out);
void readEngineDefaults(const Cursor& at, Draft& out);

}  // namespace bailiwick::catalog
