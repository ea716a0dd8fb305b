"""What a child's end leads to, under a supervisor whose children have an order.

    a child ends ──> Exited ──> strategy      does it come back, and who shares its fate?
                                _intensity    or has it been too often?
                                _shutdown     stop the siblings, newest first
                                _children     start it, or them, again, oldest first
                                _reports      tell the world

Every restart comes through here, in the supervisor's own process. A restart that fails is tried again
through a message to itself, so that requests get through between the attempts.

Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#supervision-principles
"""

from __future__ import annotations

from typing import final

from actors.exits import SHUTDOWN, Reason
from actors.messages import Exited, Message
from actors.outcomes import Stop
from actors.pid import Pid
from supervisors import _reports
from supervisors._children import Child, Children, TryAgain, boot, may_restart, report, try_again
from supervisors._intensity import RestartWindow
from supervisors._shutdown import stop_each
from supervisors.child_spec import AutoShutdown
from supervisors.strategy import Plan, Strategy, is_failure, is_restarted, plan

__all__ = ["Fates"]


@final
class Fates:
    """The rules of one supervisor for its children, and what has been restarted so far.

    Args:
        children: The table they are in.
        strategy: Who is restarted along with a child.
        max_restarts: How many restarts are allowed in the window.
        max_seconds: How long the window is, in seconds.
        auto_shutdown: Whether the end of significant children ends the supervisor.
    """

    __slots__ = ("auto_shutdown", "children", "strategy", "window")

    def __init__(
        self,
        children: Children,
        strategy: Strategy,
        max_restarts: int,
        max_seconds: float,
        auto_shutdown: AutoShutdown,
    ) -> None:
        self.children = children
        self.strategy = strategy
        self.window = RestartWindow(max_restarts, max_seconds)
        self.auto_shutdown = auto_shutdown

    def follow(
        self,
        strategy: Strategy,
        max_restarts: int,
        max_seconds: float,
        auto_shutdown: AutoShutdown,
    ) -> None:
        """Take other rules than before, which are those of `Fates`; what has been restarted still counts."""
        self.strategy = strategy
        self.auto_shutdown = auto_shutdown
        self.window.resize(max_restarts, max_seconds)

    def hear(self, message: Message) -> Stop[None, None] | None:
        """Do what a message asks for: a child has ended, or is to be tried again.

        Args:
            message: What came; what means nothing is reported.

        Returns:
            `Stop` if the supervisor is to end.
        """
        # By its type: anybody can send anything, also what lies about its class.
        if type(message) is Exited:
            child = self.children.of(message.pid)
            return None if child is None else self._ended(child, message.reason)
        if type(message) is TryAgain:
            child = self.children.attempted(message.attempt)
            return None if child is None else self._restart(child)
        _reports.unexpected(self.children.owner, message)
        return None

    def _ended(self, child: Child, reason: Reason) -> Stop[None, None] | None:
        if is_failure(child.restart, reason):
            report(self.children, "child_terminated", reason, child)
        if is_restarted(child.restart, reason):
            return self._restart(child)
        self.children.over(child)
        return Stop(SHUTDOWN) if self._is_over(child) else None

    def _is_over(self, ended: Child) -> bool:
        match self.auto_shutdown:
            case "never":
                return False
            case "any_significant":
                return ended.significant
            case "all_significant":
                return ended.significant and not self.children.has_significant()

    def _restart(self, child: Child) -> Stop[None, None] | None:
        if may_restart(self.window):
            if self.strategy == "one_for_one":
                # What its plan would say, without the plan; `tests.bench` name: restart.
                self._start_again(child, child.pid)
            else:
                steps = plan(self.strategy, self.children.specs(), child.spec.id)
                self._carry_out(steps, child, child.pid)
            return None
        report(self.children, "shutdown", "reached_max_restart_intensity", child)
        self.children.over(child)
        return Stop(SHUTDOWN)

    def _carry_out(self, steps: Plan, ended: Child, last: Pid | None) -> None:
        children = self.children
        if steps.stop:
            children.stopped(ended)
            stop_each(children, [children[id] for id in steps.stop])
        for id in steps.forget:
            children.forget(children[id])
        for id in steps.start:
            child = children[id]
            if not self._start_again(child, last if child is ended else None):
                return

    def _start_again(self, child: Child, last: Pid | None) -> bool:
        """Start a child, now or, if that fails, at the next attempt; tell whether it is up."""
        if boot(self.children, child) is None:
            return True
        try_again(self.children, child, last)
        return False
