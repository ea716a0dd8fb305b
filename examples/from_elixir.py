"""Four programs of Elixir, line by line: processes, an Agent, a GenServer, a Supervisor.

The lines that begin with ``#|`` are the Elixir program, each above its Python twin. They are no decoration:
where Elixir is installed, a test runs them and compares what both print.

Three things look different. A tuple such as ``{:push, item}`` is ``("push", item)``. What Elixir returns
as ``{:reply, value, state}`` is ``Reply(value, state)``. And a function that returns ``{:ok, value}`` or
``{:error, reason}`` there returns the value or raises here.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from actors import (
    Agent,
    Caller,
    Down,
    GenServer,
    Message,
    NoReply,
    Pid,
    Reply,
    Task,
    TimedOut,
    process,
    receive,
    run,
    send,
    spawn,
    telemetry,
)
from supervisors import Supervisor


def processes() -> None:
    #| parent = self()
    parent = process.self()

    #| child = spawn(fn ->
    #|   receive do
    #|     {:hello, words} -> send(parent, {:back, String.upcase(words)})
    #|   end
    #| end)
    def child() -> None:
        match receive():
            case ("hello", str(words)):
                send(parent, ("back", words.upper()))

    pid = spawn(child)
    #| send(child, {:hello, "anybody there?"})
    send(pid, ("hello", "anybody there?"))
    #| receive do
    #|   {:back, words} -> IO.puts(words)
    #| after
    #|   1000 -> IO.puts("nothing came")
    #| end
    match receive(timeout=1.0):
        case ("back", words):
            print(words)
        case TimedOut():
            print("nothing came")
    #| ref = Process.monitor(child)
    ref = process.monitor(pid)
    #| receive do
    #|   {:DOWN, ^ref, :process, _pid, reason} -> IO.puts(reason)
    #| end
    match receive():
        case Down(ref=its, reason=reason) if its == ref:
            print(reason)  # it had ended before anybody monitored it


def agent() -> None:
    #| {:ok, agent} = Agent.start_link(fn -> 0 end)
    agent = Agent.start_link(lambda: 0)
    #| tasks = for n <- 1..10, do: Task.async(fn -> Agent.update(agent, fn sum -> sum + n end) end)
    tasks = [
        Task.async_(lambda n: Agent.update(agent, lambda sum, n: sum + n, n), n)
        for n in range(1, 11)
    ]
    #| Task.await_many(tasks)
    Task.await_many(tasks)
    #| IO.puts(Agent.get(agent, fn sum -> sum end))
    print(Agent.get(agent, lambda sum: sum))


#| defmodule Stack do
#|   use GenServer
class Stack(GenServer[list[str]]):
    """Takes the last first."""

    #|   def init(items), do: {:ok, items}
    def init(self, items: list[str]) -> list[str]:
        return items

    #|   def handle_call(:pop, _from, [head | tail]), do: {:reply, head, tail}
    def handle_call(self, request: Message, caller: Caller, state: list[str]) -> object:
        match request, state:
            case "pop", [head, *tail]:
                return Reply(head, tail)
        raise ValueError(request, state)

    #|   def handle_cast({:push, item}, items), do: {:noreply, [item | items]}
    def handle_cast(self, request: Message, state: list[str]) -> object:
        match request:
            case ("push", str(item)):
                return NoReply([item, *state])
        raise ValueError(request)


#| end


def gen_server() -> None:
    #| {:ok, stack} = GenServer.start_link(Stack, ["first"])
    stack = Stack.start_link(["first"])
    #| GenServer.cast(stack, {:push, "second"})
    GenServer.cast(stack, ("push", "second"))
    #| IO.puts(GenServer.call(stack, :pop))
    print(GenServer.call(stack, "pop"))
    #| IO.puts(GenServer.call(stack, :pop))
    print(GenServer.call(stack, "pop"))


def supervisor() -> None:
    #| children = [%{id: Stack, start: {GenServer, :start_link, [Stack, ["one"], [name: :stack]]}}]
    children = [Stack.child_spec(["one"], name="stack")]
    #| {:ok, top} = Supervisor.start_link(children, strategy: :one_for_one)
    top = Supervisor.start_link(children, strategy="one_for_one")
    #| before = Process.whereis(:stack)
    before = process.whereis("stack")
    assert isinstance(before, Pid)
    #| ref = Process.monitor(before)
    process.monitor(before)
    #| Process.exit(before, :kill)
    process.send_exit(before, "kill")
    #| receive do {:DOWN, ^ref, _, _, _} -> :ok end
    receive(Down)
    #| %{active: active} = Supervisor.count_children(top)
    active = Supervisor.count_children(top).active
    #| IO.puts("#{active} child, another one: #{Process.whereis(:stack) != before}")
    print(f"{active} child, another one: {str(process.whereis('stack') != before).lower()}")
    #| IO.puts(GenServer.call(:stack, :pop))
    print(GenServer.call("stack", "pop"))


PROGRAMS = (processes, agent, gen_server, supervisor)


def main(argv: list[str]) -> int:
    ArgumentParser("from_elixir").parse_args(argv)
    telemetry.set_reporter(None)  # the log would tell of the kill
    for program in PROGRAMS:
        print(f"-- {program.__name__}")
        run(program)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
