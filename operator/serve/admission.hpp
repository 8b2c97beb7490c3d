#pragma once
// The answers of the admission webhook, for Bailiwick's five kinds: what the conditions would say, in
// the same words, before the object is stored. Nothing is changed and nobody is asked: an answer
// depends on the review and on what the caches hold. The law itself is kept by placement; where the
// webhook is away nothing that is denied runs all the same.

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/decode.hpp"
#include "catalog/catalog.hpp"
#include "plan/passport.hpp"
#include "policy/check.hpp"

namespace bailiwick::serve {

// What an answer is made from, as of now. What may be many is asked for only where it is needed.
struct Known {
  std::vector<std::shared_ptr<const api::SovereigntyPolicy>> policies;
  std::vector<std::shared_ptr<const api::Region>> regions;
  plan::FindPassport passport;
  std::function<std::vector<std::shared_ptr<const api::ModelDeployment>>()> deployments;
  bool leaderWorkerSets = false;  // the API is installed
};

// One object at the door.
struct Opinion {
  std::set<std::string> refusals;
  std::vector<std::string> warnings;
};

class Admission {
 public:
  struct Config {
    const catalog::Catalog* catalog = nullptr;
    policy::Settings settings;
    std::string region;
    std::function<Known()> known;
    std::function<api::Time()> now;
  };

  explicit Admission(Config config) : config_(std::move(config)) {}

  struct Reply {
    int status = 200;  // of HTTP: 400 where the body is no review
    std::string body;  // an AdmissionReview, or a sentence
  };
  // Never throws because of what the body holds.
  Reply review(const std::string& body) const;

 private:
  Opinion onDeployment(simdjson::dom::element object) const;
  Opinion onPolicy(simdjson::dom::element object) const;
  Opinion onPassport(simdjson::dom::element object) const;
  Opinion onRegion(simdjson::dom::element object) const;
  Opinion onOrder(simdjson::dom::element object) const;
  Opinion opinion(std::string_view kind, simdjson::dom::element object) const;
  std::vector<std::string> onDeletion(std::string_view kind, simdjson::dom::element object) const;

  Config config_;
};

}  // namespace bailiwick::serve
