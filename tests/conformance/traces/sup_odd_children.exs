# Children that unlink, link, vanish, or end while the supervisor is about something else.
Code.require_file("support.exs", __DIR__)
Code.require_file("kid.exs", __DIR__)
Code.require_file("srv.exs", __DIR__)
T.init()
Kid.init_table()
Process.flag(:trap_exit, true)
srv = fn name, over -> Map.merge(%{id: name, start: {Srv, :start_link, [name, fn -> {:ok, 0} end]}}, over) end
child = fn sup, id -> case List.keyfind(Supervisor.which_children(sup), id, 0) do {_, p, _, _} -> p; nil -> :no_spec end end
ids = fn sup -> for {id, p, _, _} <- Supervisor.which_children(sup), do: {id, p} end

# a child that unlinks itself: its end goes unnoticed, stopping it does not hang
{:ok, sup} = Supervisor.start_link([srv.(:u, %{}), Kid.spec(:v)], strategy: :one_for_one)
T.name(sup, :sup)
T.flush(0)
u = child.(sup, :u)
Srv.call(u, fn _, s -> {:reply, Process.unlink(sup), s} end)
T.kill(u, :boom)
T.settle()
T.out("unlinked child is dead", Process.alive?(child.(sup, :u)))
T.out("counts", Supervisor.count_children(sup))
T.out("start of the same id", case(Supervisor.start_child(sup, srv.(:u, %{})), do: ({:error, {w, _}} -> w; o -> o)))
T.out("terminate", Supervisor.terminate_child(sup, :u))
T.out("restart", elem(Supervisor.restart_child(sup, :u), 0))
Supervisor.stop(sup)
T.show_flush("stop")

# an unlinked child that lives is stopped by the supervisor's end all the same
{:ok, sup} = Supervisor.start_link([srv.(:w, %{})], strategy: :one_for_one)
w = child.(sup, :w)
Srv.call(w, fn _, s -> {:reply, Process.unlink(sup), s} end)
Supervisor.stop(sup)
T.out("unlinked and alive, then the supervisor stops", Process.alive?(w))
T.show_flush("stop")

# EXITs from strangers and messages of no meaning
{:ok, sup} = Supervisor.start_link([Kid.spec(:x)], strategy: :one_for_one, max_restarts: 0)
T.name(sup, :sup)
T.flush(0)
peer = T.proc(:peer)
T.link(peer, sup)
T.kill(peer, :boom)
send(sup, :hello)
send(sup, {:EXIT, T.proc(:never_linked), :boom})
T.settle()
T.out("strangers do not matter", {Process.alive?(sup), Kid.pid(:x) == child.(sup, :x)})
# a forged EXIT of a child is believed
send(sup, {:EXIT, Kid.pid(:x), :forged})
T.show_flush("forged EXIT of a child, no restarts allowed", 80)
T.out("alive", Process.alive?(sup))

# a child that is killed while it is being stopped, and one that ends by itself meanwhile
{:ok, sup} = Supervisor.start_link([Kid.spec(:k1), Kid.spec(:k2, stop_ms: 60), Kid.spec(:k3)], strategy: :one_for_one)
T.name(sup, :sup)
T.flush(0)
[k1, k2] = for k <- [:k1, :k2], do: Kid.pid(k)
refs = for k <- [k1, k2], do: Process.monitor(k)
spawn(fn -> Process.sleep(20); Process.exit(k2, :kill); Kid.crash(:k1, :own_reason) end)
Supervisor.stop(sup)
T.out("reasons", for(r <- refs, do: (receive do: ({:DOWN, ^r, _, _, w} -> w))))
T.show_flush("stop")

# a child that ends while another one is started: handled after that start
slow = %{id: :slow, start: {Kernel, :apply, [fn -> Process.sleep(60); T.tell(:slow_is_up); {:ok, spawn_link(fn -> Process.sleep(:infinity) end)} end, []]}}
{:ok, sup} = Supervisor.start_link([Kid.spec(:e)], strategy: :one_for_one)
T.name(sup, :sup)
T.flush(0)
spawn(fn -> Process.sleep(20); Kid.crash(:e, :boom) end)
T.out("start of a slow child", elem(Supervisor.start_child(sup, slow), 0))
T.show_flush("order")
Supervisor.stop(sup)
T.flush(0)

# a child that ends while all are started: the supervisor starts the rest first
kids = [Kid.spec(:f), %{id: :g, start: {Kernel, :apply, [fn -> Kid.crash(:f, :boom); Process.sleep(30); T.tell(:g_is_up); {:ok, spawn_link(fn -> Process.sleep(:infinity) end)} end, []]}}, Kid.spec(:h)]
{:ok, sup} = Supervisor.start_link(kids, strategy: :one_for_one)
T.name(sup, :sup)
T.show_flush("a child ends during the start")
Supervisor.stop(sup)
T.flush(0)

# two specs that return the same process
shared = T.name(spawn(fn -> Process.sleep(:infinity) end), :shared)
same = fn id -> %{id: id, restart: :temporary, start: {Kernel, :apply, [fn -> Process.link(shared); {:ok, shared} end, []]}} end
{:ok, sup} = Supervisor.start_link([same.(:one), same.(:two)], strategy: :one_for_one)
T.name(sup, :sup)
T.out("two of one", ids.(sup))
T.kill(shared, :boom)
T.settle()
T.out("after its end", length(Supervisor.which_children(sup)))
Supervisor.stop(sup)
T.flush(0)

# children that the supervisor kills: brutal_kill of a trapping one, time 0, and a deaf one
deaf = fn -> {:ok, T.name(spawn_link(fn -> Process.flag(:trap_exit, true); Process.sleep(:infinity) end), :deaf)} end
{:ok, sup} = Supervisor.start_link([%{id: :deaf, shutdown: 40, start: {Kernel, :apply, [deaf, []]}}], strategy: :one_for_one)
T.name(sup, :sup)
T.settle()
d = child.(sup, :deaf)
m = Process.monitor(d)
t0 = System.monotonic_time(:millisecond)
T.out("terminate a deaf one", Supervisor.terminate_child(sup, :deaf))
T.out("took its time", System.monotonic_time(:millisecond) - t0 >= 40)
T.out("down", receive do: ({:DOWN, ^m, _, _, r} -> r))
Supervisor.stop(sup)
T.show_flush("end")
