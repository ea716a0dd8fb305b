# How an end goes through user code: rescue, catch, after; and what a flag of the moment decides.
Code.require_file("support.exs", __DIR__)
T.init()

# exit(r) by oneself can be caught as an exit, not as an error, and `after` runs
p = T.proc(:p)
T.out("rescue does not see an exit", T.run(p, fn ->
  try do
    exit(:why)
  rescue
    _ -> :rescued
  after
    T.tell(:after_ran)
  end
end))
T.show_flush("  cleanup")
q = T.proc(:q)
T.out("catch exit does", T.run(q, fn ->
  try do
    exit(:why)
  catch
    :exit, r -> {:caught, r}
  end
end))
T.alive("caught", [q])

# a signal cannot be caught
r = T.proc(:r)
T.out("exit signal to oneself is not caught", T.run(r, fn ->
  try do
    Process.exit(self(), :own)
  catch
    kind, why -> {:caught, kind, why}
  end
end))
T.show_flush("  cleanup")

# an exit that replaces another in `after`
s = T.proc(:s)
T.out("exit in after wins", T.run(s, fn ->
  try do
    exit(:first)
  after
    exit(:second)
  end
end))
t = T.proc(:t)
T.out("exit in after wins over a raise", T.run(t, fn ->
  try do
    raise "oops"
  after
    exit(:second)
  end
end))

# trap_exit counts when the signal is handled: sent before, handled after
main = self()
u = T.name(spawn(fn ->
  send(main, :up)
  receive do: (:go -> :ok)
  Process.flag(:trap_exit, true)
  send(main, :traps)
  receive do: (m -> send(main, {:u_got, m}))
end), :u)
receive do: (:up -> :ok)
send(u, :go)
receive do: (:traps -> :ok)
Process.exit(u, :late)
T.show_flush("trapping by now")
v = T.proc(:v, trap: true)
T.run(v, fn -> Process.flag(:trap_exit, false) end)
T.out("not trapping any more", T.kill(v, :late))

# the flag answers what it was
w = T.proc(:w)
T.out("flag", T.run(w, fn -> [Process.flag(:trap_exit, true), Process.flag(:trap_exit, true), Process.flag(:trap_exit, false), Process.flag(:trap_exit, false)] end))

# an EXIT that was trapped stays in the mailbox when the flag goes
T.run(w, fn -> Process.flag(:trap_exit, true); Process.exit(self(), :kept); Process.sleep(10); Process.flag(:trap_exit, false) end)
T.show_flush("trapped before")
T.alive("w", [w])

# exit with a reason that is a message of its own
for reason <- [{:EXIT, :x}, {:shutdown, {:EXIT, 1}}, [:a, :b], %{k: 1}, nil, 0] do
  x = T.proc(:x)
  y = T.proc(:y, trap: true)
  T.link(x, y)
  T.out("odd reason", T.run(x, fn -> exit(reason) end))
  T.show_flush("  told", 30)
end

# two signals: the first one counts; messages in between are seen
z = T.name(spawn(fn -> Process.flag(:trap_exit, true); send(main, :up); T.tell({:z, for(_ <- 1..3, do: (receive do: (m -> m)))}) end), :z)
receive do: (:up -> :ok)
Process.exit(z, :one)
send(z, :between)
Process.exit(z, :two)
T.show_flush("signals and messages in order")
