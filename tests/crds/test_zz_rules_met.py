"""Runs last: every rule and pattern of the CRDs has refused something in this run.

Without it a rule could be taken out of a CRD and no test would notice.
"""
import pytest

from schema import KINDS, Crd, dotted, rules


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_and_pattern_has_refused_something(server, kind):
    crd = Crd(kind)
    met = {(path, message) for met_kind, path, message in server.refusals if met_kind == kind}
    unmet = [rule["rule"] for rule in rules(crd.schema)
             if not any(rule["message"] in text for _, text in met)]
    for prop in crd.properties("spec", "status"):
        texts = [text for path, text in met if path == dotted(prop.path)]
        unmet += [f"{prop.name}: {rule['rule']}" for rule in rules(prop.schema)
                  if not any(rule["message"] in text for text in texts)]
        if "pattern" in prop.schema and not any("should match" in text for text in texts):
            unmet.append(f"{prop.name}: {prop.schema['pattern']}")
    assert not unmet, "\n".join(unmet)
