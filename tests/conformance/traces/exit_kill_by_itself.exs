# Who dies of kill: sent from outside, raised by the process itself, passed on by links.
Code.require_file("support.exs", __DIR__)
T.init()

# a process that runs exit(:kill) ends with kill, and its links get kill, not killed
for trap <- [false, true] do
  p = T.proc(:p)
  q = T.proc(:q, trap: trap)
  T.link(p, q)
  mq = Process.monitor(q)
  T.out("exit(kill) by itself, its own reason", T.run(p, fn -> exit(:kill) end))
  r = receive do: ({:DOWN, ^mq, _, _, r} -> {:down, r}), after: (60 -> :alive)
  T.out("  linked, trap #{trap}", r)
  T.show_flush("  mail", 10)
end

# a kill from outside: the links see killed, which can be trapped
for trap <- [false, true] do
  p = T.proc(:p, trap: true)
  q = T.proc(:q, trap: trap)
  r = T.proc(:r)
  T.link(p, q)
  T.link(q, r)
  mons = for x <- [q, r], do: Process.monitor(x)
  T.out("kill of a trapping process", T.kill(p))
  downs = for m <- mons, do: (receive do: ({:DOWN, ^m, _, _, w} -> {:down, w}), after: (60 -> :alive))
  T.out("  its link, trap #{trap}, and the one after", downs)
  T.show_flush("  mail", 10)
end

# killed is a reason like any other
t = T.proc(:t, trap: true)
Process.exit(t, :killed)
T.show_flush("signal killed to a trapping one")
T.out("  alive", Process.alive?(t))
u = T.proc(:u)
T.out("signal killed to another", T.kill(u, :killed))

# kill to oneself
v = T.proc(:v, trap: true)
T.out("kill to oneself, trapping", T.run(v, fn -> Process.exit(self(), :kill); :survived end))
T.show_flush("  mail", 10)

# a tuple around kill is no kill
w = T.proc(:w, trap: true)
Process.exit(w, {:kill, 1})
T.show_flush("kill in a tuple")
T.out("  alive", Process.alive?(w))

# a kill cannot be caught, a later kill changes nothing
x = T.proc(:x)
m = Process.monitor(x)
Process.exit(x, :first)
Process.exit(x, :kill)
T.out("boom and then kill", receive do: ({:DOWN, ^m, _, _, r} -> r))
y = T.proc(:y)
m = Process.monitor(y)
Process.exit(y, :kill)
Process.exit(y, :second)
T.out("kill and then boom", receive do: ({:DOWN, ^m, _, _, r} -> r))

# a server's own kill runs no terminate, exit(:kill) in a callback does
Code.require_file("srv.exs", __DIR__)
{:ok, s} = Srv.start(:s)
m = Process.monitor(s)
Srv.cast(s, fn _ -> exit(:kill) end)
T.out("callback runs exit(kill)", receive do: ({:DOWN, ^m, _, _, r} -> r))
T.show_flush("  saw", 10)
{:ok, s} = Srv.start(:s)
m = Process.monitor(s)
Srv.cast(s, fn st -> {:stop, :kill, st} end)
T.out("callback stops with kill", receive do: ({:DOWN, ^m, _, _, r} -> r))
T.show_flush("  saw", 10)
{:ok, s} = Srv.start(:s)
T.out("stop with reason kill", T.try(fn -> GenServer.stop(s, :kill) end))
T.show_flush("  saw", 10)
