# GenServer: timeouts, continue and hibernate in combinations, system messages in between, stop at odd times.
Code.require_file("support.exs", __DIR__)
Code.require_file("srv.exs", __DIR__)
T.init()
Process.flag(:trap_exit, true)

# start: continue to continue to timeout 0, with mail already there
{:ok, s} = Srv.start(:s, fn -> send(self(), :early); {:ok, 0, {:continue, fn n -> T.tell({:one, n}); {:noreply, 1, {:continue, fn n -> T.tell({:two, n}); {:noreply, 2, 0} end}} end}} end)
T.show_flush("chain, then timeout 0", 10)
# timeout 0 with an empty mailbox after a reply
T.out("reply", Srv.call(s, fn _, n -> {:reply, :r, n + 1, 0} end))
T.show_flush("timeout 0", 10)
T.out("hibernate", Srv.call(s, fn _, n -> {:reply, :h, n, :hibernate} end))
T.out("asleep", :sys.get_state(s))
T.out("woken", Srv.call(s, fn _, n -> {:reply, n, n} end))
# a timeout set by a cast, ended by an unknown message, a call, and begun anew by a system message
Srv.cast(s, fn n -> {:noreply, n, 30} end)
T.settle(10)
send(s, :note)
T.show_flush("ended by a note", 50)
Srv.cast(s, fn n -> {:noreply, n, 40} end)
T.settle(25)
:sys.get_state(s)
T.settle(25)
T.show_flush("begun anew by a look", 5)
T.show_flush("  then", 40)
Srv.cast(s, fn n -> {:noreply, n, 30} end)
T.settle(10)
:sys.suspend(s)
T.settle(50)
T.show_flush("no timeout while suspended", 5)
:sys.resume(s)
T.settle(10)
T.show_flush("resumed, 10 later", 5)
T.show_flush("  then", 40)

# suspended: calls wait in order, a call times out, its late answer is dropped; replace_state meanwhile
:sys.suspend(s)
me = self()
for i <- [1, 2, 3] do spawn(fn -> Process.sleep(i * 4); send(me, {:answer, i, Srv.call(s, fn _, n -> {:reply, n, n + 10} end)}) end) end
T.settle(25)
T.out("call while suspended", T.try(fn -> Srv.call(s, fn _, n -> {:reply, n, n + 100} end, 10) end) |> then(fn {:exit, {r, {m, f, _}}} -> {:exit, r, m, f} end))
T.out("replace_state", :sys.replace_state(s, fn _ -> 1000 end))
{:status, _, {:module, mod}, [_, mode, parent, dbg, _]} = :sys.get_status(s)
T.out("status", {mod, mode, parent == self(), dbg})
:sys.resume(s)
for m <- Enum.sort(T.flush(10)), do: T.out("resumed", m)
T.out("the late one was handled", :sys.get_state(s))
T.out("replace_state that fails", case(T.try(fn -> :sys.replace_state(s, fn _ -> raise("no") end) end), do: ({k, {{:callback_failed, mf, {:error, %RuntimeError{}}}, {m, f, _}}} -> {k, mf == {:gen_server, :system_replace_state}, m, f}; {k, {r, _}} -> {k, elem(r, 0)}; {k, _} -> k)))
T.out("  kept", :sys.get_state(s))
# suspended and told to stop
:sys.suspend(s)
T.out("stop while suspended", GenServer.stop(s, :shutdown))
T.show_flush("  terminated", 5)

# sys:terminate of a suspended one, a caller waiting
{:ok, s} = Srv.start(:s, 0)
ref = Process.monitor(s)
:sys.suspend(s)
spawn(fn -> send(me, {:waited, T.try(fn -> Srv.call(s, fn _, n -> {:reply, n, n} end) end) |> then(fn {:exit, {r, _}} -> r; x -> x end)}) end)
T.settle(10)
T.out("sys terminate", :sys.terminate(s, :enough))
T.out("  down", receive do: ({:DOWN, ^ref, _, _, r} -> r))
T.show_flush("  said", 10)

# stop during init, stop in continue, stop with a reply and a failing terminate
T.out("stop in init", Srv.start_link(:i, fn -> {:stop, {:shutdown, :early}} end))
T.flush(5)
T.out("ignore", Srv.start_link(:i, fn -> :ignore end))
T.flush(5)
T.out("init takes too long", Srv.start_link(:i, fn -> Process.sleep(100); {:ok, 1} end, timeout: 10))
T.show_flush("  mail", 5)
{:ok, s} = Srv.start(:s, fn -> {:ok, 0, {:continue, fn _ -> {:stop, :in_continue, 7} end}} end)
T.out("stop in continue", T.down(s) in [:in_continue, :noproc])
T.show_flush("  terminate", 5)
{:ok, s} = Srv.start(:s, 0)
ref = Process.monitor(s)
T.out("stop with reply, terminate exits", T.try(fn -> Srv.call(s, fn _, _ -> {:stop, :why, :bye, {:terminate, fn r -> T.tell({:ending, r}); exit(:worse) end}} end) end) |> then(fn {:exit, {r, _}} -> {:exit, r}; x -> x end))
T.out("  down", receive do: ({:DOWN, ^ref, _, _, r} -> r))
T.show_flush("  said", 5)

# which reasons reach terminate, and as what
for {label, f} <- [
      exit: fn _, _ -> exit({:shutdown, 3}) end,
      raise: fn _, _ -> raise("oops") end,
      throw: fn _, n -> throw({:reply, :thrown, n}) end,
      throw_junk: fn _, _ -> throw(:junk) end,
      bad: fn _, _ -> :bad_value end,
      noreply: fn _, n -> {:stop, :normal, n} end,
      self: fn _, _ -> Process.exit(self(), :kill) && Process.sleep(50) end,
      negative: fn _, n -> {:reply, 1, n, -5} end,
      continue_reply: fn _, n -> {:reply, 1, n, {:continue, fn n -> {:reply, 2, n} end}} end
    ] do
  {:ok, s} = Srv.start(:s, 5)
  ref = Process.monitor(s)
  clean = fn {{%{__struct__: m}, l}, _} when is_list(l) -> m; {r, _} -> r; r -> r end
  T.out("#{label}", case(T.try(fn -> Srv.call(s, f) end), do: ({:exit, r} -> {:exit, clean.(r)}; x -> x)))
  for m <- T.flush(5) do
    case m do
      {:terminate, n, {%{__struct__: e}, _}} -> T.out("  terminate", {n, e})
      {:terminate, n, {:bad_return_value, {:reply, 2, 5}}} -> T.out("  terminate", {n, :bad_return_value, :continue})
      {:terminate, n, r} -> T.out("  terminate", {n, r})
      {:DOWN, ^ref, _, _, {%{__struct__: e}, _}} -> T.out("  down", e)
      {:DOWN, ^ref, _, _, r} -> T.out("  down", r)
    end
  end
  Process.exit(s, :kill)
  T.flush(5)
end

# a parent's exit while trapping: any reason; a stranger's is only news
p = T.proc(:parent)
{:ok, s} = T.run(p, fn -> Srv.start_link(:s, fn -> Process.flag(:trap_exit, true); {:ok, 1} end) end)
Process.exit(s, :from_a_stranger)
T.show_flush("stranger", 5)
T.out("parent", T.run(p, fn -> exit(:normal) end))
T.show_flush("  said", 10)
T.out("  alive", Process.alive?(s))
# an untrapping one whose parent ends normally lives on
p = T.proc(:parent)
{:ok, s} = T.run(p, fn -> Srv.start_link(:s, 1) end)
T.run(p, fn -> exit(:normal) end)
T.settle(5)
T.out("orphan", Srv.call(s, fn _, n -> {:reply, n, n} end))

# replies: by another process, twice, after the caller gave up; deferred then stopped
T.out("by another", Srv.call(s, fn from, n -> spawn(fn -> GenServer.reply(from, :other); Process.sleep(5); GenServer.reply(from, :twice) end); {:noreply, n} end))
T.show_flush("  mail", 10)
T.out("reply and return", Srv.call(s, fn from, n -> GenServer.reply(from, :first); Process.sleep(5); {:reply, :second, n} end))
T.show_flush("  mail", 10)
T.out("never", T.try(fn -> Srv.call(s, fn from, n -> Process.put(:f, from); {:noreply, n} end, 10) end) |> then(fn {:exit, {r, {m, f, _}}} -> {r, m, f} end))
T.out("late", Srv.call(s, fn _, n -> {:reply, GenServer.reply(Process.get(:f), :late), n} end))
T.show_flush("  mail", 10)
spawn(fn -> Process.sleep(10); Process.exit(s, :gone) end)
T.out("ends while called", T.try(fn -> Srv.call(s, fn _, n -> {:noreply, n} end) end) |> then(fn {:exit, {r, {m, f, _}}} -> {r, m, f} end))
T.out("dead", T.try(fn -> GenServer.call(s, :x) end) |> then(fn {:exit, {r, {m, f, _}}} -> {r, m, f} end))
T.out("stop of the dead", T.try(fn -> GenServer.stop(s) end) |> then(fn {:exit, {r, {m, f, _}}} -> {r, m, f}; {:exit, r} -> r end))
T.out("cast to the dead", GenServer.cast(s, :x))
T.out("cast to nobody", GenServer.cast(:nobody, :x))
