"""The table of grants against what an API server's audit log saw the operator do.

    used, denied = chart_audit.compare(region.audit(), user)
    assert not denied and used == chart_rbac.grants(chart_rbac.OPERATOR)
"""
import chart_rbac


def compare(events, user: str) -> tuple:
    """(grants that were used, refused requests as (verb, group, resource, namespace, name))."""
    used, denied = set(), set()
    for event in events:
        target = event.get("objectRef", {})
        if event["user"]["username"] != user or "resource" not in target:
            continue
        request = _request(event, target)
        if event.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid":
            denied.add(request)
            continue
        for verb in {event["verb"], *_asked_besides(event)}:
            used |= _grants(verb, *request[1:])
    return used, denied


def _request(event: dict, target: dict) -> tuple:
    resource = "/".join(filter(None, (target["resource"], target.get("subresource"))))
    return (event["verb"], target.get("apiGroup", ""), resource, target.get("namespace", ""),
            target.get("name", ""))


def _asked_besides(event: dict) -> tuple:
    """An apply that makes its object is a patch in the log, and asks for create as well."""
    made = event["verb"] == "patch" and event.get("responseStatus", {}).get("code") == 201
    return ("create",) if made else ()


def _grants(verb: str, group: str, resource: str, _namespace: str, name: str) -> set:
    return {(row.role, group, resource, one, verb)
            for row in chart_rbac.OPERATOR if (row.group, row.resource) == (group, resource)
            and verb in row.verbs for one in row.names
            if one in ("", name) or one.startswith("-") and name.endswith(one)
            or one == chart_rbac.HEARTBEAT and name.startswith("bailiwick-region-")}
