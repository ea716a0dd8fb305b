# What may be done in terminate, and what may come meanwhile.
Code.require_file("support.exs", __DIR__)
Code.require_file("srv.exs", __DIR__)
T.init()
Process.flag(:trap_exit, true)
server = fn f, opts -> elem(Srv.start_link(:s, fn -> Process.flag(:trap_exit, true); {:ok, {:terminate, f}} end, opts), 1) end
later = fn ms, f -> spawn(fn -> Process.sleep(ms); f.() end) end

# its name is free only after its end; terminate may give it away
s = server.(fn _ -> T.tell({:name_is_mine, Process.whereis(:n) == self()}) end, name: :n)
GenServer.stop(s)
T.show_flush("name")
other = T.proc(:other)
s = server.(fn _ -> Process.unregister(:n); Process.register(other, :n) end, name: :n)
GenServer.stop(s)
T.out("given away", Process.whereis(:n))
Process.unregister(:n)
T.flush(10)

# calls during terminate
s = server.(fn _ -> Process.sleep(50) end, [])
later.(20, fn -> T.tell({:caller, T.try(fn -> GenServer.call(s, :hello) end) |> elem(1) |> elem(0)}) end)
T.out("stop", GenServer.stop(s, :bye))
T.show_flush("call during terminate")

# a cast and a message during terminate are lost; replies may still be given
s = server.(fn _ -> Process.sleep(40); T.tell(:ends) end, [])
later.(10, fn -> GenServer.cast(s, :lost); send(s, :lost) end)
GenServer.stop(s)
T.show_flush("mail")
{:ok, s} = Srv.start_link(:s, fn -> {:ok, nil} end)
c = later.(0, fn -> T.tell({:answer, Srv.call(s, fn from, _ -> {:noreply, {:terminate, fn _ -> GenServer.reply(from, :at_the_end) end}} end)}) end)
_ = c
T.settle(20)
GenServer.stop(s)
T.show_flush("reply in terminate")

# exits and signals in terminate
for {label, f} <- [
      exit_normal: fn _ -> exit(:normal) end,
      exit_other: fn _ -> exit(:other) end,
      raise: fn _ -> raise "oops" end,
      throw: fn _ -> throw(:ball) end,
      exit_self: fn _ -> Process.exit(self(), :sig); T.tell({:mail, receive do: (m -> m), after: (0 -> :none)}) end,
      untrap_and_exit_self: fn _ -> Process.flag(:trap_exit, false); Process.exit(self(), :sig); T.tell(:never) end,
      kill_self: fn _ -> Process.exit(self(), :kill); T.tell(:never) end,
      stop_self: fn _ -> T.tell(T.try(fn -> GenServer.stop(self()) end) |> elem(1) |> elem(0)) end,
      junk: fn _ -> {:reply, :a, :b} end
    ] do
  s = server.(f, [])
  T.out("#{label}", (case T.try(fn -> GenServer.stop(s, :asked) end) do {:exit, {r, _}} -> {:exit, r}; o -> o end))
  T.show_flush("  then", 30)
end

# signals from outside meanwhile
for {label, reason} <- [shutdown: :shutdown, kill: :kill, normal: :normal] do
  s = server.(fn r -> Process.sleep(40); T.tell({:terminated, r}) end, [])
  later.(10, fn -> Process.exit(s, reason) end)
  T.out("#{label} meanwhile", (case T.try(fn -> GenServer.stop(s, :asked) end) do {:exit, {r, _}} -> {:exit, r}; o -> o end))
  T.show_flush("  then", 60)
end
# the parent dies meanwhile; a second stop meanwhile
p = T.proc(:parent)
s = T.run(p, fn -> server.(fn r -> Process.sleep(40); T.tell({:terminated, r}) end, []) end)
later.(10, fn -> Process.exit(p, :kill) end)
T.out("parent dies meanwhile", T.try(fn -> GenServer.stop(s, :asked) end))
T.show_flush("  then", 30)
s = server.(fn r -> Process.sleep(40); T.tell({:terminated, r}) end, [])
later.(10, fn -> T.tell({:second, T.try(fn -> GenServer.stop(s, :other) end) |> (fn {:exit, {{r, _}, _}} -> {:exit, r}; o -> o end).()}) end)
T.out("stopped twice", GenServer.stop(s, :asked))
T.show_flush("  then", 30)

# links and monitors made in terminate are told
watcher = T.proc(:watcher, trap: true)
s = server.(fn _ -> Process.link(watcher) end, [])
GenServer.stop(s, :linked_late)
T.show_flush("linked in terminate", 30)
s = server.(fn _ -> T.tell({:born, T.name(spawn_link(fn -> Process.flag(:trap_exit, true); T.tell({:ready, self()}); receive do: (m -> T.tell({:child, m})) end), :child)}); Process.sleep(20) end, [])
GenServer.stop(s, :parent_gone)
T.show_flush("a child of terminate", 40)
# a timer set in terminate for another fires, one for itself does not
main = self()
s = server.(fn _ -> Process.send_after(main, :fired, 20); Process.send_after(self(), :lost, 20) end, [])
GenServer.stop(s)
T.show_flush("timers of terminate", 50)

# an untrapping server: terminate for stop and error, not for signals; a link that breaks in terminate
{:ok, s} = Srv.start_link(:s, fn -> {:ok, {:terminate, fn r -> T.tell({:term, r}); spawn_link(fn -> exit(:from_a_link) end); Process.sleep(30); T.tell(:never) end}} end)
T.out("link breaks in terminate", (case T.try(fn -> GenServer.stop(s, :asked) end) do {:exit, {r, _}} -> {:exit, r}; o -> o end))
T.show_flush("  then", 30)

# a server that calls another in terminate, which is dead, or is itself stopping
{:ok, x} = Srv.start_link(:x, fn -> {:ok, 0} end)
s = server.(fn _ -> T.tell({:asked_x, Srv.call(x, fn _, st -> {:reply, :still_here, st} end)}) end, [])
GenServer.stop(s)
T.show_flush("calls another", 20)
Process.unlink(x)
T.kill(x)
s = server.(fn _ -> Srv.call(x, fn _, st -> {:reply, :gone, st} end) end, [])
T.out("calls a dead one", (case T.try(fn -> GenServer.stop(s, :asked) end) do {:exit, {{r, {m, f, _}}, _}} -> {:exit, r, m, f}; o -> o end))
T.flush(20)
