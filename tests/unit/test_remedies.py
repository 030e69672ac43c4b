"""Everyone whose file was stopped is told why and what to do, in four languages that say the same."""

import itertools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from attachguard.findings import FINDINGS, MALWARE, TROUBLES
from attachguard.kinds import KINDS
from attachguard.model import Limits
from attachguard.remedies.catalogue import LANGUAGES, Remedy, parse, remedy, spoken, texts

POLICIES = Path(__file__).parents[2] / "policies"

CODES = [*FINDINGS, *TROUBLES]
OTHERS = [language for language in LANGUAGES if language != "en"]

IN_ENGLISH_ONLY = frozenset(
    {
        *("the", "and", "your", "you", "with", "from", "that", "this", "these", "those", "please", "not", "are", "its"),
        *("it", "file", "files", "choose", "save", "send", "attach", "attachment", "picture", "then", "which", "what"),
        *("nothing", "should", "our", "us", "by", "be", "to", "does", "again", "copy", "print", "made"),
    }
)
"""Words that stand in nearly every English text and are words of none of the other languages."""

NAMES_OF_PRODUCTS = ("Microsoft Print to PDF",)
"""Called so in every language's Windows."""

TOO_FAMILIAR = {
    "en": r"\b(gonna|dude|oops)\b",
    "nl": r"\b(je|jij|jou|jouw|jullie)\b",
    "de": r"\b(du|dich|dir|dein|deine[mnrs]?|euch|euer|eure)\b",
    "fr": r"\b(tu|toi|tes|tien)\b",
}

SECOND_WORDS_FOR_ATTACHMENT = {
    "en": r"\benclosures?\b",
    "nl": r"\b(aanhangsel|attachments?|bijgevoegde?)\b",
    "de": r"\b(Anlage|Beilage|Dateianhang|Attachments?)\b",
    "fr": r"\b(attachement|annexe|fichier joint|document joint|PJ)\b",
}

JARGON = re.compile(
    r"(?<!\.)\b(VBA|XLM|DDE|OLE|XFA|TNEF|OOXML|ODF|payload|parser?|stream|exploit|malformed|sandbox|buffer|bytes?)\b",
    re.IGNORECASE,
)
"""What only engineers say; an ending in a list, such as .tnef, is a name."""

BLAME = re.compile(
    r"\b(your fault|you failed|you should have|illegal|forbidden file|uw schuld|uw fout|Ihr Fehler|Ihre Schuld"
    r"|votre faute|votre erreur)\b",
    re.IGNORECASE,
)

DELIVERED = {"en": "delivered", "nl": "afgeleverd", "de": "zugestellt", "fr": "remis"}

MEGABYTES = {"en": "MB", "nl": "MB", "de": "MB", "fr": "Mo"}

FIVE = {"en": "five", "nl": "vijf", "de": "fünf", "fr": "cinq"}


def sentences(text: Remedy) -> Iterator[str]:
    yield text.message
    yield text.title
    yield from text.steps


def everything(language: str) -> list[tuple[str, str]]:
    return [(code, sentence) for code, text in texts(language).items() for sentence in sentences(text)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_text_and_nothing_else_has(language: str) -> None:
    assert set(texts(language)) == set(CODES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_short(language: str) -> None:
    long = [
        (code, sentence)
        for code, text in texts(language).items()
        for sentence, most in [(text.message, 200), (text.title, 60), *((step, 200) for step in text.steps)]
        if len(sentence) > most
    ]
    assert not long


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_one_to_four_steps_and_none_is_said_twice(language: str) -> None:
    for code, text in texts(language).items():
        assert 1 <= len(text.steps) <= 4, code
        assert len(set(text.steps)) == len(text.steps), code


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_and_steps_are_sentences_and_titles_are_titles(language: str) -> None:
    lists_of_endings = re.compile(r"\.xml\Z")
    for code, text in texts(language).items():
        for sentence in sentences(text):
            assert sentence == sentence.strip(), (code, sentence)
            assert "  " not in sentence, (code, sentence)
            assert sentence.replace("\u00a0", " ").isprintable(), (code, sentence)
        assert text.message.endswith("."), code
        assert not text.title.endswith("."), code
        for step in text.steps:
            assert step.endswith(".") or lists_of_endings.search(step), (code, step)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(LANGUAGES, 2)))
def test_no_two_languages_say_anything_in_the_same_words(one: str, other: str) -> None:
    same = [code for code in texts(one) if set(sentences(remedy(code, one))) & set(sentences(remedy(code, other)))]
    assert not same


@pytest.mark.parametrize("code", texts("en"))
def test_all_languages_give_the_same_number_of_steps(code: str) -> None:
    assert len({len(remedy(code, language).steps) for language in LANGUAGES}) == 1


PROGRAMS = re.compile(r"\b(Windows|Mac|Word|Excel|Outlook|LibreOffice|Acrobat|iPhone|Android|ZIP)\b")

OF_A_PROGRAM = ("ooxml.", "odf.", "ole.", "rtf.", "csv.")
"""Families of codes that are about files of a program, which is where they are put right."""


def programs(step: str) -> set[str]:
    return set(PROGRAMS.findall(step))


@pytest.mark.parametrize("language", OTHERS)
def test_a_step_for_a_program_is_for_the_same_program_in_every_language(language: str) -> None:
    missing = [
        (code, number, lacks)
        for code, text in texts("en").items()
        for number, (step, other) in enumerate(zip(text.steps, texts(language)[code].steps, strict=True))
        if (lacks := programs(step) - programs(other))
    ]
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_put_right_in_a_program_is_told_for_that_program(language: str) -> None:
    vague = [
        code
        for code, text in texts(language).items()
        if code.startswith(OF_A_PROGRAM) and not any(programs(step) for step in text.steps)
    ]
    assert not vague


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_in_the_other_languages(language: str) -> None:
    for code, sentence in everything(language):
        own = sentence
        for name in NAMES_OF_PRODUCTS:
            own = own.replace(name, "")
        assert not IN_ENGLISH_ONLY & set(re.findall(r"[a-z]+", own.lower())), (code, sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_are_addressed_politely_and_never_blamed(language: str) -> None:
    for code, sentence in everything(language):
        assert not re.search(TOO_FAMILIAR[language], sentence, re.IGNORECASE), (code, sentence)
        assert not BLAME.search(sentence), (code, sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_attachment_has_one_name(language: str) -> None:
    for code, sentence in everything(language):
        assert not re.search(SECOND_WORDS_FOR_ATTACHMENT[language], sentence), (code, sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_needs_a_specialist_to_read_it(language: str) -> None:
    for code, sentence in everything(language):
        assert not JARGON.search(sentence), (code, sentence)


def test_french_has_a_no_break_space_before_high_punctuation_and_inside_quotation_marks() -> None:
    for code, sentence in everything("fr"):
        assert not re.search(r"[^\u00a0][:;?!»](?=\s|\Z)", sentence), (code, sentence)
        assert not re.search(r"«[^\u00a0]", sentence), (code, sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_figures_in_the_texts_are_those_of_the_default_limits(language: str) -> None:
    limits = Limits()
    told = {code: " ".join(sentences(remedy(code, language))).replace("\u00a0", " ") for code in texts(language)}
    unit = MEGABYTES[language]
    assert f"{limits.file_size // 2**20} {unit}" in told["limit.file_size"]
    assert f"{limits.total_size // 2**20} {unit}" in told["limit.total_size"]
    assert f"{limits.pixels // 10**6} " in told["limit.pixels"]
    assert f" {limits.frames} " in told["limit.frames"]
    assert f" {limits.pages} " in told["pdf.too_many_pages"]
    assert limits.file_count == 5
    assert FIVE[language] in told["limit.file_count"]
    said = re.findall(rf"(\d+) {unit}", " ".join(told.values()))
    assert {int(figure) * 2**20 for figure in said} == {limits.file_size, limits.total_size}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["name.extension", "type.unknown", "type.not_accepted"])
def test_the_accepted_endings_are_listed_where_they_matter(code: str, language: str) -> None:
    accepted = {f".{extension}" for kind in KINDS.values() for extension in kind.extensions} - {".tif"}
    assert any(set(re.findall(r"\.[a-z]+", step)) == accepted for step in remedy(code, language).steps)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("policy", sorted(POLICIES.glob("*.toml")), ids=lambda path: path.stem)
def test_whoever_may_have_been_delivered_to_is_not_sent_to_do_it_all_again(policy: Path, language: str) -> None:
    rulings = tomllib.loads(policy.read_text(encoding="utf-8"))["findings"]
    calm = remedy("name.cleaned", language).title
    for code in [code for code, ruling in rulings.items() if ruling != "reject"]:
        text = remedy(code, language)
        told = text.title == calm or any(DELIVERED[language] in step for step in text.steps)
        assert told, f"{code} is ruled {rulings[code]}: say what holds when the file was delivered"


@pytest.mark.parametrize("policy", sorted(POLICIES.glob("*.toml")), ids=lambda path: path.stem)
def test_nobody_whose_file_was_rejected_reads_that_nothing_needs_to_be_done(policy: Path) -> None:
    rulings = tomllib.loads(policy.read_text(encoding="utf-8"))["findings"]
    calm = remedy("name.cleaned", "en").title
    assert not [code for code, ruling in rulings.items() if ruling == "reject" and remedy(code, "en").title == calm]


@pytest.mark.parametrize("language", LANGUAGES)
def test_malware_is_not_to_be_opened(language: str) -> None:
    do_not_open = {"en": "do not open", "nl": "open het niet", "de": "nicht öffnen", "fr": "ouvrez pas"}
    for code in MALWARE:
        assert do_not_open[language] in remedy(code, language).title.lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_troubles_are_ours_and_pass(language: str) -> None:
    our_side = {"en": "on our side", "nl": "bij ons", "de": "bei uns", "fr": "chez nous"}
    minutes = {"en": "minutes", "nl": "minuten", "de": "Minuten", "fr": "minutes"}
    for code in TROUBLES:
        text = remedy(code, language)
        assert our_side[language] in text.steps[0], code
        assert minutes[language] in text.title, code


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        *((language, language) for language in LANGUAGES),
        ("nl-BE", "nl"),
        ("de-CH", "de"),
        ("fr_FR.UTF-8", "fr"),
        ("DE", "de"),
        (" nl ", "nl"),
        ("pl", "en"),
        ("", "en"),
        ("../en", "en"),
        ("nlx", "en"),
        ("C", "en"),
    ],
)
def test_a_language_is_answered_in_its_nearest_relative_or_in_english(asked: str, answered: str) -> None:
    assert spoken(asked) == answered
    assert remedy("limit.empty", asked) == remedy("limit.empty", answered)


@pytest.mark.parametrize("code", ["pdf.no_such_thing", "", "pdf"])
def test_a_code_of_neither_catalogue_is_an_error(code: str) -> None:
    with pytest.raises(KeyError):
        remedy(code, "en")


@pytest.mark.parametrize(
    "table",
    [
        "a text",
        {},
        {"message": "M.", "title": "T"},
        {"message": "M.", "title": "T", "steps": ["S."], "link": "L"},
        {"message": "", "title": "T", "steps": ["S."]},
        {"message": "M.", "title": " ", "steps": ["S."]},
        {"message": "M.", "title": 7, "steps": ["S."]},
        {"message": "M.", "title": "T", "steps": []},
        {"message": "M.", "title": "T", "steps": "S."},
        {"message": "M.", "title": "T", "steps": ["S.", ""]},
    ],
)
def test_a_table_that_is_not_a_whole_remedy_is_an_error_that_names_it(table: object) -> None:
    with pytest.raises(ValueError, match=r"en\.toml: pdf\.javascript"):
        parse(table, "en.toml: pdf.javascript")
