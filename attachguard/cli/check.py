"""`attachguard check`: judge files and say so."""

import getpass
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from attachguard.bootstrap import open_kit
from attachguard.cli.console import Language, complain, plain, terminal
from attachguard.cli.show import show
from attachguard.cli.walk import walk
from attachguard.documents import attachment_document, submission_document
from attachguard.errors import UploadUnreadable, UsageError
from attachguard.export import OutFolder
from attachguard.model import Outcome, Submission, SubmissionVerdict
from attachguard.pipeline import guard_all
from attachguard.policy import Policy, load_policy
from attachguard.ports import Kit
from attachguard.settings import load_settings
from attachguard.uploads import upload_from_path

EXIT_CODES = {
    Outcome.ACCEPTED: 0,
    Outcome.NORMALIZED: 0,
    Outcome.REJECTED: 1,
    Outcome.INFECTED: 1,
    Outcome.UNDETERMINED: 3,
}
UNREADABLE = UploadUnreadable.exit_code

_LONGEST_PASSWORD = 1000
"""Characters of a first line that are read."""


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="The files, judged as one submission.")],
    each: Annotated[
        bool, typer.Option("--each", help="Judge every file as a submission of its own; folders are walked.")
    ] = False,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="NAME|PATH", help="A shipped policy, or a policy file.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write delivered files here; never over another.")
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", metavar="FILE", help="Its first line opens files that need a password."),
    ] = None,
    ask_password: Annotated[
        bool, typer.Option("--ask-password", help="Ask for the password at the terminal instead.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document; with --each one line per file, as each is done.")
    ] = False,
    lang: Annotated[Language, typer.Option("--lang", help="Language of reasons and remedies.")] = Language.EN,
) -> None:
    """Judge files: accepted, normalized (a safe copy is delivered), rejected or infected.

    Exit code: 0 all accepted or normalized, 1 something rejected or infected, 2 usage, 3 undetermined (the
    scanner or the sandbox was not available; nothing was delivered).
    """
    settings = load_settings()
    password = _password(password_file, ask=ask_password)
    wanted = _Wanted(
        policy=load_policy(policy or settings.policy),
        out=OutFolder(out) if out else None,
        json=json,
        language=lang,
        password=password,
    )
    with open_kit(settings, wanted.policy) as kit:
        raise typer.Exit(_check_each(files, wanted, kit) if each else _check_all(files, wanted, kit))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What the command line asks for."""

    policy: Policy
    out: OutFolder | None
    json: bool
    language: Language
    password: str | None = field(default=None, repr=False)


def _password(file: Path | None, *, ask: bool) -> str | None:
    """Read the password from a file or a person, never from the command line, where every process can see it."""
    if file is None:
        return getpass.getpass("Password of the file: ") or None if ask else None
    if ask:
        raise UsageError("--password-file and --ask-password: give one of them")
    try:
        with file.open(encoding="utf-8") as lines:
            return lines.readline(_LONGEST_PASSWORD).rstrip("\r\n") or None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--password-file {file} can't be read") from error


def _check_all(files: Sequence[str], wanted: _Wanted, kit: Kit) -> int:
    for name in files:
        if Path(name).is_dir():
            raise UsageError(f"{name} is a folder: --each judges the files in it, each as a submission of its own")
    verdict = _judge(files, wanted, kit)
    if wanted.json:
        _print_json(submission_document(verdict, wanted.language), pretty=True)
    else:
        show(verdict, terminal(), wanted.language)
    return EXIT_CODES[verdict.outcome]


def _check_each(files: Sequence[str], wanted: _Wanted, kit: Kit) -> int:
    codes = {0}
    console = terminal()
    for name in _followed(list(walk(files, complain, codes.add)), console):
        try:
            verdict = _judge([name], wanted, kit)
        except UploadUnreadable as error:
            complain(str(error))
            codes.add(UNREADABLE)
            continue
        codes.add(EXIT_CODES[verdict.outcome])
        if wanted.json:
            _print_json(attachment_document(verdict.verdicts[0], wanted.language), pretty=False)
        else:
            show(verdict, console, wanted.language)
    return worst(codes)


def worst(codes: Iterable[int]) -> int:
    """Choose the exit code of many: no verdict (3) before unreadable (2) before refused (1) before fine (0)."""
    return max(codes)


def _judge(files: Sequence[str], wanted: _Wanted, kit: Kit) -> SubmissionVerdict:
    uploads = tuple(upload_from_path(name, wanted.password) for name in files)
    verdict = guard_all(Submission(id=uuid.uuid4().hex, uploads=uploads), wanted.policy, kit)
    for trouble in dict.fromkeys(one.trouble for one in verdict.verdicts if one.trouble):
        complain(trouble.detail)  # the sender is told to wait; whoever runs this wants to know for what
    return wanted.out.take(verdict) if wanted.out else verdict


def _print_json(document: msgspec.Struct, *, pretty: bool) -> None:
    encoded = msgspec.json.encode(document)
    print((msgspec.json.format(encoded, indent=2) if pretty else encoded).decode(), flush=True)  # noqa: T201 - the answer


def _followed(names: Sequence[str], console: Console) -> Iterator[str]:
    """Show how far it is, on stderr, when both ends are a terminal and there is something to wait for."""
    if len(names) < 2 or not (sys.stderr.isatty() and console.is_terminal):
        yield from names
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TaskProgressColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task("judging", total=len(names))
        for name in names:
            progress.update(task, description=plain(Path(name).name, 40))
            yield name
            progress.advance(task)
