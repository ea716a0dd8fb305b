# Trees of supervisors: escalation through strategies, order of ends, calls meanwhile, brutal children.
Code.require_file("support.exs", __DIR__)
Code.require_file("kid.exs", __DIR__)
T.init()
Kid.init_table()
Process.flag(:trap_exit, true)
later = fn ms, f -> spawn(fn -> Process.sleep(ms); f.() end) end
sup = fn id, children, opts -> %{id: id, type: :supervisor, restart: opts[:restart] || :permanent, shutdown: opts[:shutdown] || :infinity,
  start: {Kernel, :apply, [fn -> T.tell({:sup, id}); {:ok, p} = Supervisor.start_link(children, Keyword.drop(opts, [:restart, :shutdown])); :ets.insert(:kids, {{:pid, id}, p}); {:ok, T.name(p, id)} end, []]}} end
top = fn children, opts -> {:ok, p} = Supervisor.start_link(children, opts); T.name(p, :top); T.flush(0); p end
fin = fn p -> Supervisor.stop(p); T.flush(10) end

# an inner supervisor gives up; the outer one restarts it, with all that is under it, and those after it
for outer <- [:one_for_one, :one_for_all, :rest_for_one] do
  t = top.([Kid.spec(:x), sup.(:in, [Kid.spec(:a), Kid.spec(:b)], strategy: :one_for_one, max_restarts: 1), Kid.spec(:y)], strategy: outer)
  Kid.crash(:a, :one)
  T.flush(20)
  Kid.crash(:a, :two)
  T.show_flush("#{outer}: inner gives up")
  T.out("  counts", Supervisor.count_children(t))
  fin.(t)
end

# it gives up again and again, until the outer one does
t = top.([sup.(:in, [Kid.spec(:a)], strategy: :one_for_one, max_restarts: 0), Kid.spec(:y)], strategy: :one_for_one, max_restarts: 1)
Kid.crash(:a, :one)
T.flush(30)
Kid.crash(:a, :two)
T.show_flush("escalates to the top")
T.out("alive", Process.alive?(t))

# a temporary and a transient supervisor that give up: shutdown is no failure
for restart <- [:temporary, :transient] do
  t = top.([sup.(:in, [Kid.spec(:a)], strategy: :one_for_one, max_restarts: 0, restart: restart)], strategy: :one_for_one)
  Kid.crash(:a, :boom)
  T.show_flush("#{restart} gives up")
  T.out("  counts", Supervisor.count_children(t))
  fin.(t)
end

# the order of the end of a tree
tree = fn -> [Kid.spec(:a), sup.(:in, [Kid.spec(:b), sup.(:deep, [Kid.spec(:c), Kid.spec(:d)], strategy: :one_for_one), Kid.spec(:e)], strategy: :one_for_one), Kid.spec(:f)] end
t = top.(tree.(), strategy: :one_for_one)
Supervisor.stop(t)
T.show_flush("stop of a tree")
# killed from outside: nobody is asked, links tell
t = top.(tree.(), strategy: :one_for_one)
refs = for k <- [:a, :b, :c, :f, :in, :deep], do: {k, Process.monitor(Kid.pid(k))}
Process.exit(t, :kill)
T.out("killed", for({k, r} <- refs, do: {k, receive do: ({:DOWN, ^r, _, _, w} -> w), after: (500 -> :alive)}))
T.out("terminated", T.flush(30) |> Enum.flat_map(fn {:stop, n, r} -> [{n, r}]; _ -> [] end) |> Enum.sort())
# an inner supervisor is killed: its children go by their links, and all come back
t = top.(tree.(), strategy: :one_for_one)
Process.exit(Kid.pid(:in), :kill)
T.flush(60) |> Enum.split_with(&match?({:stop, _, _}, &1)) |> (fn {stops, starts} -> T.out("inner killed, ended", Enum.sort(stops)); T.out("  started", starts |> Enum.reject(&match?({:EXIT, _, _}, &1))) end).()
fin.(t)

# brutal_kill of a supervisor leaves its children to their links; a limited one that is too slow is killed
t = top.([sup.(:in, [Kid.spec(:a), Kid.spec(:b)], strategy: :one_for_one, shutdown: :brutal_kill)], strategy: :one_for_one)
T.out("terminate a brutal one", Supervisor.terminate_child(t, :in))
T.out("  ended", Enum.sort(T.flush(30)))
fin.(t)
t = top.([sup.(:in, [Kid.spec(:a), Kid.spec(:b, stop_ms: 200)], strategy: :one_for_one, shutdown: 40)], strategy: :one_for_one)
T.out("terminate a slow one", Supervisor.terminate_child(t, :in))
T.show_flush("  ended", 250)
fin.(t)

# calls to a supervisor that is stopping a slow child
t = top.([Kid.spec(:a), Kid.spec(:slow, stop_ms: 60), Kid.spec(:c)], strategy: :one_for_one)
later.(10, fn -> T.tell({:count, (case T.try(fn -> Supervisor.count_children(t) end) do {:exit, {r, _}} -> r; {:value, v} -> v end)}) end)
later.(20, fn -> T.tell({:start, (case T.try(fn -> Supervisor.start_child(t, Kid.spec(:d)) end) do {:exit, {r, _}} -> r; {:value, v} -> v end)}) end)
Supervisor.stop(t)
T.flush(60) |> Enum.split_with(&match?({k, _} when k in [:count, :start], &1)) |> (fn {asks, rest} -> T.out("asked while stopping", Enum.sort(asks)); T.out("  ended", rest) end).()
# a child that asks its supervisor while it is being stopped by it: waits for its own end
defmodule Asks do
  use GenServer
  def start_link(sup), do: GenServer.start_link(__MODULE__, sup)
  def init(sup), do: (Process.flag(:trap_exit, true); {:ok, sup})
  def terminate(_, sup), do: T.tell({:asked, (case T.try(fn -> GenServer.call(sup.(), :which_children, 30) end) do {:exit, {r, _}} -> r; {:value, v} -> v end)})
end
t = top.([], strategy: :one_for_one)
Supervisor.start_child(t, %{id: :asks, start: {Asks, :start_link, [fn -> t end]}})
T.out("stop", Supervisor.terminate_child(t, :asks))
T.show_flush("asked from terminate")
T.out("counts", Supervisor.count_children(t))
fin.(t)

# a child crashes while its supervisor stops another by terminate_child: restarted after that
t = top.([Kid.spec(:a), Kid.spec(:slow, stop_ms: 50)], strategy: :one_for_one)
later.(20, fn -> Kid.crash(:a, :meanwhile) end)
T.out("terminate", Supervisor.terminate_child(t, :slow))
T.show_flush("crash meanwhile")
fin.(t)
# rest_for_one: a younger one crashes while an older one's crash is handled
t = top.([Kid.spec(:a), Kid.spec(:b, stop_ms: 50), Kid.spec(:c)], strategy: :rest_for_one)
Kid.crash(:a, :first)
later.(20, fn -> Kid.crash(:b, :second) end)
T.show_flush("two crashes, rest_for_one", 120)
T.out("counts", Supervisor.count_children(t))
fin.(t)
# one_for_all: all crash at once, which costs one restart or several
t = top.([Kid.spec(:a), Kid.spec(:b), Kid.spec(:c)], strategy: :one_for_all, max_restarts: 1)
for k <- [:a, :b, :c], do: Process.exit(Kid.pid(k), :kill)
T.out("all killed, one_for_all", T.flush(60) |> Enum.filter(&match?({:start, _, _}, &1)))
T.out("alive", Process.alive?(t))
if Process.alive?(t), do: fin.(t)

# the starter's end, an exit signal of its parent, and of a stranger
for {label, act} <- [parent_shutdown: fn p, s -> _ = s; Process.exit(p, :shutdown) end, parent_boom: fn p, _ -> Process.exit(p, :boom) end, stranger: fn _, s -> Process.exit(s, :boom) end, stranger_shutdown: fn _, s -> Process.exit(s, :shutdown) end, stranger_normal: fn _, s -> Process.exit(s, :normal) end] do
  p = T.proc(:parent)
  s = T.run(p, fn -> {:ok, s} = Supervisor.start_link([Kid.spec(:a)], strategy: :one_for_one); s end)
  m = Process.monitor(s)
  T.flush(0)
  act.(p, s)
  T.out("#{label}", receive do: ({:DOWN, ^m, _, _, w} -> w), after: (60 -> :alive))
  T.show_flush("  told", 20)
  T.kill(p)
  T.flush(20)
end
