"""What the API server's audit log says of the operator."""
import base64
import json

import yaml

from lib import chart

MUTATING = ("create", "update", "patch", "delete", "deletecollection")


def operator_user(region) -> str:
    account = chart.operator_account(chart.render(region.name, region.folder / "helm"))
    return f"system:serviceaccount:{chart.NAMESPACE}:{account}"


def write_policy(path, user: str) -> None:
    """Bodies of what the operator writes; of everybody else who wrote what."""
    path.write_text(yaml.safe_dump({
        "apiVersion": "audit.k8s.io/v1", "kind": "Policy",
        "omitStages": ["RequestReceived", "ResponseStarted"],
        "rules": [
            {"level": "Request", "users": [user], "verbs": list(MUTATING)},
            {"level": "Metadata", "users": [user]},
            {"level": "Metadata", "verbs": list(MUTATING)},
            {"level": "None"}]}))


def of_operator(region, offset: int = 0) -> list:
    """Finished requests of the operator since an `audit_mark`."""
    user = operator_user(region)
    return [event for event in region.audit(offset)
            if event["user"]["username"] == user and event["stage"] != "ResponseStarted"]


def mutations(region, offset: int = 0, namespace: str = "") -> list:
    """Those that change something, Lease renewals aside."""
    return [event for event in of_operator(region, offset)
            if event["verb"] in MUTATING and resource(event) != "leases"
            and (not namespace or event["objectRef"].get("namespace") == namespace)]


def resource(event: dict) -> str:
    reference = event.get("objectRef", {})
    sub = reference.get("subresource", "")
    return reference.get("resource", "") + (f"/{sub}" if sub else "")


def describe(event: dict) -> str:
    reference = event.get("objectRef", {})
    return (f"{event['stageTimestamp'][11:23]} {event['verb']} {resource(event)} "
            f"{reference.get('namespace', '')}/{reference.get('name', '')} "
            f"{event.get('responseStatus', {}).get('code')}")


def code(event: dict) -> int:
    return event.get("responseStatus", {}).get("code", 0)


def credential(event: dict) -> str:
    """The id of the token that a request came with."""
    found = event["user"].get("extra", {}).get("authentication.kubernetes.io/credential-id", [""])
    return found[0]


def credential_of(region, operator) -> str:
    """The id of the token that an instance uses, as the audit log names it."""
    config = yaml.safe_load(operator.kubeconfig.read_text())
    payload = config["users"][0]["user"]["token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    ids = {credential(event) for event in of_operator(region)}
    expected = "JTI=" + claims["jti"]
    assert expected in ids, ids
    return expected


def refused(region, offset: int = 0) -> list:
    """Requests for which the operator has no right. An API server that has just started does not
    know its roles yet and refuses everybody for a moment: what it allows at other times, in the
    same place, was no want of rights."""
    events = of_operator(region, offset)
    allowed = {asked(event) for event in events if code(event) != 403}
    return [describe(event) for event in events if code(event) == 403
            and event.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid"
            and asked(event) not in allowed]


def asked(event: dict) -> tuple:
    """What right a request needs; the namespaces of people count as one."""
    namespace = event.get("objectRef", {}).get("namespace", "")
    own = namespace if namespace in ("default", chart.NAMESPACE) else bool(namespace)
    return event["verb"], resource(event), own


def careless_deletes(region, offset: int = 0) -> list:
    """DELETEs of the operator without uid and resourceVersion preconditions."""
    found = []
    for event in of_operator(region, offset):
        if event["verb"] not in ("delete", "deletecollection"):
            continue
        given = event.get("requestObject", {}).get("preconditions", {})
        if not given.get("uid") or not given.get("resourceVersion"):
            found.append(describe(event))
    return found


def of_finalizers(event: dict) -> bool:
    """Whether it sets finalizers and nothing else, of exactly the object seen."""
    given = event.get("requestObject", {})
    kinds = ("modelpassports", "exitorders", "modeldeployments", "pods")
    return resource(event) in kinds and event["verb"] == "patch" and set(given) == {"metadata"} \
        and set(given["metadata"]) - {"uid"} == {"resourceVersion", "finalizers"}


def names_origin(event: dict) -> bool:
    """Of a copy: with its origin's labels, or, of what is one already, what has become of that."""
    given = event.get("requestObject", {}).get("metadata", {})
    return resource(event) == "modeldeployments" and (
        "bailiwick.dev/origin-uid" in (given.get("labels") or {})
        or set(given.get("annotations") or {}) == {"bailiwick.dev/origin-lost"})


def about(event: dict) -> tuple:
    return event["objectRef"].get("namespace"), event["objectRef"].get("name")


def copies(region) -> set:
    """Every ModelDeployment that was ever made or changed as a copy."""
    return {about(event) for event in mutations(region) if names_origin(event)}


def of_copy(event: dict, known: set) -> bool:
    """Whether it is about a copy of a peer's ModelDeployment: made or changed with its origin, let go of
    its origin where it became an original, or, one of those, deleted."""
    deleted = resource(event) == "modeldeployments" and event["verb"] == "delete"
    return names_origin(event) or (deleted and about(event) in known)


def of_order(event: dict) -> bool:
    """Whether it orders the exit that a policy of the same name asks for, or postpones it, and nothing
    else."""
    given = event.get("requestObject", {})
    if resource(event) != "exitorders" or event["verb"] not in ("create", "patch"):
        return False
    if event["verb"] == "patch":
        return set(given) == {"metadata", "spec"} and set(given["spec"]) == {"deadline"}
    return given["spec"]["target"] == {"policies": [given["metadata"]["name"]]}


def lax_writes(region, offset: int = 0) -> list:
    """Writes that would let a typo through, that have another field manager than ours, or that
    touch of our own kinds more than the status, finalizers and a policy's order."""
    found, known = [], copies(region)
    for event in mutations(region, offset):
        uri = event["requestURI"]
        if event["verb"] != "delete" and "fieldValidation=Strict" not in uri:
            found.append("not strict: " + describe(event))
        if event["verb"] != "delete" and "fieldManager=bailiwick-operator" not in uri:
            found.append("no field manager: " + describe(event))
        if event["objectRef"].get("apiGroup") == "bailiwick.dev" and \
                event["objectRef"].get("subresource") != "status" \
                and not of_finalizers(event) and not of_order(event) and not of_copy(event, known):
            found.append("not the status: " + describe(event))
        if not event["userAgent"].startswith("bailiwick-operator/"):
            found.append(f"agent {event['userAgent']}: " + describe(event))
    return found
