"""The texts that stand for a label: the forms trained with and the one form scored with."""

from __future__ import annotations

from pathlib import Path

from .banks import glosses

GLOSS = "{term}: {gloss}"


def with_gloss(text: str, gloss: str | None) -> str:
    """`text` and its gloss in the form that the model's spec names; `text` alone without one."""
    return GLOSS.replace("{term}", text).replace("{gloss}", gloss) if gloss else text


def article(noun: str) -> str:
    """The noun with its indefinite article: "an oil painting"."""
    return ("an " if noun[0].lower() in "aeiou" else "a ") + noun


def artist_gloss(artist: dict | None) -> str | None:
    """A gloss from a row of `artists.json`: movements, media, years; None if nothing is known."""
    if not artist:
        return None
    parts = [*artist["movements"][:2], *artist["media"][:1]]
    if artist["born"] and artist["died"]:
        parts.append(f"{artist['born']}-{artist['died']}")
    return ", ".join(parts) or None


def label_text(kind: str, label: str, artists: dict[str, dict]) -> str:
    """The text whose vector stands for a label when a data set is scored.

    The label itself; for an artist `by NAME: GLOSS`, the gloss made from `artists.json`.
    """
    if kind == "artist":
        return with_gloss(f"by {label}", artist_gloss(artists.get(label)))
    return label


def training_forms(kind: str, label: str, artists: dict[str, dict], banks: Path) -> list[str]:
    """All texts that training uses for a label, the scored one first."""
    key = "medium" if kind == "medium" else kind
    known = glosses_of(key, banks)
    forms = [label_text(kind, label, artists)]
    if kind == "artist":
        forms += [f"by {label}", f"inspired by {label}", label]
        for gloss in (known.get(label), artist_gloss(artists.get(label))):
            forms += [with_gloss(t, gloss) for t in (f"by {label}", f"inspired by {label}")] if gloss else []
    elif kind == "movement":
        forms += [f"{label} style", f"in the style of {label}"]
    elif kind == "subject":
        forms += [article(label), f"a picture of {label}"]
    else:
        forms += [article(label)]
    if kind != "artist":
        gloss = known.get(label) or known.get(article(label))
        forms += [with_gloss(label, gloss), with_gloss(article(label), gloss)] if gloss else []
    return list(dict.fromkeys(forms))


_cache: dict[tuple[str, Path], dict[str, str]] = {}


def glosses_of(kind: str, banks: Path) -> dict[str, str]:
    """`banks.glosses`, read once."""
    if (kind, banks) not in _cache:
        _cache[kind, banks] = glosses(kind, banks)
    return _cache[kind, banks]
