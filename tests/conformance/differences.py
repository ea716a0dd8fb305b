"""The one table of what differs from the recorded traces, each with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DIFFERENCES", "Difference"]


@dataclass(frozen=True)
class Difference:
    """One cause, and the recorded lines that it changes."""

    reason: str
    """Why it is so."""
    edits: Mapping[str, Mapping[str, str]]
    """For each trace: what is replaced in its lines (a pattern), and by what; a line that becomes empty goes."""

    def apply(self, name: str, lines: list[str]) -> list[str]:
        """Return the lines of a trace as they are due with this difference."""
        for pattern, replacement in self.edits.get(name, {}).items():
            changed = [(line, re.sub(pattern, replacement, line)) for line in lines]
            lines = [new for old, new in changed if new or not old]
        return lines


DIFFERENCES = (
    Difference(
        "OTP 26: whoever traps exits finds no EXIT of a process whose start failed; start_link takes it out",
        {
            "gen_statem_events": {r"^  saw: \(EXIT, <pid>, .*": "  saw: nothing"},
            "gs_init_returns": {r"^  mailbox: \(EXIT, <srv>, .*": "  mailbox: nothing"},
            "sup_start_rollback": {
                r"^  saw: \(EXIT, <pid>, \(shutdown, \(failed_to_start_child, .*": "",
                r"^  saw: \(EXIT, <pid>, .*": "  saw: nothing",
            },
        },
    ),
    Difference(
        "a function of Python has no arity: what a process was started as is shown by its dotted name",
        {
            "gs_state_and_from": {
                r"^initial call: \(Srv, init, 1\)": "initial call: tests.conformance.srv.Srv.init",
            },
        },
    ),
    Difference(
        "a process here has no heap, no reductions and no log of its own; a report keeps no mail and dictionary,"
        " which may hold what must not outlive the process",
        {
            "log_reports": {
                r"\[client_info, label, last_message, log, ": "[label, last_message, ",
                r", messages, links, dictionary, trap_exit, .*reductions\]": ", links, trap_exit]",
            },
        },
    ),
)
"""At most ten, none about order, reasons or counts; each must change a line."""
