"""The report of a batch as CSV and as one page of HTML, without a script and without anything from elsewhere."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from attachguard.batches import Group, Line, Summary
from attachguard.model import printable

COLUMNS = (
    "result", "verdict", "before", "name", "kind", "bytes", "location", "reasons", "trouble", "detail",
    "signatures_before", "judged_before",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet may compute (OWASP, "CSV Injection")."""

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #d8dee4; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
td.w { overflow-wrap: anywhere } .changed { color: #b3261e; font-weight: 600 }
.failed { color: #8a5a00; font-weight: 600 }
p.big { font-size: 1.2rem } small { color: #57606a }
"""


def csv_lines(lines: Iterable[Line]) -> Iterator[str]:
    """Write a line of CSV (RFC 4180) for every object that changed or failed, after one with the names of columns."""
    yield _row(COLUMNS)
    for line in lines:
        before = line.before
        yield _row(
            (
                line.result.value,
                line.outcome.value if line.outcome else "",
                before.outcome.value if before else "",
                line.name,
                line.kind or "",
                str(line.size),
                line.location,
                " ".join(line.reasons),
                line.trouble or "",
                line.detail,
                (before.signatures if before else None) or "",
                before.at.isoformat() if before and before.at else "",
            )
        )


def html_page(summary: Summary) -> str:
    """Lay a report out on one page; everything a stranger chose is shown as plain text."""
    batch, tally = summary.batch, summary.batch.tally
    ended = f"{batch.finished_at:%Y-%m-%d %H:%M} UTC" if batch.finished_at else "not ended yet"
    asked = f"{tally.requests / tally.done:.2f} for an object" if tally.done else "none"
    facts = (
        ("batch", batch.id),
        ("state", batch.state.value),
        ("objects", f"{tally.done} of {tally.found}{'' if batch.listed else ' found so far'}"),
        ("mode", batch.request.mode.value),
        ("where", batch.request.source or "what was delivered"),
        ("begun", f"{batch.created_at:%Y-%m-%d %H:%M} UTC, {batch.request.trigger.value}"),
        ("ended", ended),
        ("signatures", batch.yardstick.signatures or "not asked"),
        ("contents judged", str(tally.scans)),
        ("bytes read", str(tally.bytes)),
        ("S3 requests", f"{tally.requests}: {asked}"),
    )
    return "".join(
        (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width"><title>Re-scan ',
            _text(batch.id),
            f"</title><style>{_STYLE}</style></head><body><h1>Re-scan</h1>",
            f'<p class="big">{tally.unchanged} unchanged, <span class="changed">{tally.changed} changed</span>, ',
            f'<span class="failed">{tally.failed} could not be judged</span></p><table>',
            *(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in facts),
            "</table>",
            *_groups("By kind", summary.kinds),
            *_groups("By age of the verdict before", summary.ages),
            *_groups("By signatures before", summary.signatures),
            *_lines(summary),
            "</body></html>\n",
        )
    )


def _groups(title: str, groups: Sequence[Group]) -> Iterator[str]:
    yield f"<h2>{_text(title)}</h2><table><tr><th></th>"
    yield from (f'<th class="n">{name}</th>' for name in ("unchanged", "changed", "failed"))
    yield "</tr>"
    for group in groups:
        counts = (group.unchanged, group.changed, group.failed)
        cells = "".join(f'<td class="n">{count}</td>' for count in counts)
        yield f"<tr><td>{_text(group.name)}</td>{cells}</tr>"
    yield "</table>"


def _lines(summary: Summary) -> Iterator[str]:
    yield "<h2>What changed, what failed, and why</h2>"
    if not summary.lines:
        yield "<p>Nothing.</p>"
        return
    yield "<table><tr><th>result</th><th>verdict</th><th>name</th><th>why</th><th>where</th></tr>"
    for line in summary.lines:
        before = line.before.outcome.value if line.before else "unknown"
        now = line.outcome.value if line.outcome else ""
        why = ", ".join(line.reasons) or f"{line.trouble or ''} {line.detail}"
        yield (
            f'<tr><td class="{line.result.value}">{line.result.value}</td><td>{before} → {now}</td>'
            f'<td class="w">{_text(line.name)}</td><td class="w">{_text(why)}</td>'
            f'<td class="w"><small>{_text(line.location)}</small></td></tr>'
        )
    yield "</table>"
    if summary.more:
        yield f"<p>And {summary.more} more, in the CSV.</p>"


def _text(text: str) -> str:
    return escape(printable(text, 500))


def _row(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([_inert(cell) for cell in cells])
    return out.getvalue()


def _inert(cell: str) -> str:
    """Show a cell as text everywhere: no control characters, nothing that a spreadsheet computes."""
    shown = printable(cell, 2000)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
