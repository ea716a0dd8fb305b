"""GenStage: producers and consumers with back-pressure: nothing is sent that nobody has asked for.

A tour of the rooms, in the way of an event:

* `protocol`: who may send what to whom, and the words of it: subscriptions, kinds of stages, demand.
* `buffer`: events that nobody has asked for yet, and what is lost when there are too many.
* `dispatchers`: which consumer gets which event: the neediest, all, or the one of its partition.
* `_engine`: the process of a stage, which turns messages into calls of its callbacks; `_steps` does what
  these return, `_consuming` is its side towards producers.
* `stage`: `Stage`, the class that users derive from, and its client half.
* `streams`: iterables as producers, and producers as iterators.

Source: https://hexdocs.pm/gen_stage/GenStage.html
"""

from actors.stage.dispatchers import (
    BroadcastDispatcher,
    DemandDispatcher,
    Dispatcher,
    Outlet,
    PartitionDispatcher,
)
from actors.stage.protocol import (
    TO_CONSUMER,
    TO_PRODUCER,
    Automatic,
    Consumer,
    Manual,
    Producer,
    ProducerConsumer,
    StageError,
    StageStats,
    SubscribeTo,
    Subscription,
)
from actors.stage.stage import Stage
from actors.stage.streams import EventStream, from_iterable, stream

__all__ = [
    "TO_CONSUMER",
    "TO_PRODUCER",
    "Automatic",
    "BroadcastDispatcher",
    "Consumer",
    "DemandDispatcher",
    "Dispatcher",
    "EventStream",
    "Manual",
    "Outlet",
    "PartitionDispatcher",
    "Producer",
    "ProducerConsumer",
    "Stage",
    "StageError",
    "StageStats",
    "SubscribeTo",
    "Subscription",
    "from_iterable",
    "stream",
]
