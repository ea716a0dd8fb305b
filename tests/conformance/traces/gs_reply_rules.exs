# Replies: late, double, early, delegated, to the dead; the server works on all the same.
Code.require_file("support.exs", __DIR__)
Code.require_file("srv.exs", __DIR__)
T.init()

{:ok, s} = Srv.start(:s, fn -> {:ok, []} end)

# a late reply never reaches the mailbox; the request is served and the state kept
T.out("too slow", T.try(fn -> Srv.call(s, fn _, st -> Process.sleep(60); {:reply, :late, [:served | st]} end, 20) end))
T.show_flush("late reply", 100)
T.out("state", Srv.call(s, fn _, st -> {:reply, st, st} end))

# a late reply by GenServer.reply
T.out("no reply in time", T.try(fn -> Srv.call(s, fn from, _ -> {:noreply, from} end, 20) end))
Srv.cast(s, fn from -> T.tell({:reply_returned, GenServer.reply(from, :much_later)}); {:noreply, []} end)
T.show_flush("much later")

# two calls: the reply of the first one does not answer the second
T.out("first call times out", T.try(fn -> Srv.call(s, fn from, _ -> {:noreply, from} end, 20) end))
T.out("second call", Srv.call(s, fn from2, from1 -> GenServer.reply(from1, :for_the_first); GenServer.reply(from2, :for_the_second); {:noreply, []} end))
T.show_flush("nothing else")

# answered early, the callback goes on
T.out("early reply", Srv.call(s, fn from, st -> GenServer.reply(from, :early); Process.sleep(40); T.tell(:callback_ended); {:noreply, st} end))
T.out("  callback has ended", T.flush(0) != [])
T.show_flush("  then", 80)

# answered twice: the second is dropped
T.out("reply and return", Srv.call(s, fn from, st -> GenServer.reply(from, :one); Process.sleep(20); {:reply, :two, st} end))
T.show_flush("  the other one")

# delegated: another process answers, also after the server has ended
T.out("delegated", Srv.call(s, fn from, st -> spawn(fn -> Process.sleep(20); GenServer.reply(from, :by_another) end); {:noreply, st} end))
{:ok, d} = Srv.start(:d)
main = self()
T.out("server ends first", T.try(fn -> Srv.call(d, fn from, st -> spawn(fn -> Process.sleep(40); GenServer.reply(from, :too_late); send(main, :replied) end); {:stop, :normal, st} end) end))
T.show_flush("  then", 80)

# a caller that dies while it waits: the server serves it and replies to nobody
c = T.proc(:c)
spawn(fn -> Process.sleep(20); Process.exit(c, :kill) end)
T.out("caller killed", T.run(c, fn -> Srv.call(s, fn _, st -> Process.sleep(40); {:reply, :to_nobody, [:after_death | st]} end) end))
T.settle(60)
T.out("state", Srv.call(s, fn _, st -> {:reply, st, st} end))

# calls of one caller are served in order, with casts and messages between them
Srv.cast(s, fn _ -> {:noreply, [1]} end)
send(s, {:do, fn st -> {:noreply, [2 | st]} end})
T.out("in order", Srv.call(s, fn _, st -> {:reply, [3 | st], st} end))

# the reply passes what is in the mailbox already, which stays
send(self(), :older)
T.out("reply past older mail", Srv.call(s, fn _, st -> send(main, :newer); {:reply, :ok, st} end))
T.show_flush("mail")

# a reply that is an exit signal's look-alike is only a value
for v <- [{:EXIT, self(), :x}, {:DOWN, make_ref(), :process, self(), :x}, :timeout, {:error, :noproc}, nil] do
  T.out("value", Srv.call(s, fn _, st -> {:reply, v, st} end))
end

# stop with reply to a caller that is linked: the reply comes, then the exit
Process.flag(:trap_exit, true)
{:ok, l} = Srv.start_link(:l, fn -> {:ok, 0} end)
T.out("stop with reply, linked", Srv.call(l, fn _, st -> {:stop, :bad, :bye, st} end))
T.show_flush("  then")
{:ok, l} = Srv.start_link(:l, fn -> {:ok, 0} end)
T.out("stop without reply, linked", T.try(fn -> Srv.call(l, fn _, st -> {:stop, :bad, st} end) end))
T.show_flush("  then")
# reply by hand and then stop
{:ok, l} = Srv.start_link(:l, fn -> {:ok, 0} end)
T.out("reply by hand, then stop", Srv.call(l, fn from, st -> GenServer.reply(from, :mine); {:stop, :bad, st} end))
T.show_flush("  then")
