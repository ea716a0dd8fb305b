"""Who is responsible for whom: starting processes, starting them again, stopping them in order.

A tour of the rooms, from the bottom up. Words and decisions, where no process is involved:

* `child_spec`: how one child is started, when it is started again, how it is stopped; all of it is
  checked before anything starts.
* `strategy`: who shares the fate of a child that ended, as a plan of what to stop and to start.
* `_intensity`: how many restarts in how many seconds are too many.

The hands, which act on processes:

* `_children`: the ordered table of children, and the start of one.
* `_shutdown`: ask one to stop, wait, kill.
* `_reports`: what the world is told.

And the processes:

* `supervisor`: `Supervisor`, which puts the above together.
* `application`: whole trees, started in the order of their needs and stopped in reverse.

Source: https://hexdocs.pm/elixir/Supervisor.html
"""

from supervisors.application import Application, ApplicationError
from supervisors.child_spec import (
    BadOption,
    BadSpec,
    ChildError,
    ChildLike,
    ChildSpec,
    override,
)
from supervisors.supervisor import (
    ChildCounts,
    ChildInfo,
    Supervised,
    Supervisor,
    count_children,
    delete_child,
    get_childspec,
    restart_child,
    start_child,
    stop,
    terminate_child,
    which_children,
)

__all__ = [
    "Application",
    "ApplicationError",
    "BadOption",
    "BadSpec",
    "ChildCounts",
    "ChildError",
    "ChildInfo",
    "ChildLike",
    "ChildSpec",
    "Supervised",
    "Supervisor",
    "count_children",
    "delete_child",
    "get_childspec",
    "override",
    "restart_child",
    "start_child",
    "stop",
    "terminate_child",
    "which_children",
]
