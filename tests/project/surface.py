"""The snapshot of what a shop may rely on, and the command that writes it anew.

    python -m tests.project.surface

It writes nothing before the changelog has told of the change: "Unreleased" must have changed since
the last snapshot, and must name what did. A seal shows a snapshot that was edited by hand.
"""

from __future__ import annotations

import hashlib
import re
import sys
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from .source import ROOT
from .surface_entries import sections

SNAPSHOT, CHANGELOG = Path(__file__).with_name("surface.txt"), ROOT / "CHANGELOG.md"
COMMAND = "python -m tests.project.surface"
_HEAD = """\
# What a shop may rely on; an entry a line. Written by `{command}`.
# "Unreleased" in the changelog was then: {told}
# Seal: {seal}
"""


class Untold(Exception):
    """The changelog does not tell of a change; the message says what is missing."""


class Snapshot(NamedTuple):
    """A snapshot as it stands in its file."""

    entries: str
    told: str
    seal: str

    @classmethod
    def of(cls, text: str) -> Snapshot:
        head, _, entries = text.partition("\n\n")
        told, seal = re.findall(r": (\w*)$", head, re.MULTILINE)
        return cls(entries, told, seal)

    @property
    def is_sealed(self) -> bool:
        """Whether it is as the command wrote it."""
        return self.seal == _digest(self.told + self.entries)


def current() -> str:
    """The entries as the code has them now."""
    return "\n\n".join("\n".join([f"[{head}]", *lines]) for head, lines in sections().items())


def unreleased(changelog: str) -> str:
    """What the changelog says of the coming release."""
    found = re.search(r"^## Unreleased\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return "" if found is None else found[1].strip()


def difference(old: str, new: str) -> list[str]:
    """The lines that came (`+`), went (`-`), or did both because they changed."""
    lines = unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
    return [line for line in lines if re.match(r"[+-](?![+-])[^\[]", line)]


def names(changed: list[str]) -> set[str]:
    """What each of these lines is called in a sentence."""
    return {_name(line[1:]) for line in changed}


def _name(entry: str) -> str:
    """Of a command's option that option; else the end of the first word: `start` of `X.start`."""
    option = re.search(r"--[\w-]+", entry)
    word = option[0] if option else re.split(r"[^\w./-]", entry)[0]
    return Path(word).name if word.endswith(".html") else word.rpartition(".")[2]


def renewed(written: str, changelog: str, entries: str) -> str:
    """Return the text of the new snapshot.

    :raises Untold: when the changelog does not tell what has changed since the `written` one.
    """
    told = unreleased(changelog)
    if written:
        _check_told(Snapshot.of(written), told, entries)
    digest = _digest(told)
    seal = _digest(digest + entries)
    return f"{_HEAD.format(command=COMMAND, told=digest, seal=seal)}\n{entries}"


def _check_told(last: Snapshot, told: str, entries: str) -> None:
    changed = difference(last.entries, entries)
    if changed and _digest(told) == last.told:
        raise Untold(
            'Nothing is new in the changelog\'s "Unreleased": first say there what changed.'
        )
    words = {word.lower() for word in re.findall(r"[\w.-]*\w", told)}
    words |= {part for word in words for part in word.split(".")}
    unsaid = sorted(name for name in names(changed) if name.lower() not in words)
    if unsaid:
        raise Untold(f'The changelog\'s "Unreleased" does not name: {", ".join(unsaid)}')


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def main() -> None:
    """Write the snapshot anew, where the changelog allows it."""
    written = SNAPSHOT.read_text(encoding="utf-8") if SNAPSHOT.exists() else ""
    entries = current() + "\n"
    if written and Snapshot.of(written).is_sealed and Snapshot.of(written).entries == entries:
        sys.exit("Nothing has changed.")
    try:
        text = renewed(written, CHANGELOG.read_text(encoding="utf-8"), entries)
    except Untold as untold:
        sys.exit(str(untold))
    SNAPSHOT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
