# proc_lib: who waits for the acknowledgement, what a failed start leaves behind, and entering a loop late.
Code.require_file("support.exs", __DIR__)
Code.require_file("srv.exs", __DIR__)
T.init()
Process.flag(:trap_exit, true)
defmodule P do
  def ack(value), do: (T.name(self(), :p); :proc_lib.init_ack(value))
  def run(f), do: f.()
end
start = fn kind, f, ms -> apply(:proc_lib, kind, [P, :run, [f], ms]) end
bodies = [
  ack_and_end: fn -> P.ack(:up) end,
  ack_and_crash: fn -> P.ack(:up); exit(:after) end,
  early_exit: fn -> exit(:early) end,
  early_normal: fn -> :done end,
  early_raise: fn -> raise "oops" end,
  too_slow: fn -> Process.sleep(200); P.ack(:late) end,
  too_slow_and_deaf: fn -> Process.flag(:trap_exit, true); Process.sleep(200); P.ack(:late) end
]
simple = fn {:DOWN, _, _, _, r} -> {:down, r}; {:EXIT, _, r} -> {:exit, r}; o -> o end
for {label, body} <- bodies, kind <- [:start, :start_link, :start_monitor] do
  res = case start.(kind, body, 50) do {r, m} when is_reference(m) -> {r, :monitored}; r -> r end
  T.out("#{label}, #{kind}", res)
  T.out("  left", Enum.map(T.flush(30), simple))
end

# an untrapping starter
for {label, body} <- [early_exit: bodies[:early_exit], too_slow: bodies[:too_slow]], kind <- [:start, :start_link] do
  p = T.proc(:starter)
  T.out("untrapping, #{label}, #{kind}", T.run(p, fn -> start.(kind, body, 50) end))
  T.kill(p)
  T.flush(0)
end

# what comes before the acknowledgement, and after it
T.out("acknowledged", start.(:start_link, fn -> T.tell(:before); P.ack(:up); T.tell(:after) end, 50))
T.out("  order", Enum.map(T.flush(30), simple))
main = self()
T.out("older mail stays", (send(main, :older); start.(:start, fn -> P.ack(:up) end, 50)))
T.out("  mail", T.flush(30))

# the starter dies while it waits: a linked child hears of it, the other does not
for kind <- [:start, :start_link] do
  starter = T.proc(:starter)
  spawn(fn -> Process.sleep(20); Process.exit(starter, :kill) end)
  T.run(starter, fn -> start.(kind, fn -> Process.flag(:trap_exit, true); T.tell({:child, self()}); Process.sleep(60); T.tell({:goes_on, receive do: ({:EXIT, _, r} -> r), after: (0 -> :unaware)}) end, 500) end)
  T.out("starter dies, #{kind}", T.flush(100) |> Enum.reject(&match?({:child, _}, &1)))
end

# entering a loop: mail from before, name, parent, timeout, stop
defmodule E do
  def late(main, arg) do
    T.name(self(), :e)
    Process.flag(:trap_exit, true)
    Process.put(:srv_name, :e)
    send(self(), :from_before)
    :proc_lib.init_ack({:ok, self()})
    send(main, :acknowledged)
    apply(:gen_server, :enter_loop, [Srv, [], {:a_state, arg}])
  end
end
{:ok, e} = :proc_lib.start_link(E, :late, [main, 1])
T.show_flush("entered")
T.out("call", Srv.call(e, fn _, s -> {:reply, s, s, 20} end))
T.show_flush("timeout")
Process.exit(e, :shutdown)
T.show_flush("end of the parent")
{:ok, e} = :proc_lib.start(E, :late, [main, 2])
T.flush(20)
T.out("state", :sys.get_state(e))
:sys.suspend(e)
send(e, :while_suspended)
T.show_flush("suspended", 20)
:sys.resume(e)
T.show_flush("resumed", 20)
T.out("stop", GenServer.stop(e, :enough))
T.show_flush("stopped", 20)
