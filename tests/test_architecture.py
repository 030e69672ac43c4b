"""House laws that no linter knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from attachguard.findings import FINDINGS, TROUBLES
from attachguard.kinds import KINDS
from attachguard.remedies.catalogue import LANGUAGES, remedy

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "attachguard"

PARSERS = frozenset(
    {
        "PIL",
        "charset_normalizer",
        "deflate",
        "email.parser",
        "lxml",
        "magic",
        "nh3",
        "olefile",
        "oletools",
        "pikepdf",
        "pypdfium2",
        "tinycss2",
        "tnefparse",
        "xml.etree.ElementTree",
        "xml.parsers.expat",
    }
)
"""What reads hostile bytes; only the room may load it. (zipfile is not named: importlib.metadata loads it.)"""

HOSTS: Mapping[str, frozenset[str]] = {
    "attachguard.cli": frozenset(),
    "attachguard.pipeline": frozenset(),
    "attachguard.bootstrap": frozenset(),
    # http.client reads the heads of answers with it, and every web framework loads http.client; no mail is read.
    "attachguard.http.serving": frozenset({"email.parser"}),
}
"""What runs on the host, and which of PARSERS it may load all the same, for another purpose."""

BROAD_EXCEPTS: Mapping[str, str] = {
    "sandbox/inside.py": "the door of the room: whatever a reader raises at hostile bytes is a finding about them",
    "sandbox/child.py": "a child that is not locked in, or has done its job, must end, whatever happens",
    "adapters/clamd_child.py": "hands whatever a thread raised on to the one who waits for it",
}
"""Files that may catch everything, and why. (The command line is not one: a bug stays loud.)"""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text())


def test_only_the_pipeline_makes_a_cleared() -> None:
    makers = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Cleared"
    }
    assert makers == {"pipeline.py"}


def test_only_three_places_catch_everything() -> None:
    broad = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and not isinstance(node.body[-1], ast.Raise)  # one that cleans up and lets go again is none
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    }
    assert broad <= set(BROAD_EXCEPTS)


def test_no_pattern_has_a_possessive_group() -> None:
    # Python before 3.11.5 matches them wrongly (CPython issue 106052); possessive single characters are fine.
    group = re.compile(r"\)(?:\*|\+|\?|\{[0-9,]+\})\+|\(\?>")
    assert [name for name, tree in sources() for text in strings(tree) if group.search(text)] == []


def strings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield node.value if isinstance(node.value, str) else node.value.decode("latin-1")


def test_no_module_is_a_drawer_for_everything() -> None:
    assert [name for name, _ in sources() if Path(name).stem in {"utils", "helpers", "common", "misc"}] == []


@pytest.mark.parametrize("module", HOSTS)
def test_the_host_loads_no_parser_of_hostile_bytes(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert module in loaded
    assert {name for name in PARSERS if name in loaded} - HOSTS[module] == set()
    assert {name for name in loaded if name.startswith("attachguard.formats")} == set()


def test_a_whole_judgement_on_the_host_loads_no_parser_of_hostile_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a clean note\n")
    code = (
        "import sys\n"
        "from attachguard import guard, load_policy, load_settings, open_kit, upload_from_path\n"
        "policy = load_policy()\n"
        "with open_kit(load_settings(), policy) as kit:\n"
        f"    print(guard(upload_from_path({str(tmp_path / 'a.txt')!r}), policy, kit).outcome)\n"
        "print(*sorted(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    outcome, loaded = done.stdout.splitlines()
    assert outcome == "accepted"
    assert {name for name in PARSERS if name in loaded.split()} == set()


def test_every_code_has_a_remedy_in_every_language() -> None:
    assert "en" in LANGUAGES
    for language in LANGUAGES:
        for code in (*FINDINGS, *TROUBLES):
            text = remedy(code, language)
            assert text.message
            assert text.title
            assert text.steps


def literals(folder: Path) -> set[str]:
    return {
        node.value
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_code_is_produced_somewhere_and_asserted_by_a_test_or_a_sample() -> None:
    produced = literals(PACKAGE / "formats") | literals(PACKAGE / "stages") | literals(PACKAGE / "sandbox")
    produced |= {
        node.value
        for name in ("names.py", "reports.py", "pipeline.py", "workroom.py", "policy.py")
        for node in ast.walk(ast.parse((PACKAGE / name).read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(FINDINGS) - produced == set()
    asserted = literals(ROOT / "tests")
    expected = " ".join(path.read_text() for path in (ROOT / "samples").glob("*/expected.toml"))
    untested = {code for code in FINDINGS if code not in asserted and f'"{code}"' not in expected}
    assert untested == set()


def test_every_kind_has_a_format_and_copies_where_it_says_so() -> None:
    from attachguard.formats.registry import BY_KIND

    assert set(BY_KIND) == set(KINDS)
