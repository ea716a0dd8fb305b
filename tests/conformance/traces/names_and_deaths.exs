# What a name means before, at and after a death; names that change hands.
Code.require_file("support.exs", __DIR__)
Code.require_file("srv.exs", __DIR__)
T.init()
Process.flag(:trap_exit, true)

# free when the EXIT arrives, so that it can be taken at once
for round <- 1..3 do
  p = T.name(spawn_link(fn -> Process.register(self(), :hot); T.tell(:up); receive do: (:end -> exit({:round, 1})) end), :p)
  receive do: (:up -> :ok)
  T.out("round #{round}, registered", Process.whereis(:hot))
  send(:hot, :end)
  receive do: ({:EXIT, ^p, r} -> T.out("  exit", {r, Process.whereis(:hot)}))
end

# a monitor by name is of the process, not of the name
a = T.proc(:a)
b = T.proc(:b)
Process.register(a, :shared)
m = Process.monitor(:shared)
Process.unregister(:shared)
Process.register(b, :shared)
T.out("the name now means", Process.whereis(:shared))
T.kill(b)
T.show_flush("the new owner dies")
T.kill(a)
T.out("the old owner dies", T.flush() |> Enum.map(fn {:DOWN, ^m, t, o, r} -> {t, o, r}; x -> x end))

# messages to a name go to who has it when they are sent
c = T.proc(:c)
d = T.proc(:d)
Process.register(c, :n)
send(:n, 1)
Process.unregister(:n)
Process.register(d, :n)
send(:n, 2)
T.out("who got what", Enum.sort(T.flush()))
T.out("names of c and d", {Process.info(c, :registered_name), Process.info(d, :registered_name)})

# one may register another, and oneself; a name is free to others after unregister by anybody
T.run(d, fn -> Process.unregister(:n) end)
T.run(c, fn -> Process.register(d, :by_c) end)
T.out("registered by another", Process.whereis(:by_c))
T.run(c, fn -> Process.unregister(:by_c) end)
T.out("unregistered by another", Process.whereis(:by_c))

# in terminate the name is still there; when the stop returns it is gone
{:ok, s} = Srv.start(:s, {:terminate, fn _ -> T.tell({:in_terminate, Process.whereis(:served), Process.registered() |> Enum.member?(:served)}) end}, name: :served)
T.out("server", Process.whereis(:served) == s)
GenServer.stop(:served)
T.out("after stop", Process.whereis(:served))
T.show_flush("  told", 0)
T.out("start again at once", elem(Srv.start(:s, nil, name: :served), 0))

# a server that loses its name goes on; it is called by pid, and by a new name
p = Process.whereis(:served)
Process.unregister(:served)
T.out("by the old name", T.try(fn -> GenServer.call(:served, :x) end))
T.out("by pid", Srv.call(p, fn _, st -> {:reply, :here, st} end))
Process.register(p, :renamed)
T.out("by the new name", Srv.call(:renamed, fn _, st -> {:reply, :here, st} end))
T.out("failure shows the name", T.try(fn -> Srv.call(:renamed, fn _, _ -> exit(:why) end) end))
T.out("name after that", Process.whereis(:renamed))
T.flush(0)

# a call by name to one that dies and comes back: the caller of the dead one fails
old = T.proc(:old)
Process.register(old, :again)
spawn(fn -> Process.sleep(20); T.kill(old, :gone); Srv.start(:new, fn -> {:ok, 0} end, name: :again) end)
T.out("call to the old one", T.try(fn -> GenServer.call(:again, :x, 200) end))
T.settle()
T.out("call to the new one", Srv.call(:again, fn _, st -> {:reply, st, st} end))
T.flush(0)

# a process that ends takes back only its own names and aliases
e = T.proc(:e)
f = T.proc(:f)
Process.register(e, :e_name)
Process.register(f, :f_name)
alias_of_f = T.run(f, fn -> :erlang.alias() end)
T.kill(e)
send(alias_of_f, :still)
T.show_flush("f lives")
T.out("names", {Process.whereis(:e_name), Process.whereis(:f_name)})

# a link and a monitor to one that has just been told to die
g = T.proc(:g, trap: true)
Process.exit(g, :kill)
T.out("link after the kill", T.try(fn -> Process.link(g) end))
r = Process.monitor(g)
T.out("monitor after the kill", receive do: ({:DOWN, ^r, _, _, w} -> w))
T.show_flush("mail")
T.out("alive", Process.alive?(g))
T.out("info", Process.info(g))
