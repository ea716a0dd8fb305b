# References that can be sent to: what ends each kind of alias, and what a dead one does.
Code.require_file("support.exs", __DIR__)
T.init()

send_two = fn a -> send(a, :first); send(a, :second) end

a = :erlang.alias()
send_two.(a)
T.show_flush("explicit alias", 20)
T.out("unalias", :erlang.unalias(a))
T.out("unalias again", :erlang.unalias(a))
T.out("send to a dead alias returns", send(a, :lost))
T.show_flush("after unalias", 20)

a = :erlang.alias([:reply])
send_two.(a)
T.show_flush("reply alias", 20)
T.out("unalias after the reply", :erlang.unalias(a))

# somebody else may use it, not end it
a = :erlang.alias()
p = T.proc(:p)
T.out("unalias by a stranger", T.run(p, fn -> :erlang.unalias(a) end))
T.run(p, fn -> send(a, :from_p) end)
T.show_flush("still active", 20)
:erlang.unalias(a)

# as an option of monitor
for kind <- [:explicit_unalias, :demonitor, :reply_demonitor] do
  T.out("monitor with alias #{kind}")
  q = T.proc(:q)
  m = :erlang.monitor(:process, q, alias: kind)
  send_two.(m)
  T.show_flush("  two messages", 20)
  Process.exit(q, :gone)
  for x <- T.flush(20), do: T.out("  its end", case(x, do: ({:DOWN, ^m, _, _, r} -> {:down, r}; o -> o)))
  send(m, :after_down)
  T.show_flush("  after the end", 20)
  T.out("  unalias", :erlang.unalias(m))

  q = T.proc(:q)
  m = :erlang.monitor(:process, q, alias: kind)
  T.out("  demonitor", Process.demonitor(m))
  send(m, :after_demonitor)
  T.show_flush("  after demonitor", 20)
  T.out("  unalias", :erlang.unalias(m))
  Process.exit(q, :gone)
  T.show_flush("  no end is told", 20)

  q = T.proc(:q)
  m = :erlang.monitor(:process, q, alias: kind)
  T.out("  unalias first", :erlang.unalias(m))
  send(m, :after_unalias)
  T.show_flush("  after unalias", 20)
  Process.exit(q, :gone)
  for x <- T.flush(20), do: T.out("  its end", case(x, do: ({:DOWN, ^m, _, _, r} -> {:down, r}; o -> o)))
end

# monitoring a dead one with an alias
for kind <- [:explicit_unalias, :demonitor, :reply_demonitor] do
  m = :erlang.monitor(:process, p |> tap(&T.kill/1), alias: kind)
  for x <- T.flush(20), do: T.out("dead, #{kind}", case(x, do: ({:DOWN, ^m, _, _, r} -> {:down, r}; o -> o)))
  send(m, :hello)
  T.show_flush("  then", 20)
end

# an alias dies with its owner
q = T.proc(:q)
a = T.run(q, fn -> :erlang.alias() end)
send(a, :alive)
T.show_flush("to q", 20)
T.kill(q)
T.out("to the alias of the dead", send(a, :dead))
T.show_flush("nothing comes", 20)

# a message to an alias keeps its place among the others
a = :erlang.alias()
send(self(), 1)
send(a, 2)
send(self(), 3)
T.out("order", T.flush(20))
