"""Reading term banks (`assets/banks/*.txt`, format in its README.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

BANKS = Path(__file__).parents[2] / "assets" / "banks"


@dataclass
class Bank:
    """A bank: its name, label templates, and (term, gloss or None) in file order."""

    name: str
    templates: list[str] = field(default_factory=list)
    terms: list[tuple[str, str | None]] = field(default_factory=list)


def read_bank(file: Path) -> Bank:
    """Parse one bank file."""
    bank = Bank(file.stem)
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#:"):
            key, _, value = line[2:].strip().partition(" ")
            if key == "bank":
                bank.name = value.strip()
            elif key == "template":
                bank.templates.append(value.strip())
        elif line.strip() and not line.startswith("#"):
            cells = [c.strip() for c in line.split("|")]
            bank.terms.append((cells[0], cells[1] if len(cells) > 1 and cells[1] else None))
    bank.templates = bank.templates or ["{}"]
    return bank


def read_banks(folder: Path = BANKS) -> list[Bank]:
    """All banks of a folder, by file name."""
    return [read_bank(f) for f in sorted(Path(folder).glob("*.txt"))]


def glosses(name: str, folder: Path = BANKS) -> dict[str, str]:
    """Term to gloss of one bank; empty where there is no such file."""
    file = Path(folder) / f"{name}.txt"
    return {t: g for t, g in read_bank(file).terms if g} if file.exists() else {}
