# Restarts that fail: how many attempts, what gets through between them, what ends the retries.
Code.require_file("support.exs", __DIR__)
Code.require_file("kid.exs", __DIR__)
T.init()
Kid.init_table()
Process.flag(:trap_exit, true)
starts = fn name -> :ets.lookup_element(:kids, name, 2) end

for strategy <- [:one_for_one, :rest_for_one, :one_for_all], n <- [0, 1, 3] do
  [a, b, c] = for k <- [:a, :b, :c], do: :"#{strategy}_#{n}_#{k}"
  plan = fn 1 -> :ok; _ -> {:error, :no} end
  {:ok, sup} = Supervisor.start_link([Kid.spec(a), Kid.spec(b, plan: plan), Kid.spec(c)], strategy: strategy, max_restarts: n)
  ref = Process.monitor(sup)
  Kid.crash(b, :boom)
  T.out("#{strategy}, #{n} allowed", receive do: ({:DOWN, ^ref, _, _, r} -> r), after: (500 -> :alive))
  T.out("  starts", [starts.(a), starts.(b), starts.(c)])
  T.flush(20)
end

# every way to fail counts the same, and the retry goes on until it works
for {label, bad} <- [error: fn -> {:error, :no} end, junk: fn -> :junk end, raise: fn -> raise "x" end, exit: fn -> exit(:y) end, normal: fn -> exit(:normal) end, already: fn -> {:error, {:already_started, T.main()}} end] do
  name = :"way_#{label}"
  plan = fn n when n in 2..4 -> bad.(); _ -> :ok end
  {:ok, sup} = Supervisor.start_link([Kid.spec(name, plan: plan)], strategy: :one_for_one, max_restarts: 4)
  Kid.crash(name, :boom)
  T.settle(80)
  T.out("fails three times by #{label}", {starts.(name), Process.alive?(sup)})
  Kid.crash(name, :boom)
  T.settle(80)
  T.out("  and one crash more", {starts.(name), Process.alive?(sup)})
  T.flush(0)
end

# ignore at a restart: the child is undefined, its spec stays, and it is no failure
plan = fn 2 -> :ignore; _ -> :ok end
{:ok, sup} = Supervisor.start_link([Kid.spec(:i, plan: plan), Kid.spec(:t, [plan: plan], restart: :transient)], strategy: :one_for_one)
T.name(sup, :sup)
Kid.crash(:i, :boom)
Kid.crash(:t, :boom)
T.settle()
T.out("ignore at a restart", Supervisor.which_children(sup))
T.out("restart_child", Supervisor.restart_child(sup, :i))
Supervisor.stop(sup)
T.flush()

# between two attempts the supervisor answers; a request may end the retries
plan = fn 1 -> :ok; n when n < 40 -> Process.sleep(5); {:error, :no}; _ -> :ok end
{:ok, sup} = Supervisor.start_link([Kid.spec(:x, plan: plan), Kid.spec(:y)], strategy: :one_for_one, max_restarts: 1000)
T.name(sup, :sup)
Kid.crash(:x, :boom)
T.settle(30)
T.out("which", Supervisor.which_children(sup))
T.out("count", Supervisor.count_children(sup))
T.out("a new child meanwhile", elem(Supervisor.start_child(sup, Kid.spec(:z)), 0))
Kid.crash(:y, :boom)
T.settle(30)
T.out("another child restarted meanwhile", starts.(:y))
T.out("terminate", Supervisor.terminate_child(sup, :x))
n = starts.(:x)
T.settle(50)
T.out("no attempt after that", starts.(:x) == n)
T.out("which", Supervisor.which_children(sup))
T.out("restart_child of a terminated one, which fails", Supervisor.restart_child(sup, :x))
T.out("which", Supervisor.which_children(sup))
T.out("delete", Supervisor.delete_child(sup, :x))
Supervisor.stop(sup)
T.flush()

# one_for_all and rest_for_one while a restart fails: who is up between the attempts
for strategy <- [:one_for_all, :rest_for_one] do
  [a, b, c] = for k <- [:a, :b, :c], do: :"#{strategy}_#{k}"
  plan = fn 1 -> :ok; n when n < 6 -> Process.sleep(20); {:error, :no}; _ -> :ok end
  {:ok, sup} = Supervisor.start_link([Kid.spec(a), Kid.spec(b, plan: plan), Kid.spec(c)], strategy: strategy, max_restarts: 1000)
  T.flush(0)
  Kid.crash(a, :boom)
  T.settle(30)
  T.out("#{strategy} meanwhile", for({id, p, _, _} <- Supervisor.which_children(sup), do: {id, if(is_pid(p), do: :up, else: p)}))
  T.show_flush("  saw", 200)
  T.out("  at last", for({id, p, _, _} <- Supervisor.which_children(sup), do: {id, p}))
  Supervisor.stop(sup)
  T.flush(0)
end
