# The timeout of a return value: what ends it, when 0 fires, what it is not.
Code.require_file("support.exs", __DIR__)
Code.require_file("srv.exs", __DIR__)
T.init()
note = fn what -> fn s -> T.tell(what); {:noreply, s} end end

# from init, once
{:ok, s} = Srv.start(:s, fn -> {:ok, 0, 30} end)
T.show_flush("from init, once", 120)

# any message ends it for good: info, cast, call
for {label, f} <- [info: fn -> send(s, :hello) end, cast: fn -> Srv.cast(s, note.(:a_cast)) end, call: fn -> Srv.call(s, fn _, st -> {:reply, :ok, st} end) end, exit: fn -> Process.exit(s, :normal) end] do
  Srv.cast(s, fn st -> {:noreply, st, 40} end)
  T.settle(15)
  f.()
  T.show_flush("ended by #{label}", 90)
end

# a reply with a timeout
T.out("reply", Srv.call(s, fn _, st -> {:reply, :r, st, 20} end))
T.show_flush("reply with a timeout", 60)

# 0: only when nothing is in the mailbox
Srv.cast(s, fn st -> send(self(), {:do, note.(:queued_first)}); {:noreply, st, 0} end)
T.show_flush("0 with mail", 40)
Srv.cast(s, fn st -> {:noreply, st, 0} end)
T.show_flush("0 without mail", 40)

# set again by each callback
Srv.cast(s, fn st -> {:noreply, st, 80} end)
T.settle(40)
Srv.cast(s, fn st -> T.tell(:again); {:noreply, st, 80} end)
T.settle(50)
T.show_flush("not yet", 0)
T.show_flush("then", 90)

# a message that looks the same, and that ends the timeout
Srv.cast(s, fn st -> {:noreply, st, 40} end)
send(s, :timeout)
T.show_flush("forged", 90)

# time spent in the callback does not count
Srv.cast(s, fn st -> Process.sleep(50); {:noreply, st, 30} end)
T.settle(60)
T.show_flush("counts from the return", 0)
T.show_flush("then", 60)

# a message that arrives while the callback runs is handled before the timeout begins
Srv.cast(s, fn st -> Process.sleep(40); {:noreply, st, 20} end)
T.settle(10)
Srv.cast(s, note.(:came_meanwhile))
T.show_flush("came meanwhile", 120)

# infinity, and values that are none
Srv.cast(s, fn st -> {:noreply, st, :infinity} end)
T.show_flush("infinity", 40)
for {label, v} <- [negative: -1, a_word: :soon] do
  {:ok, b} = Srv.start(:b, fn -> {:ok, 0} end)
  m = Process.monitor(b)
  Srv.cast(b, fn st -> {:noreply, st, v} end)
  T.out("bad #{label}", receive do: ({:DOWN, ^m, _, _, r} -> elem(r, 0)), after: (100 -> :alive))
  T.flush(0)
end

# a timeout stops a server that has been asked to stop when idle
{:ok, i} = Srv.start(:i, fn -> {:ok, 0, {:continue, fn s -> {:noreply, s, 20} end}} end)
T.show_flush("from a continue", 60)
T.out("alive", Process.alive?(i))
