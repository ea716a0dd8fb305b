# Supervisors of other kinds: limits and races of DynamicSupervisor, PartitionSupervisor, exact errors, applications' order, gen_event swaps, pg.
Code.require_file("support.exs", __DIR__)
T.init()
Process.flag(:trap_exit, true)
defmodule W do
  use GenServer
  def start_link(x), do: GenServer.start_link(W, x)
  def init({:ignore, _}), do: :ignore
  def init({:stop, r}), do: {:stop, r}
  def init({:slow, ms}), do: (Process.sleep(ms); {:ok, ms})
  def init({:trap, n}), do: (Process.flag(:trap_exit, true); {:ok, n})
  def init(n), do: {:ok, n}
  def handle_call(:state, _, s), do: {:reply, s, s}
  def handle_cast(r, s), do: {:stop, r, s}
  def terminate(r, n) when is_atom(n), do: T.tell({:terminate, n, r})
  def terminate(_, _), do: :ok
end
w = fn arg, extra -> Map.merge(%{id: :w, start: {W, :start_link, [arg]}}, Map.new(extra)) end
short = fn {:ok, p} when is_pid(p) -> :ok; {:error, {{:EXIT, {e, _}}, _}} -> {:error, {:EXIT, e}}; x -> x end

# DynamicSupervisor: the limit counts the restarting; a terminate by the old pid; ends of a child while asked
{:ok, d} = DynamicSupervisor.start_link(strategy: :one_for_one, max_children: 2, max_restarts: 100)
T.out("ignore", DynamicSupervisor.start_child(d, w.({:ignore, 1}, [])))
T.out("stop", DynamicSupervisor.start_child(d, w.({:stop, :no}, [])))
T.out("count", DynamicSupervisor.count_children(d))
{:ok, a} = DynamicSupervisor.start_child(d, w.(:a, []))
{:ok, b} = DynamicSupervisor.start_child(d, w.({:trap, :b}, restart: :temporary))
T.out("full", DynamicSupervisor.start_child(d, w.({:ignore, 1}, [])))
T.out("full, bad spec", DynamicSupervisor.start_child(d, %{id: 1}))
Process.exit(a, :kill)
T.settle(10)
T.out("restarted", DynamicSupervisor.count_children(d))
T.out("terminate the old pid", DynamicSupervisor.terminate_child(d, a))
T.out("still full", DynamicSupervisor.start_child(d, w.(:c, [])))
T.out("terminate", DynamicSupervisor.terminate_child(d, b))
T.show_flush("  said", 5)
T.out("free", short.(DynamicSupervisor.start_child(d, w.(:c, restart: :transient))))
[c] = for {_, p, _, _} <- DynamicSupervisor.which_children(d), :sys.get_state(p) == :c, do: p
GenServer.cast(c, {:shutdown, 1})
T.settle(5)
T.out("quiet end of a transient one", DynamicSupervisor.count_children(d))
T.flush(5)
T.out("terminate what ended", DynamicSupervisor.terminate_child(d, c))
T.out("unknown id", case(T.try(fn -> DynamicSupervisor.terminate_child(d, :w) end), do: ({:error, _} -> :refused; {k, _} -> k)))
# a slow start holds up the others, in order
me = self()
spawn(fn -> send(me, {:slow, short.(DynamicSupervisor.start_child(d, w.({:slow, 30}, [])))}) end)
T.settle(5)
spawn(fn -> send(me, {:next, short.(DynamicSupervisor.start_child(d, w.(:z, [])))}) end)
for m <- Enum.sort(T.flush(60)), do: T.out("slow start", m)
T.out("stop", DynamicSupervisor.stop(d, :shutdown))
T.flush(10)

# Supervisor: exact errors of the child functions
{:ok, s} = Supervisor.start_link([w.(:one, id: :one), w.(:two, id: :two, restart: :temporary), w.(:three, id: :three, restart: :transient)], strategy: :one_for_one)
child = fn id -> List.keyfind(Supervisor.which_children(s), id, 0) |> elem(1) end
T.out("running", {Supervisor.restart_child(s, :one), Supervisor.delete_child(s, :one)})
T.out("unknown", {Supervisor.restart_child(s, :x), Supervisor.delete_child(s, :x), Supervisor.terminate_child(s, :x)})
one = child.(:one)
T.out("same id", Supervisor.start_child(s, w.(:other, id: :one)) == {:error, {:already_started, one}})
T.out("terminate temporary", {Supervisor.terminate_child(s, :two), Supervisor.restart_child(s, :two)})
GenServer.cast(child.(:three), :normal)
T.flush(5)
T.out("ended", for({i, p, _, _} <- Supervisor.which_children(s), do: {i, is_pid(p)}))
T.out("same id as the ended", Supervisor.start_child(s, w.(:three, id: :three)))
T.out("terminate the ended", Supervisor.terminate_child(s, :three))
T.out("restart", short.(Supervisor.restart_child(s, :three)))
T.out("start that ignores", Supervisor.start_child(s, w.({:ignore, 1}, id: :ig)))
T.out("  and temporary", Supervisor.start_child(s, w.({:ignore, 1}, id: :igt, restart: :temporary)))
T.out("  kept", for({i, p, _, _} <- Supervisor.which_children(s), do: {i, is_pid(p)}))
T.out("restart that ignores", Supervisor.restart_child(s, :ig))
T.out("start that stops", Supervisor.start_child(s, w.({:stop, :nope}, id: :st)) |> then(fn {:error, {r, _}} -> r; {:error, r} -> r; x -> x end))
T.out("start that raises", short.(Supervisor.start_child(s, %{id: :r, start: {Kernel, :exit, [:in_start]}})) |> then(fn {:error, {{:EXIT, r}, _}} -> {:EXIT, r}; {:error, {:EXIT, r}} -> {:EXIT, r}; x -> x end))
T.out("start of another kind", Supervisor.start_child(s, %{id: :j, start: {Atom, :to_string, [:junk]}}) |> then(fn {:error, {r, _}} -> r; {:error, r} -> r; x -> x end))
T.out("counts", Supervisor.count_children(s))
# a child that unlinks itself and one that ends by another reason while it is stopped
q = spawn(fn -> Process.sleep(1000) end)
T.out("stop", Supervisor.stop(s, :normal))
T.show_flush("  said", 10)
_ = q

# PartitionSupervisor
{:ok, ps} = PartitionSupervisor.start_link(child_spec: W, name: PS, partitions: 3, with_arguments: fn [_], p -> [:"part#{p}"] end)
at = fn k -> GenServer.call({:via, PartitionSupervisor, {PS, k}}, :state) end
T.out("by number", for(k <- [0, 1, 2, 3, -1, -4], do: at.(k)))
T.out("same term, same place", at.({:x, 1}) == at.({:x, 1}))
T.out("partitions", PartitionSupervisor.partitions(PS))
old = GenServer.whereis({:via, PartitionSupervisor, {PS, 1}})
Process.exit(old, :kill)
T.settle(10)
T.out("restarted in its place", {at.(1), GenServer.whereis({:via, PartitionSupervisor, {PS, 1}}) == old})
T.out("children", Enum.sort(for({i, p, t, _} <- PartitionSupervisor.which_children(PS), do: {i, is_pid(p), t})))
T.out("count", PartitionSupervisor.count_children(PS))
Supervisor.stop(ps)
T.flush(10)
T.out("call without it", case(T.try(fn -> at.(1) end), do: ({:exit, {r, {m, f, _}}} -> {r, m, f}; {k, _} -> k)))
T.out("whereis without it", case(T.try(fn -> GenServer.whereis({:via, PartitionSupervisor, {PS, 1}}) end), do: ({:exit, {r, {m, f, _}}} -> {r, m, f}; {:value, v} -> v; {k, _} -> k)))
T.out("partitions without it", case(T.try(fn -> PartitionSupervisor.partitions(PS) end), do: ({:exit, {r, {m, f, _}}} -> {r, m, f}; {:value, v} -> v; {k, _} -> k)))

# pg
{:ok, _} = :pg.start_link(:sc)
p = T.proc(:p)
{ref, []} = :pg.monitor(:sc, :g)
T.out("join", {:pg.join(:sc, :g, p), :pg.join(:sc, :g, [p, self()]), length(:pg.get_members(:sc, :g))})
T.show_flush("told", 5)
T.out("leave once", {:pg.leave(:sc, :g, p), length(:pg.get_members(:sc, :g)), :pg.leave(:sc, :other, p), :pg.leave(:sc, :g, [p, p, p])})
T.show_flush("told", 5)
:pg.join(:sc, :g, [p, p])
T.flush(5)
T.kill(p)
T.show_flush("death", 10)
T.out("demonitor", {:pg.demonitor(:sc, ref), :pg.demonitor(:sc, ref)})
:pg.leave(:sc, :g, self())
T.show_flush("quiet", 5)
T.out("groups", :pg.which_groups(:sc))

# gen_event: swaps
defmodule H do
  @behaviour :gen_event
  def init({n, {:state_of, old}}), do: (T.tell({:takes_over, n, old}); {:ok, n})
  def init({n, :error}), do: (T.tell({:nobody_before, n}); {:ok, n})
  def init(n), do: {:ok, n}
  def handle_event({:swap, n, to}, n), do: {:swap_handler, :why, n, {H, to}, to}
  def handle_event(e, n), do: (T.tell({:event, n, e}); {:ok, n})
  def handle_call(:who, n), do: {:ok, n, n}
  def terminate(r, n), do: (T.tell({:ends, n, r}); {:state_of, n})
end
{:ok, m} = :gen_event.start_link()
:gen_event.add_handler(m, {H, 1}, 1)
T.out("swap", :gen_event.swap_handler(m, {{H, 1}, :now}, {{H, 2}, 2}))
T.show_flush("  said", 0)
T.out("swap of an unknown one", :gen_event.swap_handler(m, {{H, 9}, :now}, {{H, 3}, 3}))
T.show_flush("  said", 0)
T.out("which", for({_, n} <- :gen_event.which_handlers(m), do: n))
T.out("swap to another that was there", :gen_event.swap_handler(m, {{H, 3}, :now}, {{H, 4}, :refuses}))
T.show_flush("  said", 5)
T.out("which", for({_, n} <- :gen_event.which_handlers(m), do: n))
T.out("swap supervised", :gen_event.swap_sup_handler(m, {{H, 2}, :now}, {{H, 5}, 5}))
T.show_flush("  said", 5)
:gen_event.sync_notify(m, {:swap, 5, 6})
T.show_flush("swaps itself", 5)
:gen_event.delete_handler(m, {H, 6}, :bye)
T.show_flush("deleted", 5)
:gen_event.add_sup_handler(m, {H, 7}, 7)
T.out("stop", :gen_event.stop(m))
T.show_flush("  said", 10)
