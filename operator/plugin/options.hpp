#pragma once
// What the commands of kubectl-bailiwick are told. As kubectl's where kubectl has the same flag.

#include <string>
#include <vector>

#include "plugin/print.hpp"

namespace bailiwick::plugin {

// Which cluster, and as whom: kubectl's own flags.
struct ClusterFlags {
  std::string kubeconfig, context, ns;
};

struct Options {
  ClusterFlags cluster;
  std::string catalog;  // folder over the built-in one
  std::vector<std::string> podMetadataPrefixes;
  std::string region;
  Format format = Format::Table;
};

struct PlanOptions {
  std::vector<std::string> files;
  bool recursive = false;
  std::vector<std::string> against;  // kubeconfigs, one for each region
  std::vector<std::string> offline;  // region files
};

struct ExplainOptions {
  PlanOptions world;  // files may be empty
  std::string name;   // "mdep/NAME"
};

struct CatalogOptions {
  std::string section;  // empty: all
  std::string filter;
};

}  // namespace bailiwick::plugin
