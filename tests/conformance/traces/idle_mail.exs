# What a server with a timeout of 0 or more sees when mail waits, is suspended, hibernates or continues.
Code.require_file("support.exs", __DIR__)
Code.require_file("srv.exs", __DIR__)
T.init()
Process.flag(:trap_exit, true)
ok = fn what -> fn s -> T.tell(what); {:noreply, s} end end
start = fn -> {:ok, s} = Srv.start_link(:s, fn -> {:ok, 0} end); s end
fin = fn s -> GenServer.stop(s); T.flush(10) end

# 0 with mail that waits of each kind
for {label, f} <- [info: fn s -> send(s, :mail) end, cast: fn s -> Srv.cast(s, ok.(:a_cast)) end, exit: fn s -> Process.exit(s, :normal) end, system: fn s -> spawn(fn -> :sys.get_state(s) end) end, nothing: fn _ -> :ok end] do
  s = start.()
  Srv.cast(s, fn st -> Process.sleep(20); {:noreply, st, 0} end)
  T.settle(5)
  f.(s)
  T.out("0 with #{label}", T.flush(50))
  fin.(s)
end
# 0 set again and again by handle_info itself
{:ok, c} = Srv.start_link(:c, fn -> {:ok, 0} end)
Srv.cast(c, fn st -> T.tell(:first); {:noreply, st, 0} end)
Srv.cast(c, fn st -> T.tell(:second); {:noreply, st, 0} end)
T.out("two in a row", T.flush(30))
fin.(c)
# from init with 0: after what init has sent itself
{:ok, s} = Srv.start_link(:s, fn -> send(self(), :to_myself); {:ok, 0, 0} end)
T.out("init with 0", T.flush(30))
fin.(s)
# a reply with 0, and a stop before it can fire
s = start.()
T.out("reply", Srv.call(s, fn _, st -> {:reply, :r, st, 0} end))
T.out("  then", T.flush(20))
T.out("reply, 30, and a call", {Srv.call(s, fn _, st -> {:reply, :a, st, 30} end), Srv.call(s, fn _, st -> {:reply, :b, st} end)})
T.out("  then", T.flush(60))
Srv.cast(s, fn st -> {:noreply, st, 30} end)
GenServer.stop(s)
T.out("stopped before", T.flush(60))

# suspended: the time stands, mail is kept in order
s = start.()
Srv.cast(s, fn st -> {:noreply, st, 30} end)
T.settle(10)
:sys.suspend(s)
T.out("suspended", T.flush(50))
:sys.resume(s)
T.out("resumed: in full", T.flush(10))
T.out("  then", T.flush(50))
:sys.suspend(s)
send(s, :one)
Srv.cast(s, fn st -> T.tell(:two); {:noreply, st, 0} end)
send(s, :three)
T.out("call while suspended", (case T.try(fn -> Srv.call(s, fn _, st -> {:reply, :x, st} end, 20) end) do {:exit, {r, _}} -> r; o -> o end))
T.out("state while suspended", :sys.get_state(s))
:sys.resume(s)
T.out("in order", T.flush(30))
# a stop while suspended, a kill while suspended, an exit of a stranger while suspended
:sys.suspend(s)
T.out("stop", GenServer.stop(s))
T.out("  told", T.flush(10))
s = start.()
:sys.suspend(s)
T.kill(s)
T.out("killed while suspended", T.flush(10))
{:ok, s} = Srv.start(:s, fn -> Process.flag(:trap_exit, true); {:ok, 0} end)
:sys.suspend(s)
Process.exit(s, :strange)
T.out("a signal while suspended", T.flush(10))
:sys.resume(s)
T.out("  resumed", T.flush(10))
T.kill(s)

# hibernate: mail wakes it, timeouts do not exist there, state is kept
s = start.()
Srv.cast(s, fn st -> {:noreply, st + 1, :hibernate} end)
T.settle(10)
send(s, :wakes)
T.out("hibernated", {T.flush(10), Srv.call(s, fn _, st -> {:reply, st, st, :hibernate} end)})
Srv.cast(s, fn st -> send(self(), :queued); {:noreply, st, :hibernate} end)
T.out("hibernate with mail", T.flush(10))
Srv.cast(s, fn st -> {:noreply, st, 20} end)
Srv.cast(s, fn st -> {:noreply, st, :hibernate} end)
T.out("a timeout before hibernation is over", T.flush(40))
fin.(s)

# continue: before everything, with timeouts and replies
s = start.()
send(s, {:do, fn st -> send(self(), :queued); {:noreply, st, {:continue, fn st -> T.tell(:continued); {:noreply, st, 20} end}} end})
T.out("continue, mail, and its timeout", T.flush(50))
T.out("reply and continue", Srv.call(s, fn _, st -> {:reply, :r, st, {:continue, fn st -> Process.sleep(10); T.tell(:after_the_reply); {:noreply, st} end}} end))
T.out("  then", T.flush(30))
T.out("continue that stops", (m = Process.monitor(s); Srv.call(s, fn _, st -> {:reply, :r, st, {:continue, fn st -> {:stop, :enough, st} end}} end)))
T.out("  then", T.flush(20) |> Enum.map(fn {:DOWN, ^m, _, _, r} -> {:down, r}; o -> o end) |> Enum.sort())
# continue from init that fails after start_link has returned
T.out("continue of init fails", elem(Srv.start_link(:s, fn -> {:ok, 0, {:continue, fn _ -> exit(:later) end}} end), 0))
T.out("  then", T.flush(20))
# a linked peer that dies while a callback runs is told after it, an untrapping server ends in it
{:ok, s} = Srv.start(:s, fn -> Process.flag(:trap_exit, true); {:ok, 0} end)
Srv.cast(s, fn st -> T.name(spawn_link(fn -> exit(:peer) end), :peer); Process.sleep(20); T.tell(:callback_done); {:noreply, st} end)
T.out("peer dies in a callback", T.flush(50))
{:ok, s} = Srv.start(:s, fn -> {:ok, 0} end)
m = Process.monitor(s)
Srv.cast(s, fn st -> spawn_link(fn -> exit(:peer) end); Process.sleep(20); T.tell(:never); {:noreply, st} end)
T.out("untrapping", T.flush(50) |> Enum.map(fn {:DOWN, ^m, _, _, r} -> {:down, r}; o -> o end))
