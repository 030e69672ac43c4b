"""Everything that can make a file, by reference: `pdf.invoice`, `word97.letter`, `malware.eicar`.

A family is a module, a maker any public function in it that gives bytes; parameters come from expected.toml. A
parameter may be made itself: `{ make = "malware.eicar" }` stands for the bytes that maker gives.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType

from samples.makers import (
    blanks,
    excel97,
    mail,
    mail_clients,
    malware,
    odf,
    ooxml,
    ooxml_active,
    ooxml_rich,
    packages,
    pdf,
    pdf_actions,
    pdf_carriers,
    pictures,
    rtf,
    text,
    tnef,
    word97,
)

Maker = Callable[..., bytes]

FAMILIES = (
    blanks,
    excel97,
    mail,
    mail_clients,
    malware,
    odf,
    ooxml,
    ooxml_active,
    ooxml_rich,
    packages,
    pdf,
    pdf_actions,
    pdf_carriers,
    pictures,
    rtf,
    text,
    tnef,
    word97,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a file is made: a maker's reference, and the parameters that differ from its defaults."""

    maker: str
    parameters: "Mapping[str, str | int | Recipe]" = field(default_factory=dict)


def _makers(family: ModuleType) -> dict[str, Maker]:
    """Find the functions a family itself defines, shows and declares to give bytes."""
    prefix = family.__name__.rpartition(".")[2]
    return {
        f"{prefix}.{name}": function
        for name, function in inspect.getmembers(family, inspect.isfunction)
        if function.__module__ == family.__name__
        and not name.startswith("_")
        and function.__annotations__.get("return") is bytes
    }


MAKERS: Mapping[str, Maker] = MappingProxyType(
    {reference: maker for family in FAMILIES for reference, maker in _makers(family).items()}
)
"""Every maker by its reference."""


def make(recipe: Recipe) -> bytes:
    """Make a file. Raises KeyError for an unknown maker, TypeError for parameters it does not have."""
    parameters = {
        name: make(value) if isinstance(value, Recipe) else value for name, value in recipe.parameters.items()
    }
    return MAKERS[recipe.maker](**parameters)
