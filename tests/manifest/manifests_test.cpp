#include "manifest/manifests.hpp"

#include <gmock/gmock.h>

#include "api/decode.hpp"

namespace bailiwick::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char deployment[] = R"(# what it is for
apiVersion: bailiwick.dev/v1alpha1
kind: ModelDeployment
metadata: {name: assistant, labels: {tier: gold}}
spec:
  servedName: assistant
  placement: {jurisdictions: [EU, "NO"]}
  variants:
  - name: h200
    passport: p
    artifact: a
    engine: {name: vllm}
    accelerator: {vendor: nvidia, perReplica: 8}
)";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  return text.replace(text.find(what), what.size(), with);
}

Manifests readOne(const std::string& text) { return read({{"m.yaml", text}}, {"team", false}); }

// "line path: message" of each finding.
std::vector<std::string> findings(const std::string& text) {
  std::vector<std::string> all;
  for (const auto& f : readOne(text).findings) {
    all.push_back(std::to_string(f.origin.line) + " " + f.path + ": " + f.message);
  }
  return all;
}

TEST(Manifests, ADeploymentIsReadWithItsDefaultsAndItsNamespace) {
  const auto manifests = readOne(deployment);
  EXPECT_THAT(manifests.findings, IsEmpty());
  ASSERT_THAT(manifests.entries, SizeIs(1));
  const auto& entry = manifests.entries[0];
  EXPECT_EQ(entry.str(), "ModelDeployment team/assistant");
  EXPECT_EQ(entry.origin.str(), "m.yaml:2");
  EXPECT_TRUE(entry.sound);
  const auto decoded = decodeEntry<api::ModelDeployment>(entry, api::decodeModelDeployment);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->decodeError, "");
  EXPECT_EQ(decoded->spec.replicas, 1);
  EXPECT_EQ(decoded->meta.key.ns, "team");
  EXPECT_THAT(decoded->spec.placement.jurisdictions, ElementsAre("EU", "NO"));
}

TEST(Manifests, ListsOfEitherKindAreTakenApart) {
  const std::string item = "{apiVersion: v1, kind: Node, metadata: {name: n}}";
  EXPECT_THAT(readOne("{apiVersion: v1, kind: List, items: [" + item + ", " + item + "]}").entries,
              SizeIs(2));
  EXPECT_THAT(readOne("{apiVersion: v1, kind: NodeList, items: [" + item + "]}").entries, SizeIs(1));
}

TEST(Manifests, AnUnknownFieldIsAFindingWithFileLineAndObject) {
  const auto manifests = readOne(replaced(deployment, "engine: {name", "engin: {name"));
  ASSERT_THAT(manifests.findings, SizeIs(1));
  const auto& finding = manifests.findings[0];
  EXPECT_EQ(finding.origin.str(), "m.yaml:12");
  EXPECT_EQ(finding.object, "ModelDeployment team/assistant");
  EXPECT_EQ(finding.path, "spec.variants[0].engin");
  EXPECT_EQ(finding.message, "is no field; engine is meant?");
  EXPECT_FALSE(manifests.entries[0].sound);
}

TEST(Manifests, WhatOnlyTheDecoderFindsHasItsLineToo) {
  EXPECT_THAT(findings(std::string(deployment) + "  rollout:\n    progressDeadline: 1.5h\n"),
              ElementsAre(HasSubstr("15 spec.rollout.progressDeadline: ")));
}

TEST(Manifests, MetadataIsJudgedToo) {
  EXPECT_THAT(findings(replaced(deployment, "tier: gold", "tier: yes")),
              ElementsAre(HasSubstr("4 metadata.labels.tier: must be a text, is a boolean")));
  EXPECT_THAT(findings(replaced(deployment, "labels:", "label:")),
              ElementsAre("4 metadata.label: is no field; labels is meant?"));
  EXPECT_THAT(findings(replaced(deployment, "name: assistant", "name: Assistant")),
              ElementsAre(HasSubstr("metadata.name: \"Assistant\" is no name")));
  EXPECT_THAT(findings(replaced(deployment, "spec:", "sepc:")),
              ElementsAre(HasSubstr("sepc: is no field"), HasSubstr("spec: is required")));
}

TEST(Manifests, TheSameObjectTwiceIsAFinding) {
  const auto twice = std::string(deployment) + "---\n" + deployment;
  EXPECT_THAT(findings(twice), ElementsAre(HasSubstr("is also in m.yaml:2")));
}

TEST(Manifests, AKindOrVersionOfOursThatDoesNotExistIsAFinding) {
  EXPECT_THAT(findings(replaced(deployment, "ModelDeployment", "ModelDeployments")),
              ElementsAre(HasSubstr("ModelDeployment is meant?")));
  EXPECT_THAT(findings(replaced(deployment, "v1alpha1", "v1")),
              ElementsAre(HasSubstr("this program knows bailiwick.dev/v1alpha1")));
}

TEST(Manifests, ObjectsOfOtherKindsAreLeftAsTheyAre) {
  const auto manifests = readOne("{apiVersion: v1, kind: Secret, metadata: {name: x}, data: 7}");
  EXPECT_THAT(manifests.findings, IsEmpty());
  ASSERT_THAT(manifests.entries, SizeIs(1));
  EXPECT_FALSE(manifests.entries[0].ours);
}

TEST(Manifests, ANamespaceThatTheFlagContradictsIsAFinding) {
  const auto other = replaced(deployment, "name: assistant,", "name: assistant, namespace: x,");
  EXPECT_THAT(read({{"m.yaml", other}}, {"team", true}).findings, SizeIs(1));
  EXPECT_THAT(read({{"m.yaml", other}}, {"team", false}).findings, IsEmpty());
  EXPECT_EQ(read({{"m.yaml", other}}, {"team", false}).entries[0].key.ns, "x");
}

TEST(Manifests, AClusterScopedObjectHasNoNamespace) {
  EXPECT_THAT(findings("apiVersion: bailiwick.dev/v1alpha1\nkind: Region\n"
                       "metadata: {name: fra, namespace: x}\n"
                       "spec: {provider: aws, location: eu-central-1, jurisdiction: DE}\n"),
              ElementsAre("3 metadata.namespace: a Region belongs to no namespace: remove it"));
}

TEST(Manifests, WhatIsNoObjectIsAFinding) {
  EXPECT_THAT(findings("just words"), ElementsAre(HasSubstr("must be an object, is a text")));
  EXPECT_THAT(findings("{kind: Region}"), ElementsAre(HasSubstr("apiVersion: is required")));
}

}  // namespace
}  // namespace bailiwick::manifest
