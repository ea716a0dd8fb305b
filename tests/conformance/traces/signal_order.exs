# Signals of one process to another keep their order, whatever their kinds.
Code.require_file("support.exs", __DIR__)
T.init()
main = self()
Process.flag(:trap_exit, true)

p = T.name(spawn(fn ->
  receive do: (:go -> :ok)
  send(main, 1)
  Process.link(main)
  send(main, 2)
  Process.exit(main, :sig)
  send(main, 3)
  Process.unlink(main)
  send(main, 4)
  exit(:unseen)
end), :p)
send(p, :go)
T.show_flush("unlinked before its end")

q = T.name(spawn(fn ->
  receive do: (:go -> :ok)
  Process.link(main)
  send(main, 1)
  Process.exit(main, :normal)
  Process.unlink(main)
  Process.link(main)
  send(main, 2)
  exit(:seen)
end), :q)
send(q, :go)
T.show_flush("linked again")

# what is sent before the end comes first, whoever is told of it and how
r = T.name(spawn(fn -> receive do: (:go -> :ok); send(main, :last); exit(:over) end), :r)
m = Process.monitor(r)
Process.link(r)
send(r, :go)
T.out("last words first", case(T.flush(), do: ([:last | rest] -> {:last, Enum.map(rest, fn {:DOWN, ^m, _, _, w} -> {:down, w}; {:EXIT, ^r, w} -> {:exit, w} end) |> Enum.sort()}; o -> o)))

# from here to there: message, kill, message, monitor
s = T.proc(:s)
send(s, :before)
Process.exit(s, :kill)
send(s, :after)
m = Process.monitor(s)
T.out("after a kill", T.flush() |> Enum.map(fn {:DOWN, ^m, _, _, w} -> {:down, w}; o -> o end))

# monitor, signal, monitor again
t = T.proc(:t)
m1 = Process.monitor(t)
Process.exit(t, :first)
m2 = Process.monitor(t)
downs = for {:DOWN, ref, _, _, w} <- T.flush(), do: {(if ref == m1, do: 1, else: 2), w}
T.out("monitors around the signal", Enum.sort(downs))
_ = m2

# a demonitor that follows the signal, and one with flush when it has been told
u = T.proc(:u)
m = Process.monitor(u)
Process.exit(u, :gone)
Process.demonitor(m)
T.out("demonitor after the signal: no more than one, and of it", T.flush(30) |> Enum.all?(&match?({:DOWN, ^m, _, _, :gone}, &1)))
v = T.proc(:v)
m = Process.monitor(v)
T.kill(v, :gone)
T.out("flush with info when it was told", Process.demonitor(m, [:flush, :info]))
w = T.proc(:w)
m = Process.monitor(w)
T.out("with info while it lives", Process.demonitor(m, [:flush, :info]))
T.out("again", Process.demonitor(m, [:flush, :info]))
T.kill(w)
T.show_flush("nothing is told")

# trapping: exit signals and messages of several kinds in one queue
x = T.name(spawn(fn ->
  Process.flag(:trap_exit, true)
  send(main, :up)
  T.tell({:x, for(_ <- 1..5, do: (receive do: (msg -> msg)))})
end), :x)
receive do: (:up -> :ok)
send(x, :a)
Process.exit(x, :normal)
send(x, :b)
Process.exit(x, {:shutdown, 1})
Process.send_after(x, :c, 20)
T.show_flush("one queue", 60)

# selective receive of an EXIT leaves older messages where they are
send(self(), :older)
y = T.name(spawn_link(fn -> exit(:y) end), :y)
T.out("picked", receive do: ({:EXIT, ^y, why} -> why))
T.show_flush("left")

# a process that is told to end by many hears the first one; the others are lost
z = T.proc(:z)
m = Process.monitor(z)
for n <- 1..5, do: Process.exit(z, {:nr, n})
T.out("many signals", receive do: ({:DOWN, ^m, _, _, w} -> w))

# spawn_monitor and spawn_link of what ends at once, many times
downs = for n <- 1..20, do: (spawn_monitor(fn -> exit({:n, n}) end))
got = for {p, m} <- downs, do: (receive do: ({:DOWN, ^m, _, ^p, {:n, n}} -> n))
T.out("every death is told", got == Enum.to_list(1..20))
links = for n <- 1..20, do: (spawn_link(fn -> exit({:n, n}) end))
got = for p <- links, do: (receive do: ({:EXIT, ^p, {:n, n}} -> n))
T.out("through links too", got == Enum.to_list(1..20))
T.show_flush("nothing more")
