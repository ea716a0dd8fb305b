# Registries while owners die, are restarted, register again or end with the registry.
Code.require_file("support.exs", __DIR__)
Code.require_file("srv.exs", __DIR__)
T.init()
Process.flag(:trap_exit, true)
listener = T.proc(:listener)
Process.register(listener, :ear)
begin = fn keys, opts -> {:ok, r} = Registry.start_link([keys: keys, name: :reg] ++ opts); T.name(r, :reg) end
heard = fn -> T.flush(30) end
via = fn k -> {:via, Registry, {:reg, k}} end

# a name by via: taken, free at the end, taken again in terminate by another
r = begin.(:unique, listeners: [:ear])
{:ok, s} = Srv.start_link(:s, fn -> {:ok, 0} end, name: via.(:k))
T.out("started", heard.())
T.out("whereis", GenServer.whereis(via.(:k)) == s)
T.out("taken", Srv.start_link(:t, fn -> {:ok, 0} end, name: via.(:k)))
T.out("call", Srv.call(via.(:k), fn _, st -> {:reply, :r, st} end))
GenServer.stop(s)
T.out("ended", heard.())
T.out("free", {Registry.lookup(:reg, :k), GenServer.whereis(via.(:k))})
T.out("call to nobody", (case T.try(fn -> Srv.call(via.(:k), fn _, st -> {:reply, :r, st} end) end) do {:exit, {w, _}} -> w; o -> o end))
T.out("cast to nobody", GenServer.cast(via.(:k), :x))
T.out("send to nobody", T.try(fn -> Registry.send({:reg, :nobody}, :x) end) |> elem(0))
# terminate gives its key back and takes another one, which is free again after its end
{:ok, s} = Srv.start_link(:s, fn -> {:ok, {:terminate, fn _ -> Registry.unregister(:reg, :k); T.tell({:late, elem(Registry.register(:reg, :late, 1), 0)}) end}} end, name: via.(:k))
GenServer.stop(s)
told = T.flush(30)
T.out("registered in terminate", Enum.filter(told, &match?({:late, _}, &1)))
T.out("heard", Enum.filter(told, &match?({:got, _, _}, &1)))
T.out("owners", {Registry.lookup(:reg, :k), Registry.lookup(:reg, :late), Registry.count(:reg)})
other = T.proc(:other)
# an init that fails gives its key back
T.out("init fails", Srv.start_link(:s, fn -> {:stop, :no} end, name: via.(:f)))
T.flush(30)
T.out("free", Registry.lookup(:reg, :f))
T.out("init ignores", Srv.start_link(:s, fn -> :ignore end, name: via.(:f)))
T.flush(30)
T.out("free", Registry.lookup(:reg, :f))

# values: of the owner only, of the caller only
T.run(other, fn -> Registry.register(:reg, :v, 1) end)
T.out("update by a stranger", Registry.update_value(:reg, :v, & &1 + 1))
T.out("update by the owner", T.run(other, fn -> Registry.update_value(:reg, :v, & &1 + 1) end))
T.out("unregister by a stranger", Registry.unregister(:reg, :v))
T.out("still there", Registry.lookup(:reg, :v))
T.out("registered twice", T.run(other, fn -> Registry.register(:reg, :v, 2) end))
T.out("keys", Enum.sort(Registry.keys(:reg, other)))
T.run(other, fn -> Registry.unregister(:reg, :v) end)
T.out("unregistered and registered", T.run(other, fn -> Registry.register(:reg, :v, 3) |> elem(0) end))
T.out("values", Registry.values(:reg, :v, other))
T.flush(30)

# the owner is killed; the next one takes the key at once
for n <- 1..3 do
  p = T.proc(:p)
  T.run(p, fn -> Registry.register(:reg, :hot, n) end)
  T.kill(p)
  q = T.proc(:q)
  T.out("taken at once #{n}", T.run(q, fn -> Registry.register(:reg, :hot, -n) |> elem(0) end))
  T.settle(20)
  T.out("  owner", Registry.lookup(:reg, :hot))
  T.kill(q)
  T.settle(20)
end
T.flush(30)

# a supervised server is restarted under its name, many times
{:ok, sup} = Supervisor.start_link([%{id: :w, start: {Srv, :start_link, [:w, fn -> {:ok, 0} end, [name: via.(:w)]]}}], strategy: :one_for_one, max_restarts: 100)
for n <- 1..5 do
  Process.exit(GenServer.whereis(via.(:w)), :kill)
  T.settle(20)
  T.out("restarted #{n}", is_pid(GenServer.whereis(via.(:w))))
end
Supervisor.stop(sup)
T.flush(30)

# the registry ends: owners are killed through links, trapping ones are told
a = T.proc(:a)
b = T.proc(:b, trap: true)
for p <- [a, b], do: T.run(p, fn -> Registry.register(:reg, {:x, p}, 1) |> elem(0) end)
m = Process.monitor(a)
T.flush(30)
Supervisor.stop(r)
T.out("untrapping owner", receive do: ({:DOWN, ^m, _, _, w} -> w), after: (100 -> :alive))
T.out("trapping owner", T.flush(30) |> Enum.map(fn {:got, :b, {:EXIT, _, w}} -> {:b_told, w}; {:EXIT, _, w} -> {:exit, w}; o -> o end) |> Enum.sort())
T.out("lookup", T.try(fn -> Registry.lookup(:reg, :k) end) |> elem(0))

# duplicate keys: entries of the living, in order; one of several ends
begin.(:duplicate, listeners: [:ear])
ps = for n <- [:d1, :d2, :d3], do: T.proc(n)
for {p, n} <- Enum.with_index(ps), do: T.run(p, fn -> Registry.register(:reg, :dup, n) |> elem(0) end)
T.run(hd(ps), fn -> Registry.register(:reg, :dup, :again) |> elem(0) end)
T.flush(30)
T.out("entries", Registry.lookup(:reg, :dup))
T.kill(Enum.at(ps, 1))
T.settle(30)
T.out("one has ended", Registry.lookup(:reg, :dup))
Registry.dispatch(:reg, :dup, fn entries -> for {p, v} <- entries, do: send(p, {:dispatched, v}) end)
T.flush(30) |> Enum.sort_by(&T.fmt/1) |> Enum.each(&T.out("dispatch", &1))
T.out("count", {Registry.count(:reg), Registry.count_match(:reg, :dup, 0)})
T.out("unregister_match", T.run(hd(ps), fn -> Registry.unregister_match(:reg, :dup, 0) end))
T.out("left", Registry.lookup(:reg, :dup))
T.out("by via", T.try(fn -> GenServer.whereis(via.(:dup)) end) |> elem(0))
