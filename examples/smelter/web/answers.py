"""What is answered: events and complaints as JSON, in the words clients know."""

from __future__ import annotations

from dataclasses import dataclass

from actors import CallFailed, Exit, NotInProcess
from examples.smelter import events
from examples.smelter.complaints import (
    AlreadyRegistered,
    ImageRefused,
    InputRefused,
    MediaError,
    NotRegistered,
    OptionRefused,
    OutputRefused,
    RequestRefused,
    SceneRefused,
    SpecRefused,
    TooLate,
)
from examples.smelter.control import Status
from examples.smelter.protocols.webrtc import OfferRefused
from examples.smelter.sessions import Link
from examples.smelter.web.watch import Report

__all__ = ["Complaint", "complaint_of", "event_of", "report_of", "status_of"]


@dataclass(frozen=True, slots=True)
class Complaint:
    """An answer that says what is wrong."""

    status: int
    """As HTTP has it."""
    json: dict[str, object]
    """``error_code``, ``message``, and ``field``, ``came`` and ``accepted`` where there are such."""


_LARGE = 2**53
"""Beyond it, not every JSON parser reads a number as it was written."""

_ENTITIES = {"input": "INPUT_STREAM", "output": "OUTPUT_STREAM"}


def complaint_of(error: BaseException) -> Complaint:
    """Put what went wrong into an answer; what nobody has thought of says nothing of the inside."""
    match error:
        case AlreadyRegistered(what=what):
            code = f"{_ENTITIES.get(what, 'ENTITY')}_ALREADY_REGISTERED"
            return _complaint(409, code, error, field="id", came=error.id)
        case NotRegistered(what=what):
            code = f"{_ENTITIES.get(what, 'ENTITY')}_NOT_FOUND"
            return _complaint(404, code, error, field="id", came=error.id)
        case SceneRefused():
            return _of_field("BUILD_SCENE_ERROR", error)
        case SpecRefused():
            return _of_field("MALFORMED_REQUEST", error)
        case OptionRefused(option=option, came=came, accepted=accepted):
            return _of_field("MALFORMED_REQUEST", SpecRefused(option, came, accepted))
        case InputRefused():
            return _complaint(400, "INVALID_MP4_SOURCE", error, field="path", came=error.name)
        case OutputRefused():
            return _complaint(
                400, "OUTPUT_STREAM_OUTPUT_ERROR", error, field="path", came=error.path
            )
        case ImageRefused():
            return _complaint(400, "REGISTER_IMAGE_ERROR", error, field="path", came=error.name)
        case TooLate():
            came = error.time / 1e6
            return _complaint(409, "TIME_HAS_PASSED", error, field="schedule_time_ms", came=came)
        case OfferRefused(kind=kind):
            known = {"token": 401, "input": 404, "output": 404, "session": 404, "place": 503}
            return _complaint(known.get(kind, 400), "WEBRTC_OFFER_REFUSED", error, field=kind)
        case RequestRefused() | CallFailed() | NotInProcess() | Exit():
            return _complaint(503, "NOT_AVAILABLE_NOW", error)
        case MediaError():
            return _complaint(400, "MALFORMED_REQUEST", error)
        case _:
            said = "something went wrong inside; the log knows more"
            return Complaint(500, {"error_code": "INTERNAL", "message": said, "stack": []})


def _of_field(code: str, error: SpecRefused) -> Complaint:
    return _complaint(
        400, code, error, field=error.field, came=_plain(error.came), accepted=error.accepted
    )


def _complaint(status: int, code: str, error: BaseException, **more: object) -> Complaint:
    message = str(error)
    return Complaint(status, {"error_code": code, "message": message, "stack": [message], **more})


def _plain(value: object) -> object:
    """Return what JSON can hold as it is, anything else as a text."""
    match value:
        case None | bool():
            return value
        case int() | float() if abs(value) < _LARGE:
            return value
        case _:
            text = value if isinstance(value, str) else repr(value)
            return text if len(text) <= 200 else f"{text[:197]}..."


def event_of(event: events.Event) -> dict[str, object]:
    """Put an event into JSON."""
    match event:
        case events.InputDelivered(input, media):
            return {"type": f"{media.upper()}_INPUT_DELIVERED", "input_id": input}
        case events.InputPlaying(input, media):
            return {"type": f"{media.upper()}_INPUT_PLAYING", "input_id": input}
        case events.InputPaused(input, media):
            return {"type": f"{media.upper()}_INPUT_PAUSED", "input_id": input}
        case events.InputEos(input, media):
            return {"type": f"{media.upper()}_INPUT_EOS", "input_id": input}
        case events.InputError(input):
            return {"type": "INPUT_ERROR", "input_id": input, "severity": "critical"}
        case events.InputSkipped(input, at, length):
            return {
                "type": "INPUT_SKIPPED",
                "input_id": input,
                "at_ms": at / 1e6,
                "length_ms": length / 1e6,
            }
        case events.InputConnected(input):
            return {"type": "INPUT_CONNECTED", "input_id": input}
        case events.InputLost(input, why):
            return {"type": "INPUT_LOST", "input_id": input, "why": why}
        case events.OutputConnected(output):
            return {"type": "OUTPUT_CONNECTED", "output_id": output}
        case events.OutputDone(output):
            return {"type": "OUTPUT_DONE", "output_id": output}
        case events.OutputError(output, severity, why):
            found: dict[str, object] = {"output_id": output, "severity": severity}
            return {"type": "OUTPUT_ERROR", **found, **({"why": why} if why else {})}
        case events.SetDropped(media, pts):
            return {"type": "SET_DROPPED", "media": media, "pts_ms": pts / 1e6}
        case events.SetPoisoned(media, pts):
            return {"type": "SET_POISONED", "media": media, "pts_ms": pts / 1e6}
        case events.CommandFailed(command, at):
            return {"type": "COMMAND_FAILED", "command": command, "time_ms": at / 1e6}
        case events.ShaderFailed(shader, why):
            return {"type": "SHADER_FAILED", "shader_id": shader, "why": why}


def report_of(report: Report) -> dict[str, object]:
    """Put what happened to a process into JSON."""
    about = {"id": report.child, "what": report.what, "why": report.why}
    return {"type": "PROCESS", **about, "number": report.number}


def _link(link: Link) -> dict[str, object]:
    why = "" if link.state == "up" else link.why
    return {"state": link.state, "attempts": link.attempts, "why": why}


def status_of(status: Status) -> dict[str, object]:
    """Put what there is into JSON."""
    queue = status.queue
    return {
        "inputs": list(status.inputs),
        "outputs": list(status.outputs),
        "images": list(status.images),
        "shaders": list(status.shaders),
        "failed_outputs": list(status.failed_outputs),
        "links": {
            "inputs": {id: _link(link) for id, link in status.input_links.items()},
            "outputs": {id: _link(link) for id, link in status.output_links.items()},
        },
        "queue": {
            "ticks": queue.ticks,
            "video_sets": queue.video_sets,
            "audio_sets": queue.audio_sets,
            "dropped": queue.dropped,
            "poisoned": queue.poisoned,
            "failed_inputs": list(queue.failed_inputs),
            "ended_inputs": list(queue.ended_inputs),
            "paused_inputs": list(queue.paused_inputs),
            "is_over": queue.is_over,
        },
    }
