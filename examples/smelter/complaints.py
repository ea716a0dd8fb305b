"""What the media rooms complain about: whose fault it is, in one line each.

    MediaError
      InputRefused    a file that cannot be composed, found before anything starts: name another one
      MediaBroken     a file that went bad while it was being read: says where
      PeerLost        the other end of a live input has gone, or was never there: wait and try again
      OutputRefused   a file that cannot be written: name another one, or make room
      SnapshotRefused what a run before wrote down cannot be used: it is left as it is, look into it
      OptionRefused   a size, a rate or a length that makes no sense: says what is accepted
      PacketGap       encoded sound does not continue the file: the one who feeds the muxer is wrong
      RequestRefused  something was asked of a running pipeline that it cannot do; nothing has changed
        IdRefused     the id is not as it should be
          AlreadyRegistered, NotRegistered    it is taken, or not there
        SpecRefused   a field of what was asked for does not make sense
          SceneRefused  the same, in a scene
        ImageRefused  not a png, jpeg or gif that can be decoded, or not a font
        TooLate       the time asked for has passed

``str(error)`` is a single line fit for standard error. None of these means that this program is
wrong, except `PacketGap`.
"""

from __future__ import annotations

import contextlib
import json

__all__ = [
    "AlreadyRegistered",
    "IdRefused",
    "ImageRefused",
    "InputRefused",
    "MediaBroken",
    "MediaError",
    "NotRegistered",
    "OptionRefused",
    "OutputRefused",
    "PacketGap",
    "PeerLost",
    "RequestRefused",
    "SceneRefused",
    "SnapshotRefused",
    "SpecRefused",
    "TooLate",
]


class MediaError(Exception):
    """Everything in this file."""


class InputRefused(MediaError):
    """The user named an input that cannot be composed; nothing was started.

    Args:
        name: the input as the user wrote it.
        why: the reason, without a full stop.
    """

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name, why)
        self.name = name
        self.why = why

    def __str__(self) -> str:
        return f"input {_one_line(self.name) or repr('')}: {_one_line(self.why)}"


class MediaBroken(MediaError):
    """An input that opened well stopped making sense in the middle.

    A source that is started again behind ``at`` skips the broken place.

    Args:
        name: the input as the user wrote it.
        at: how far it could be read, in nanoseconds of its own time.
        why: what was found there.
    """

    def __init__(self, name: str, at: int, why: str) -> None:
        super().__init__(name, at, why)
        self.name = name
        self.at = at
        self.why = why

    def __str__(self) -> str:
        return (
            f"input {_one_line(self.name)}: broken at {self.at / 1e9:.3f} s: {_one_line(self.why)}"
        )


class PeerLost(MediaError):
    """The other end of a connection went away; nobody here has done wrong.

    Args:
        name: the input or output, as people know it.
        why: what was noticed.
    """

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name, why)
        self.name = name
        self.why = why

    def __str__(self) -> str:
        return f"{_one_line(self.name)}: {_one_line(self.why)}"


class OutputRefused(MediaError):
    """The file asked for cannot be written, or could not be written any further.

    Args:
        path: the output as the user wrote it.
        why: the reason, without a full stop.
    """

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why

    def __str__(self) -> str:
        return f"output {_one_line(self.path) or repr('')}: {_one_line(self.why)}"


class SnapshotRefused(MediaError):
    """A file of registrations is damaged, not ours, or of another version.

    Args:
        path: the file.
        why: the reason, without a full stop.
    """

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why

    def __str__(self) -> str:
        return f"snapshot {_one_line(self.path)}: {_one_line(self.why)}"


class OptionRefused(MediaError):
    """An option is out of its range.

    Args:
        option: its name as the user knows it, such as ``"size"``.
        came: what was given.
        accepted: what would have been right.
    """

    def __init__(self, option: str, came: object, accepted: str) -> None:
        super().__init__(option, came, accepted)
        self.option = option
        self.came = came
        self.accepted = accepted

    def __str__(self) -> str:
        return f"{self.option} {_one_line(str(self.came))}: {self.accepted}"


class PacketGap(MediaError):
    """Encoded sound begins after the end of what the file holds, so samples would be missing.

    Args:
        expected: the sample at which the file ends.
        came: the sample at which the packet begins.
    """

    def __init__(self, expected: int, came: int) -> None:
        super().__init__(expected, came)
        self.expected = expected
        self.came = came

    def __str__(self) -> str:
        return (
            f"the next audio packet must begin at sample {self.expected}, this one begins at"
            f" {self.came}: start the encoder at the muxer's audio_end"
        )


class RequestRefused(MediaError):
    """Something was asked of a running pipeline that it cannot do. Nothing of it was done."""


class IdRefused(RequestRefused):
    """The request names an id that is not as it should be.

    Args:
        what: ``"input"``, ``"output"``, ``"image"`` or ``"shader"``.
        id: the one that was named.
    """

    why = ""

    def __init__(self, what: str, id: str) -> None:
        super().__init__(what, id)
        self.what = what
        self.id = id

    def __str__(self) -> str:
        return f"{self.what} {_one_line(self.id)}: {self.why}"


class AlreadyRegistered(IdRefused):
    """The id is taken."""

    why = "there is one of this id already"


class NotRegistered(IdRefused):
    """Nothing has this id."""

    why = "there is none of this id"


class SpecRefused(RequestRefused):
    """A field of what was asked for does not make sense.

    Args:
        field: its path, such as ``"video.width"``.
        came: what was given.
        accepted: what would have been right.
    """

    def __init__(self, field: str, came: object, accepted: str) -> None:
        super().__init__(field, came, accepted)
        self.field = field
        self.came = came
        self.accepted = accepted

    def __str__(self) -> str:
        if self.came is None:
            return f"{self.field}: is missing; accepted is {self.accepted}"
        return f"{self.field}: {_one_line(_shown(self.came))} is not {self.accepted}"


class SceneRefused(SpecRefused):
    """A component of a scene does not make sense; the scene before stays in force."""


class ImageRefused(RequestRefused):
    """An image or a font cannot be used.

    Args:
        name: as it was named.
        why: the reason, without a full stop.
    """

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name, why)
        self.name = name
        self.why = why

    def __str__(self) -> str:
        return f"image {_one_line(self.name)}: {_one_line(self.why)}"


class TooLate(RequestRefused):
    """The time asked for has passed; nothing was scheduled.

    Args:
        time: in nanoseconds from the start.
    """

    def __init__(self, time: int) -> None:
        super().__init__(time)
        self.time = time

    def __str__(self) -> str:
        return f"time {self.time / 1e6:.15g} ms: has passed already, so nothing was scheduled"


def _shown(value: object) -> str:
    text = repr(value)
    if isinstance(value, bool | dict | list):
        # As JSON has it, where most of these come from.
        with contextlib.suppress(TypeError, ValueError, RecursionError):
            text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _one_line(text: str) -> str:
    # A file name may hold line breaks and terminal codes; a complaint stays one harmless line.
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
