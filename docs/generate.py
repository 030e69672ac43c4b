"""Write the pages that the code knows better: `python -m docs.generate`; `--check` only looks.

The same input always gives the same bytes, so that a test can hold the committed pages to the code.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from attachguard.documents import SubmissionDocument
from attachguard.findings import FINDINGS, TROUBLES
from attachguard.http.app import create_app
from attachguard.remedies.catalogue import LANGUAGES, remedy
from attachguard.settings import Settings

DOCS = Path(__file__).parent


def findings_page() -> str:
    """Lay out every code with its sentence and the title of its remedy, in the catalogue's order."""
    return "\n".join(
        [
            "# What attachguard can say about a file",
            "",
            "<!-- Written by `python -m docs.generate` from attachguard/findings.py and attachguard/remedies/. -->",
            "",
            "A finding is a fact about a file; the policy says what it means. The whole remedy of a code:",
            f"`attachguard explain CODE --lang LANGUAGE`, in {', '.join(LANGUAGES)}.",
            "",
            f"## Findings ({len(FINDINGS)})",
            "",
            *_table(FINDINGS),
            "",
            f"## Troubles ({len(TROUBLES)})",
            "",
            "Not about the file: a part of attachguard could not do its work, the verdict is `undetermined`, and",
            "nothing is delivered.",
            "",
            *_table(TROUBLES),
            "",
        ]
    )


def submission_schema() -> str:
    """Describe the JSON of a verdict, as JSON Schema 2020-12."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(SubmissionDocument)}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def openapi() -> str:
    """Describe the HTTP service, as OpenAPI 3.1."""
    document = create_app(Settings(store_url="file:///", quarantine_url="file:///", ledger_url="sqlite://")).openapi()
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "findings.md": findings_page,
    "schema/submission.json": submission_schema,
    "schema/openapi.json": openapi,
}


def main(arguments: list[str], folder: Path = DOCS) -> int:
    """Write the pages, or with `--check` return 1 when one is not what would be written."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m docs.generate [--check]\n")
        return 2
    stale = [name for name, page in PAGES.items() if not _is_current(folder / name, page())]
    if not arguments:
        for name in stale:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(PAGES[name](), encoding="utf-8")
        return 0
    for name in stale:
        sys.stderr.write(f"{name} is stale: run `python -m docs.generate`\n")
    return 1 if stale else 0


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _table(sentences: Mapping[str, str]) -> list[str]:
    rows = [f"| `{code}` | {_cell(text)} | {_cell(remedy(code, 'en').title)} |" for code, text in sentences.items()]
    return ["| code | what was found | what the sender is told to do |", "|---|---|---|", *rows]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
