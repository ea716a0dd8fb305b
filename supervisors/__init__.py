"""Who is responsible for whom: starting processes, starting them again, stopping them in order.

A tour of the rooms, from the bottom up. Words and decisions, where no process is involved:

* `child_spec`: how one child is started, when it is started again, how it is stopped; all of it is
  checked before anything starts.
* `strategy`: who shares the fate of a child that ended, as a plan of what to stop and to start.
* `_options`: how a supervisor says how it is supervised itself, by class keywords and `child_spec`.
* `_intensity`: how many restarts in how many seconds are too many.
* `_terms`, `patterns`: keys as OTP compares and hashes them, and what values are searched by.

The hands, which act on processes:

* `_children`: the ordered table of children, and the start of one.
* `_shutdown`: ask one to stop, wait, kill.
* `_fates`: what a child's end leads to: the strategy, the limit and the start put together.
* `_reports`: what the world is told.
* `_crowd`: children without ids or order: what their ends lead to, and the end of all of them at once.

And the processes, which are asked through `_asking`:

* `supervisor`: `Supervisor`, which puts the above together, for children that are known before.
* `dynamic_supervisor`: `DynamicSupervisor`, for children that come and go.
* `consumer_supervisor`: `ConsumerSupervisor`, which starts a child for each event of a producer.
* `task_supervisor`: `TaskSupervisor`, for tasks that are somebody's children.
* `partition_supervisor`: `PartitionSupervisor`, for several of the same, each with its keys.
* `registry`: `Registry`, names for processes, itself a supervision tree; `_entries` are its tables.
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
from supervisors.consumer_supervisor import ConsumerSupervisor, Consuming
from supervisors.dynamic_supervisor import Dynamic, DynamicSupervisor
from supervisors.partition_supervisor import PartitionSupervisor
from supervisors.patterns import ANY, Clause, Var
from supervisors.registry import AlreadyRegistered, Registry, TypedRegistry
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
from supervisors.task_supervisor import TaskSupervisor, TooManyTasks

__all__ = [
    "ANY",
    "AlreadyRegistered",
    "Application",
    "ApplicationError",
    "BadOption",
    "BadSpec",
    "ChildCounts",
    "ChildError",
    "ChildInfo",
    "ChildLike",
    "ChildSpec",
    "Clause",
    "ConsumerSupervisor",
    "Consuming",
    "Dynamic",
    "DynamicSupervisor",
    "PartitionSupervisor",
    "Registry",
    "Supervised",
    "Supervisor",
    "TaskSupervisor",
    "TooManyTasks",
    "TypedRegistry",
    "Var",
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
