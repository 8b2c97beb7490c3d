#include "api/decode_selector.hpp"

namespace bailiwick::api {

void readSelector(const Cursor& selector, DeploymentSelector& out) {
  selector.fields([&](std::string_view key, const Cursor& value) {
    if (key == "namespaces")
      value.read(out.namespaces);
    else if (key == "matchLabels")
      value.read(out.matchLabels);
    else if (key == "dataResidency")
      value.read(out.dataResidency);
    else
      value.refuse("is not known to this version of the operator; upgrade it, or remove the field");
  });
}

}  // namespace bailiwick::api
