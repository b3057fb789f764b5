"""What the evaluating child and its parent tell each other: one JSON document a line."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.stack import Evaluated, ObjectKey, Stack, StackObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.models.site import Site


def take_over() -> tuple[IO[str], IO[str]]:
    """A child's standard input and output, for the exchange alone: whatever else reads or prints finds nothing, or standard error."""
    asked, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(asked, encoding="utf-8"), os.fdopen(answers, "w", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class SiteStamp:
    """Which site is meant, so that the child can tell whether it has loaded the same."""

    folder: str
    digest: str
    """Over the files."""
    content: str
    """Over the site as it is in memory: it tells one that was changed there from the one in its folder."""

    @classmethod
    def of(cls, site: Site) -> SiteStamp:
        """A site's stamp."""
        content = hashlib.sha256(site.model_dump_json().encode()).hexdigest()
        return cls(str(Path(site.folder).resolve()), site.digest, content)

    def require(self, site: Site) -> None:
        """Refuse another site.

        Raises:
            ProgramError: the files were changed meanwhile, or the site in memory is not the one in them.
        """
        own = SiteStamp.of(site)
        if own.digest != self.digest:
            raise ProgramError("the site's files were changed while it was being planned", where=self.folder, remedy="do it again")
        if own.content != self.content:
            raise ProgramError(
                "the site in memory is not the one in its folder, which is what programs see",
                where=self.folder,
                remedy="write it there first",
            )


def stack_document(stack: Stack) -> dict[str, str]:
    """A stack as JSON."""
    return asdict(stack)


def stack_of(document: Mapping[str, str]) -> Stack:
    """The stack of a document."""
    return Stack(**document)


def evaluated_document(evaluated: Evaluated) -> dict[str, Any]:
    """What a program came to as JSON; the stack is not in it, the parent knows it."""
    return {
        "objects": [_object_document(each) for each in evaluated.objects],
        "outputs": dict(evaluated.outputs),
        "generated": sorted(evaluated.generated),
    }


def evaluated_of(stack: Stack, document: Mapping[str, Any]) -> Evaluated:
    """What a stack's program came to."""
    objects = tuple(_object_of(each) for each in document["objects"])
    return Evaluated(stack, objects, document["outputs"], frozenset(document["generated"]))


def error_document(error: ProgramError) -> dict[str, str]:
    """An error as JSON."""
    return {"what": error.what, "where": error.where, "remedy": error.remedy}


def error_of(document: Mapping[str, str]) -> ProgramError:
    """The error of a document."""
    return ProgramError(document["what"], where=document["where"], remedy=document["remedy"])


def _object_document(item: StackObject) -> dict[str, Any]:
    return {
        "logical_name": item.logical_name,
        "type": item.type,
        "manifest": dict(item.manifest),
        "component": list(item.component),
        "depends_on": sorted(astuple(key) for key in item.depends_on),
        "patch": item.patch,
        "given_up": list(item.given_up),
        "retain": item.retain,
        "ready_within_s": item.ready_within_s,
    }


def _object_of(document: Mapping[str, Any]) -> StackObject:
    return StackObject(
        **{
            **document,
            "component": tuple(document["component"]),
            "depends_on": frozenset(ObjectKey(*key) for key in document["depends_on"]),
            "given_up": tuple(document["given_up"]),
        }
    )
