"""A ModelDeployment lends Secrets and a ServiceAccount: its author must have been given them."""
import copy

import pytest

from chart_objects import from_secret, model_deployment, namespace, refused

WHERE = "references"
EDITED = "references-edited"


@pytest.fixture(scope="module")
def ada(region, people):
    """Edits EDITED as ClusterRole edit lets her; in WHERE she may write ModelDeployments only, and
    read the Secret `mine`."""
    region.apply([namespace(WHERE), namespace(EDITED)])
    people.editor("ada", EDITED)
    return people.writer("ada", WHERE, ("secrets", "mine", "get"))


def fields(secret: str) -> dict:
    """Every field that can name a Secret."""
    one = from_secret("TOKEN", secret)
    external = {"name": "azure", "passport": "gpt", "external": {
        "provider": "azure", "baseURL": "https://models.example", "jurisdiction": "SE",
        "apiKeySecret": secret}}
    return {
        "engine.env": {"env": [one]},
        "pod.env": {"pod": {"env": [one]}},
        "pod.imagePullSecrets": {"pod": {"imagePullSecrets": [{"name": secret}]}},
        "routing.auth": {"routing": {"auth": {"apiKeysSecret": secret}}},
        "external": {"variants": [external]},
    }


def create(api, obj: dict):
    return api.request("POST", api.collection(obj) + "?fieldValidation=Strict&dryRun=All", obj)


@pytest.mark.parametrize("field", fields(""))
def test_names_a_secret_only_who_may_get_it(ada, field):
    with refused("names Secret other", "which ada may not get in namespace references"):
        create(ada, model_deployment("m", WHERE, **fields("other")[field]))
    create(ada, model_deployment("m", WHERE, **fields("mine")[field]))


@pytest.mark.parametrize("field", fields(""))
def test_a_namespace_editor_may_get_every_secret_of_it(ada, field):
    create(ada, model_deployment("m", EDITED, **fields("other")[field]))


def test_the_message_names_the_secret_that_binds(ada):
    env = [from_secret("A", "mine"), from_secret("B", "hers"), {"name": "C", "value": "plain"}]
    with refused("Secret hers"):
        create(ada, model_deployment("m", WHERE, env=env))


def test_nothing_named_nothing_asked(ada):
    create(ada, model_deployment("m", WHERE))
    create(ada, model_deployment("m", WHERE, pod={"labels": {"team": "x"}},
                                 routing={"mode": "Priority"}))


def test_at_most_sixteen_secrets_one_by_one(region, people, ada):
    names = [f"s{i}" for i in range(17)]
    writer = people.writer("sixteen", WHERE, *(("secrets", name, "get") for name in names))
    env = [from_secret(f"V{i}", name) for i, name in enumerate(names)]
    create(writer, model_deployment("m", WHERE, env=env[:16]))
    with refused("names 17 Secrets", "at most 16", "fewer Secrets"):
        create(writer, model_deployment("m", WHERE, env=env))
    create(ada, model_deployment("m", EDITED, env=env))


def test_the_largest_spec_stays_within_the_cost_budget(ada):
    """16 variants and the pod, each with 64 variables: 1,088 references to one Secret."""
    env = [from_secret(f"V{i}", "mine") for i in range(64)]
    obj = model_deployment("m", WHERE, env=env, pod={"env": env})
    first = obj["spec"]["variants"][0]
    obj["spec"]["variants"] = [{**copy.deepcopy(first), "name": f"v{i}"} for i in range(16)]
    create(ada, obj)
    obj["spec"]["pod"]["env"][-1] = from_secret("V63", "other")
    with refused("Secret other"):
        create(ada, obj)


def test_changing_the_spec_is_naming_again(region, ada):
    """Else whoever may write the image reads what another author was given."""
    region.api.create(model_deployment("lent", WHERE, env=[from_secret("A", "other")]))
    path = f"/apis/bailiwick.dev/v1alpha1/namespaces/{WHERE}/modeldeployments/lent"
    with refused("Secret other"):
        ada.merge(path, {"spec": {"priority": 7}})
    ada.merge(path, {"metadata": {"labels": {"team": "x"}}})
    ada.merge(path + "/scale", {"spec": {"replicas": 3}})
    assert ada.get(path)["spec"]["replicas"] == 3


def test_uses_a_service_account_only_who_may_act_as_it(people, ada):
    spec = {"pod": {"serviceAccountName": "cloud"}}
    with refused("spec.pod.serviceAccountName is cloud", "ada may not use", "impersonate"):
        create(ada, model_deployment("m", WHERE, **spec))
    create(ada, model_deployment("m", EDITED, **spec))
    create(ada, model_deployment("m", WHERE, pod={"serviceAccountName": ""}))


@pytest.mark.parametrize("resource, verb", [("serviceaccounts", "impersonate"),
                                            ("serviceaccounts/token", "create")])
def test_either_right_over_the_account_is_enough(people, ada, resource, verb):
    writer = people.writer(f"may-{verb}", WHERE, (resource, "cloud", verb))
    create(writer, model_deployment("m", WHERE, pod={"serviceAccountName": "cloud"}))
    with refused("serviceAccountName is admin"):
        create(writer, model_deployment("m", WHERE, pod={"serviceAccountName": "admin"}))


def test_creating_pods_is_no_right_over_the_account(people, ada):
    writer = people.writer("podmaker", WHERE, ("pods", "any", "create"),
                           ("serviceaccounts", "cloud", "get"))
    with refused("podmaker may not use"):
        create(writer, model_deployment("m", WHERE, pod={"serviceAccountName": "cloud"}))
