// Every property of a full object, one at a time: absent, null, of a wrong type. A decoder never
// crashes, and what it says names the place.

#include <gtest/gtest.h>
#include <functional>

#include "api/decode.hpp"
#include "api/objects.hpp"

namespace bailiwick::api {
namespace {

using Json = nlohmann::json;
using Pointer = Json::json_pointer;

// What a decoder complains about, or "".
using Complain = std::function<std::string(const Json&)>;

template <class Decode>
Complain complaintOf(Decode decode) {
  return [decode](const Json& json) -> std::string {
    const auto object = testing::decodeJson(json, decode);
    if (!object) return object.error().message;
    if constexpr (requires { object->decodeError; }) return object->decodeError;
    return "";
  };
}

struct Kind {
  const char* name;
  Json full;
  Complain complain;
  bool ours;
};

std::vector<Kind> kinds() {
  const auto node = [](simdjson::dom::element json) {
    return decodeNode(json, [](std::string_view) { return true; });
  };
  return {
      {"ModelDeployment", testing::fullModelDeployment(), complaintOf(decodeModelDeployment), true},
      {"ModelPassport", testing::fullModelPassport(), complaintOf(decodeModelPassport), true},
      {"Region", testing::fullRegion(), complaintOf(decodeRegion), true},
      {"SovereigntyPolicy", testing::fullSovereigntyPolicy(),
       complaintOf(decodeSovereigntyPolicy), true},
      {"ExitOrder", testing::fullExitOrder(), complaintOf(decodeExitOrder), true},
      {"Node", testing::fullNode(), complaintOf(node), false},
      {"Pod", testing::fullPod(), complaintOf(decodePod), false},
      {"Workload", testing::fullWorkload(), complaintOf(decodeWorkload), false},
      {"GenericObject", testing::fullWorkload(), complaintOf(decodeGenericObject), false}};
}

std::vector<Pointer> everyProperty(const Json& json) {
  std::vector<Pointer> out;
  const Json flat = json.flatten();
  for (const auto& [path, value] : flat.items()) {
    for (Pointer at(path); !at.empty(); at = at.parent_pointer()) out.push_back(at);
  }
  std::sort(out.begin(), out.end(),
            [](const Pointer& a, const Pointer& b) { return a.to_string() < b.to_string(); });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// "/spec/variants/0/name" as decoders write it: "spec.variants[0].name".
std::string pathOf(const Json& json, Pointer at) {
  if (at.empty()) return "";
  const std::string last = at.back();
  const Pointer parent = at.parent_pointer();
  const std::string before = pathOf(json, parent);
  if (json.at(parent).is_array()) return before + "[" + last + "]";
  return before.empty() ? last : before + "." + last;
}

Json without(Json json, const Pointer& at) {
  Json& parent = json.at(at.parent_pointer());
  if (parent.is_array()) {
    parent.erase(static_cast<std::size_t>(std::stoul(at.back())));
  } else {
    parent.erase(at.back());
  }
  return json;
}

Json with(Json json, const Pointer& at, Json value) {
  json[at] = std::move(value);
  return json;
}

Json ofAnotherType(const Json& value) {
  if (value.is_object()) return "text";
  if (value.is_array() || value.is_string()) return Json::object();
  return "text";
}

bool isBelow(const Pointer& at, const char* top) {
  const std::string prefix = std::string("/") + top;
  return at.to_string() == prefix || at.to_string().starts_with(prefix + "/");
}

TEST(Decoders, AcceptTheFullObjects) {
  for (const Kind& kind : kinds()) EXPECT_EQ(kind.complain(kind.full), "") << kind.name;
}

// Unread: the envelope's own fields, statuses of our own kinds (never refused), a node's
// annotations, and the labels of a pod that no longer say that it is ours.
bool isRead(const Kind& kind, const Pointer& at) {
  const std::string name = kind.name;
  if (isBelow(at, "apiVersion") || isBelow(at, "kind")) return false;
  if (kind.ours && isBelow(at, "status")) return false;
  if (name == "GenericObject") return isBelow(at, "metadata");
  if (name == "Node") return !isBelow(at, "metadata/annotations");
  if (name != "Pod" || !isBelow(at, "metadata/labels")) return true;
  return at.to_string().ends_with("hash");
}

TEST(Decoders, NameThePropertyOfAWrongType) {
  for (const Kind& kind : kinds()) {
    for (const Pointer& at : everyProperty(kind.full)) {
      const Json wrong = with(kind.full, at, ofAnotherType(kind.full.at(at)));
      const std::string complaint = kind.complain(wrong);
      const bool named = complaint.find(pathOf(kind.full, at) + ": must be") != std::string::npos;
      EXPECT_EQ(named, isRead(kind, at)) << kind.name << at.to_string() << " said: " << complaint;
    }
  }
}

TEST(Decoders, RefuseNullInTheSpecsOfOurOwnKinds) {
  for (const Kind& kind : kinds()) {
    if (!kind.ours) continue;
    for (const Pointer& at : everyProperty(kind.full)) {
      if (!isBelow(at, "spec")) continue;
      const std::string complaint = kind.complain(with(kind.full, at, nullptr));
      EXPECT_NE(complaint.find(pathOf(kind.full, at) + ": must be"), std::string::npos)
          << kind.name << " " << at.to_string() << " said: " << complaint;
    }
  }
}

TEST(Decoders, TakeNullForAbsentInKubernetesOwnKinds) {
  for (const Kind& kind : kinds()) {
    if (kind.ours) continue;
    for (const Pointer& at : everyProperty(kind.full)) {
      if (kind.full.at(at.parent_pointer()).is_array()) continue;
      EXPECT_EQ(kind.complain(with(kind.full, at, nullptr)), kind.complain(without(kind.full, at)))
          << kind.name << " " << at.to_string();
    }
  }
}

TEST(Decoders, SayWhatIsMissing) {
  for (const Kind& kind : kinds()) {
    for (const Pointer& at : everyProperty(kind.full)) {
      const std::string complaint = kind.complain(without(kind.full, at));
      if (complaint.empty() || kind.full.at(at.parent_pointer()).is_array()) continue;
      EXPECT_TRUE(complaint.find(": is required") != std::string::npos ||
                  complaint.find(": must name") != std::string::npos ||
                  complaint.find(": must give") != std::string::npos)
          << complaint;
    }
  }
}

TEST(Decoders, SurviveAnyValueAnywhere) {
  const Json values[] = {nullptr,
                         true,
                         -1,
                         1.5,
                         18446744073709551615U,
                         "",
                         "\u0000",
                         Json::array(),
                         Json::array({nullptr}),
                         Json::object()};
  for (const Kind& kind : kinds()) {
    for (const Pointer& at : everyProperty(kind.full)) {
      for (const Json& value : values) kind.complain(with(kind.full, at, value));
    }
    for (const Json& value : values) kind.complain(value);
  }
}

TEST(Decoders, NameTheObjectInTheirErrors) {
  Json pod = testing::fullPod();
  pod["spec"]["containers"] = 7;
  EXPECT_EQ(testing::decodeJson(pod, decodePod).error().message,
            "Pod a/p1: spec.containers: must be a list, is a number");
  EXPECT_EQ(testing::decodeText(R"({"metadata": {}})", decodeRegion).error().message,
            "Region: metadata.name: is required");
  EXPECT_EQ(testing::decodeText("[]", decodeRegion).error().message, "Region: must be an object");
}

}  // namespace
}  // namespace bailiwick::api
