"""What a child's end leads to, under a supervisor whose children have an order.

    a child ends ──> Exited ──> strategy      does it come back, and who shares its fate?
                                _intensity    or has it been too often?
                                _shutdown     stop the siblings, newest first
                                _children     start them again, oldest first
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
from supervisors.child_spec import AutoShutdown, ChildSpec
from supervisors.strategy import Plan, Strategy, is_failure, is_restarted, plan

__all__ = ["Fates"]


@final
class Fates:
    """The rules of one supervisor for its children, and what has been restarted so far.

    Args:
        children: The table they are in.
    """

    __slots__ = ("auto_shutdown", "children", "strategy", "window")

    def __init__(self, children: Children) -> None:
        self.children = children
        # Until rules are given: the usual ones.
        self.strategy: Strategy = "one_for_one"
        self.window = RestartWindow(3, 5.0)
        self.auto_shutdown: AutoShutdown = "never"

    def follow(
        self,
        strategy: Strategy,
        max_restarts: int,
        max_seconds: float,
        auto_shutdown: AutoShutdown,
    ) -> None:
        """Take rules, or others than before; what has been restarted so far still counts.

        Args:
            strategy: Who is restarted along with a child.
            max_restarts: How many restarts are allowed in the window.
            max_seconds: How long the window is, in seconds.
            auto_shutdown: Whether the end of significant children ends the supervisor.
        """
        self.strategy = strategy
        self.auto_shutdown = auto_shutdown
        self.window.max_restarts = max_restarts
        self.window.max_seconds = max_seconds

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
        spec = child.spec
        if is_failure(spec.restart, reason):
            report(self.children, "child_terminated", reason, child)
        if is_restarted(spec.restart, reason):
            return self._restart(child)
        self.children.over(child)
        return Stop(SHUTDOWN) if self._is_over(spec) else None

    def _is_over(self, ended: ChildSpec) -> bool:
        match self.auto_shutdown:
            case "never":
                return False
            case "any_significant":
                return ended.significant
            case "all_significant":
                return ended.significant and not self.children.has_significant()

    def _restart(self, child: Child) -> Stop[None, None] | None:
        if may_restart(self.window):
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
            if boot(children, child) is not None:
                try_again(children, child, last if child is ended else None)
                return
