#pragma once
// One reader for each kind of entry; the YAML fields have the names of catalog.hpp's members.

#include "catalog/catalog.hpp"
#include "catalog/reader.hpp"

namespace bailiwick::catalog {

void readVendor(Reader& reader, const At& at, Vendor& out);
void readEngine(Reader& reader, const At& at, Engine& out);
void readProvider(Reader& reader, const At& at, Provider& out);
void readBloc(Reader& reader, const At& at, Bloc& out);
void readFetcher(Reader& reader, const At& at, Fetcher& out);

}  // namespace bailiwick::catalog
