#pragma once
// What every command works with.

#include <functional>
#include <stop_token>

#include "catalog/catalog.hpp"
#include "plugin/failure.hpp"
#include "plugin/forecast.hpp"
#include "plugin/options.hpp"

namespace bailiwick::plugin {

struct Context {
  Terminal terminal;
  Options options;
  const catalog::Catalog* catalog = nullptr;
  policy::Settings settings;
  std::function<api::Time()> clock;
  std::stop_token stop;  // the user wants to end

  Judge judge() const { return {catalog, &settings, clock()}; }
};

// The commands. What they have to say is written; a failure is still to be told.
Outcome<Exit> runPlan(const Context& context, const PlanOptions& options);
Outcome<Exit> runExplain(const Context& context, const ExplainOptions& options);
Outcome<Exit> runCatalog(const Context& context, const CatalogOptions& options);

}  // namespace bailiwick::plugin
