# What may happen while a server is being started: kills, links, names, timeouts, starters that die.
Code.require_file("support.exs", __DIR__)
Code.require_file("srv.exs", __DIR__)
T.init()
Process.flag(:trap_exit, true)
later = fn ms, f -> spawn(fn -> Process.sleep(ms); f.() end) end
me = fn -> T.tell({:pid, self()}) end
child = fn -> receive do: ({:pid, p} -> T.name(p, :child)) end

# a signal arrives during init
for {label, reason} <- [kill: :kill, shutdown: :shutdown, normal: :normal, other: :sig], kind <- [:start, :start_link] do
  init = fn ->
    later.(20, (p = self(); fn -> Process.exit(p, reason) end))
    Process.sleep(60)
    {:ok, 1}
  end
  res = if kind == :start, do: Srv.start(:srv, init, name: :raced), else: Srv.start_link(:srv, init, name: :raced)
  T.out("#{label} during init, #{kind}", res)
  T.out("  name", Process.whereis(:raced))
  case res do
    {:ok, p} -> Process.unlink(p); T.kill(p)
    _ -> :ok
  end
  T.flush(10)
end

# init links itself to something that dies
T.out("a link dies during init", Srv.start(:srv, fn -> Process.link(later.(20, fn -> exit(:peer) end)); Process.sleep(60); {:ok, 1} end))
T.out("the same, trapping", Srv.start(:srv, fn -> Process.flag(:trap_exit, true); spawn_link(fn -> exit(:peer) end); Process.sleep(30); {:ok, 1} end) |> elem(0))
T.out("  told", T.flush(20) |> Enum.map(fn {:info, n, {:EXIT, _, r}} -> {:info, n, r}; o -> o end))

# init fails: who is linked to it hears why
helper = T.proc(:helper, trap: true)
T.out("init fails, linked helper", Srv.start(:srv, fn -> Process.link(helper); {:stop, :why} end))
T.show_flush("  told", 30)
T.out("init ignores, linked helper", Srv.start(:srv, fn -> Process.link(helper); :ignore end))
T.show_flush("  told", 30)

# the starter dies while init runs
for kind <- [:start, :start_link] do
  starter = T.proc(:starter)
  later.(20, fn -> Process.exit(starter, :kill) end)
  init = fn -> me.(); Process.sleep(50); T.tell(:init_done); {:ok, 1} end
  died = T.run(starter, fn -> if kind == :start, do: Srv.start(:srv, init), else: Srv.start_link(:srv, init) end)
  T.out("starter killed, #{kind}", died)
  p = child.()
  T.show_flush("  then", 80)
  T.out("  child alive", Process.alive?(p))
  T.kill(p)
  T.flush(10)
end

# the time is over: the child is gone and the name is free, also when it traps exits
for trap <- [false, true] do
  init = fn -> Process.flag(:trap_exit, trap); me.(); Process.sleep(200); T.tell(:never); {:ok, 1} end
  T.out("timeout, trap #{trap}", Srv.start_link(:srv, init, name: :slow, timeout: 30))
  T.out("  name", Process.whereis(:slow))
  p = child.()
  T.out("  child alive", Process.alive?(p))
  T.show_flush("  then", 30)
end

# a name is taken from the first moment of init
later.(0, fn -> Srv.start(:first, fn -> T.tell({:in_init, Process.whereis(:the_name) == self()}); Process.sleep(80); {:ok, [:ready]} end, name: :the_name) end)
T.settle(20)
T.out("the same name meanwhile", elem(Srv.start(:second, fn -> {:ok, 2} end, name: :the_name), 0))
# whoever calls by name waits until init is done; casts and messages keep their order
GenServer.cast(:the_name, {:do, fn s -> {:noreply, [:cast | s]} end})
send(:the_name, {:do, fn s -> {:noreply, [:message | s]} end})
T.out("call during init", Srv.call(:the_name, fn _, s -> {:reply, s, s} end))
T.show_flush("  told", 10)
T.kill(Process.whereis(:the_name))
T.out("call during init that fails", (
  later.(0, fn -> Srv.start(:third, fn -> Process.sleep(50); {:stop, :why} end, name: :the_name) end)
  T.settle(20)
  T.try(fn -> Srv.call(:the_name, fn _, s -> {:reply, s, s} end) end)))
T.flush(10)

# a start within a start
inner = fn -> {:stop, :inner} end
T.out("inner fails, outer does not trap", Srv.start(:outer, fn -> {:ok, Srv.start_link(:inner, inner)} end))
T.out("inner fails, outer is told", Srv.call(elem(Srv.start(:outer, fn -> {:ok, Srv.start(:inner, inner)} end), 1), fn _, s -> {:reply, s, s} end))
T.out("inner ignores", Srv.call(elem(Srv.start(:outer, fn -> {:ok, Srv.start_link(:inner, fn -> :ignore end)} end), 1), fn _, s -> {:reply, s, s} end))
T.out("inner stops normally", Srv.call(elem(Srv.start(:outer, fn -> {:ok, Srv.start_link(:inner, fn -> {:stop, :normal} end)} end), 1), fn _, s -> {:reply, s, s} end))
T.out("outer fails after inner has started", Srv.start(:outer, fn -> {:ok, p} = Srv.start_link(:inner, fn -> Process.flag(:trap_exit, true); {:ok, 0} end); T.tell({:inner, p}); {:stop, :outer} end))
T.show_flush("  inner", 30)
