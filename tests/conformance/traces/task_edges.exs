# Tasks: who owns them, what kills whom, late answers, tasks of supervisors, many at once.
Code.require_file("support.exs", __DIR__)
T.init()
defmodule F do
  def nap(ms), do: (Process.sleep(ms); ms)
end
strip = fn {:exit, {r, {m, f, _}}} -> {:exit, {r, {m, f}}}; o -> o end
later = fn ms, f -> spawn(fn -> Process.sleep(ms); f.() end) end

# an owner that is killed takes its task along; a trapping task is only told
for trap <- [false, true] do
  o = T.proc(:owner)
  t = T.run(o, fn -> Task.async(fn -> Process.flag(:trap_exit, trap); T.tell(:up); receive do: (m -> T.tell({:told, m}); Process.sleep(2); :done) end) end)
  T.name(t.pid, :task)
  T.flush(20)
  T.kill(o)
  T.show_flush("owner killed, trap #{trap}", 20)
  T.out("  task alive", Process.alive?(t.pid))
  T.settle(30)
end
# an owner that ends normally leaves an untrapping task alive
o = T.proc(:owner)
t = T.run(o, fn -> Task.async(fn -> Process.sleep(60); T.tell(:finished) end) end)
T.run(o, fn -> spawn(fn -> :ok end) end)
Process.exit(o, :normal)
T.settle(10)
T.out("normal signal does not end the owner", Process.alive?(o))
T.show_flush("  finished", 80)
T.kill(o)
_ = t

# awaited twice, by another, after yield
t = Task.async(fn -> 1 end)
T.out("await", Task.await(t))
T.out("again", strip.(T.try(fn -> Task.await(t, 30) end)))
t = Task.async(fn -> 1 end)
o = T.proc(:other)
T.out("by another", T.run(o, fn -> case T.try(fn -> Task.await(t) end) do {:error, %ArgumentError{}} -> :ArgumentError; x -> x end end))
T.out("yield", Task.yield(t))
T.out("yield again", Task.yield(t, 20))
# a late answer stays out of the mailbox after shutdown and await, and is there after an await that failed
t = Task.async(fn -> F.nap(40) end)
T.out("too late", strip.(T.try(fn -> Task.await(t, 10) end)))
T.show_flush("  mailbox", 60)
t = Task.async(fn -> F.nap(40) end)
T.out("yield too early", Task.yield(t, 10))
T.out("  yield later", Task.yield(t, 60))
t = Task.async(fn -> F.nap(40) end)
T.out("shutdown", Task.shutdown(t))
T.show_flush("  mailbox", 60)

# shutdown of tasks that trap
Process.flag(:trap_exit, true)
for {label, f} <- [
      untrapping: fn -> Process.sleep(200) end,
      replies: fn -> Process.flag(:trap_exit, true); receive do: ({:EXIT, _, :shutdown} -> :saved) end,
      deaf: fn -> Process.flag(:trap_exit, true); Process.sleep(200) end,
      crashes: fn -> Process.flag(:trap_exit, true); receive do: ({:EXIT, _, :shutdown} -> exit(:ugly)) end,
      normal: fn -> Process.flag(:trap_exit, true); receive do: ({:EXIT, _, :shutdown} -> exit(:normal)) end
    ], how <- [30, :brutal_kill] do
  t = Task.async(f)
  T.settle(10)
  T.out("#{label}, #{how}", strip.(T.try(fn -> Task.shutdown(t, how) end)))
  T.show_flush("  mailbox", 20)
end
# of one that has ended in each way
for {label, f} <- [value: fn -> :v end, crash: fn -> exit(:boom) end, normal: fn -> exit(:normal) end, shutdown: fn -> exit(:shutdown) end] do
  t = Task.async(f)
  T.settle(10)
  T.out("ended before, #{label}", T.try(fn -> Task.shutdown(t) end))
  T.out("  mailbox", T.flush(10) |> Enum.map(fn {:EXIT, _, r} -> {:exit, r}; o -> o end))
end

# await_many and yield_many
ts = for ms <- [40, 0, 20], do: Task.async(fn -> F.nap(ms) end)
T.out("await_many", Task.await_many(ts))
ts = for ms <- [0, 100], do: Task.async(fn -> F.nap(ms) end)
T.out("await_many too late", strip.(T.try(fn -> Task.await_many(ts, 30) end)))
T.flush(120)
ts = [Task.async(fn -> F.nap(0) end), Task.async(fn -> exit(:boom) end), Task.async(fn -> F.nap(100) end)]
T.out("yield_many", for({_, r} <- Task.yield_many(ts, 40), do: r))
T.out("  the last one", for({_, r} <- Task.yield_many(Enum.drop(ts, 2), 100), do: r))
T.flush(10)
ts = [Task.async(fn -> F.nap(60) end), Task.async(fn -> Process.sleep(10); exit(:boom) end)]
T.out("await_many, one fails", strip.(T.try(fn -> Task.await_many(ts) end)))
T.flush(80)
T.out("none", {Task.await_many([]), Task.yield_many([])})
Process.flag(:trap_exit, false)

# under a supervisor
{:ok, sup} = Task.Supervisor.start_link()
T.name(sup, :sup)
# nolink: its crash does not reach the owner, its owner's end does not reach it
t = Task.Supervisor.async_nolink(sup, fn -> exit(:boom) end)
T.out("nolink crash", Task.yield(t, 50))
o = T.proc(:owner)
T.run(o, fn -> Task.Supervisor.async_nolink(sup, fn -> Process.sleep(40); T.tell(:finished) end); :ok end)
T.kill(o)
T.show_flush("nolink, owner killed")
# the supervisor ends: linked and unlinked tasks get shutdown
t1 = Task.Supervisor.async_nolink(sup, fn -> Process.sleep(:infinity) end)
t2 = Task.Supervisor.async_nolink(sup, fn -> Process.flag(:trap_exit, true); receive do: ({:EXIT, _, r} -> {:saved, r}) end)
T.settle(10)
Process.unlink(sup)
later.(10, fn -> Supervisor.stop(sup) end)
T.out("supervisor stops", {Task.yield(t1, 100), Task.yield(t2, 100)})
T.settle(20)
T.out("asked after its end", (case T.try(fn -> Task.Supervisor.async_nolink(sup, fn -> 1 end) end) do {:exit, {r, _}} -> r; o -> o end))
# an owner that does not trap, whose linked task under a supervisor crashes
{:ok, sup} = Task.Supervisor.start_link()
T.name(sup, :sup)
o = T.proc(:owner)
T.out("linked crash", T.run(o, fn -> Task.await(Task.Supervisor.async(sup, fn -> exit(:boom) end)) end))
T.out("supervisor lives", Process.alive?(sup))
T.out("children", length(Task.Supervisor.children(sup)))
# start_child: restarted or not
for restart <- [:temporary, :transient, :permanent] do
  {:ok, s} = Task.Supervisor.start_link(max_restarts: 5)
  n = :counters.new(1, [])
  {:ok, _} = Task.Supervisor.start_child(s, fn -> :counters.add(n, 1, 1); if(:counters.get(n, 1) < 3, do: exit(:boom), else: Process.sleep(:infinity)) end, restart: restart)
  T.settle(60)
  T.out("start_child #{restart}, runs", {:counters.get(n, 1), length(Task.Supervisor.children(s))})
  Supervisor.stop(s)
end
# terminate_child
{:ok, p} = Task.Supervisor.start_child(sup, fn -> Process.sleep(:infinity) end)
m = Process.monitor(p)
T.out("terminate_child", Task.Supervisor.terminate_child(sup, p))
T.out("  reason", receive do: ({:DOWN, ^m, _, _, r} -> r))
T.out("  again", Task.Supervisor.terminate_child(sup, p))
T.show_flush("nothing left")
