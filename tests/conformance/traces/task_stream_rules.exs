# Task.async_stream: order, places, timeouts, failures, early halt.
Code.require_file("support.exs", __DIR__)
T.init()
strip = fn {:exit, {r, {m, f, a}}} -> {:exit, {r, {m, f, a}}}; o -> o end
nap = fn ms -> Process.sleep(ms); ms end
took = fn f -> t0 = System.monotonic_time(:millisecond); v = f.(); {v, div(System.monotonic_time(:millisecond) - t0 + 30, 100)} end

T.out("in order", Enum.to_list(Task.async_stream([120, 60, 0], nap, max_concurrency: 3)))
T.out("as completed", Enum.to_list(Task.async_stream([120, 60, 0], nap, max_concurrency: 3, ordered: false)))
T.out("one place", Enum.to_list(Task.async_stream([80, 40, 0], nap, max_concurrency: 1, ordered: false)))
T.out("a slow one holds up no place", took.(fn -> Enum.to_list(Task.async_stream([300, 100, 100, 100], nap, max_concurrency: 2)) end))
T.out("nothing", Enum.to_list(Task.async_stream([], nap)))

# inputs are pulled as there is room, and not before somebody asks
pulled = fn n -> T.tell({:pulled, n}); n end
s = Task.async_stream(Stream.map(1..4, pulled), fn n -> Process.sleep(n * 20); n end, max_concurrency: 2)
T.show_flush("not asked yet")
T.out("take one", Enum.take(s, 1))
T.show_flush("pulled for one")
T.out("all", Enum.to_list(s))
T.show_flush("pulled for all")

# timeouts
T.out("timeout", strip.(T.try(fn -> Enum.to_list(Task.async_stream([200, 0], nap, timeout: 40)) end)))
T.show_flush("nothing left")
T.out("kill_task", Enum.to_list(Task.async_stream([200, 0, 200], nap, timeout: 50, on_timeout: :kill_task)))
T.out("zip", Enum.to_list(Task.async_stream([200, 0], nap, timeout: 50, on_timeout: :kill_task, zip_input_on_exit: true)))
T.out("late ones come last", Enum.to_list(Task.async_stream([200, 0, 20], nap, timeout: 60, on_timeout: :kill_task, ordered: false, max_concurrency: 3)))
T.out("each has its own time", took.(fn -> Enum.to_list(Task.async_stream([60, 60, 60], nap, timeout: 100, max_concurrency: 1)) end) |> elem(0))

# failures
fail = fn 1 -> exit(:why); 2 -> exit(:normal); 3 -> raise "oops"; 4 -> throw(:ball); n -> n end
p = T.proc(:untrapping)
T.out("untrapping, exit", T.run(p, fn -> Enum.to_list(Task.async_stream([0, 1], fail)) end))
p = T.proc(:untrapping)
T.out("untrapping, normal", T.run(p, fn -> Enum.to_list(Task.async_stream([0, 2], fail)) end))
Process.flag(:trap_exit, true)
T.out("trapping", Enum.to_list(Task.async_stream([0, 1, 2, 3, 4, 5], fail)))
T.out("trapping, zip", Enum.to_list(Task.async_stream([1, 5], fail, zip_input_on_exit: true)))
T.show_flush("nothing left")

# early halt
{:links, before} = Process.info(self(), :links)
for n <- [1, 2] do
  T.out("take #{n}", Enum.take(Task.async_stream([0, 20, 5000, 5000], nap, max_concurrency: 4), n))
  {:links, links} = Process.info(self(), :links)
  T.out("links left", links -- before)
end
T.show_flush("nothing left")
T.out("an input that raises", T.try(fn -> Enum.to_list(Task.async_stream(Stream.map([1, 2], fn 2 -> raise "x"; n -> n end), nap, max_concurrency: 4)) end))
T.show_flush("nothing left")

# under a supervisor
{:ok, sup} = Task.Supervisor.start_link(max_children: 2)
T.name(sup, :tsup)
T.out("nolink", Enum.to_list(Task.Supervisor.async_stream_nolink(sup, [0, 1, 3], fail, max_concurrency: 2)))
Process.flag(:trap_exit, false)
T.out("nolink, untrapping", Enum.to_list(Task.Supervisor.async_stream_nolink(sup, [0, 1], fail, max_concurrency: 2)))
full = T.try(fn -> Enum.to_list(Task.Supervisor.async_stream(sup, [500, 500, 500], nap, max_concurrency: 3)) end)
T.out("full", case full do {:error, %RuntimeError{}} -> :RuntimeError; o -> o end)
T.settle(30)
T.out("children", Task.Supervisor.children(sup))
T.show_flush("nothing left")
