# rest_for_one: who stops, who starts again, and in which order.
Code.require_file("support.exs", __DIR__)
Code.require_file("kid.exs", __DIR__)
T.init()
Kid.init_table()
Process.flag(:trap_exit, true)

kids = [Kid.spec(:a), Kid.spec(:b, [], restart: :transient), Kid.spec(:c), Kid.spec(:d, [], restart: :temporary), Kid.spec(:e, [], restart: :transient), Kid.spec(:f)]
{:ok, sup} = Supervisor.start_link(kids, strategy: :rest_for_one, max_restarts: 50)
T.name(sup, :sup)
T.flush(0)
ids = fn -> for {id, p, _, _} <- Supervisor.which_children(sup), do: {id, p} end

Kid.crash(:f, :boom)
T.show_flush("the last one")
Kid.crash(:e, :normal)
T.show_flush("transient e ends normally")
T.out("terminate b", Supervisor.terminate_child(sup, :b))
T.show_flush("terminated")
T.out("children", ids.())
Kid.crash(:c, :boom)
T.show_flush("c takes d, e, f along; e comes back, d does not, b stays stopped")
T.out("children", ids.())
Kid.crash(:a, :boom)
T.show_flush("a takes all along, b comes back")
T.out("children", ids.())
T.out("a late temporary one", elem(Supervisor.start_child(sup, Kid.spec(:late, [], restart: :temporary)), 0))
T.out("a late one", elem(Supervisor.start_child(sup, Kid.spec(:later)), 0))
T.flush(0)
Kid.crash(:f, :boom)
T.show_flush("f takes the late ones along")
T.out("children", ids.())
Kid.crash(:b, {:shutdown, :fine})
T.show_flush("a quiet end of a transient one stops nobody")
T.out("children", ids.())
Kid.crash(:a, :normal)
T.show_flush("a normal end of a permanent one does")

# two children have ended before the supervisor comes to look: one restart covers both
T.flush(0)
busy = fn -> Process.sleep(80); :ignore end
spawn(fn -> Process.sleep(20); Kid.crash(:e, :first); Process.sleep(20); Kid.crash(:f, :second) end)
T.out("busy", Supervisor.start_child(sup, %{id: :busy, restart: :temporary, start: {Kernel, :apply, [busy, []]}}))
T.show_flush("e and then f", 100)
T.out("children", ids.())

# the sibling that ends badly while it is stopped, and the slow one
Supervisor.stop(sup)
T.flush(0)
kids = [Kid.spec(:p), Kid.spec(:q, stop_exit: :strange), Kid.spec(:r, [stop_ms: 300], shutdown: 30), Kid.spec(:s, [], shutdown: :brutal_kill)]
{:ok, sup} = Supervisor.start_link(kids, strategy: :rest_for_one)
T.flush(0)
Kid.crash(:p, :boom)
T.show_flush("bad siblings", 120)
T.out("counts", Supervisor.count_children(sup))
Supervisor.stop(sup)
