"""What the documentation shows can be applied as it stands there."""
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def shown():
    """(page, object) for each YAML block that is an object of Kubernetes."""
    for page in PAGES:
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"),
                                re.MULTILINE | re.DOTALL):
            for obj in yaml.safe_load_all(block):
                if isinstance(obj, dict) and "apiVersion" in obj:
                    yield pytest.param(obj, id=f"{page.name}-{obj['kind']}")


@pytest.mark.parametrize("obj", shown())
def test_the_server_accepts_it(server, obj):
    namespace = obj["metadata"].get("namespace", "default")
    server.region.run_kubectl("create", "namespace", namespace)
    server.region.kubectl("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(obj))
