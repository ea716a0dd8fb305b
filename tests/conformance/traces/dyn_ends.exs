# DynamicSupervisor: how children end with it and without it, deaf, brutal and mixed; limits in between.
Code.require_file("support.exs", __DIR__)
Code.require_file("kid.exs", __DIR__)
T.init()
Kid.init_table()
Process.flag(:trap_exit, true)
later = fn ms, f -> spawn(fn -> Process.sleep(ms); f.() end) end
begin = fn opts -> {:ok, d} = DynamicSupervisor.start_link([strategy: :one_for_one] ++ opts); T.name(d, :dyn) end
add = fn d, name, opts, over -> DynamicSupervisor.start_child(d, Kid.spec(name, opts, over)) end

# everybody at once: untrapping, trapping, slow, deaf, brutal
d = begin.([])
add.(d, :plain, [], [])
add.(d, :untrapping, [trap: false], [])
add.(d, :slow, [stop_ms: 30], [])
add.(d, :deaf, [stop_ms: 200], shutdown: 50)
add.(d, :brutal, [stop_ms: 10], shutdown: :brutal_kill)
add.(d, :strange, [stop_exit: :strange], [])
T.flush(0)
refs = for k <- [:plain, :untrapping, :slow, :deaf, :brutal, :strange], do: {k, Process.monitor(Kid.pid(k))}
t0 = System.monotonic_time(:millisecond)
DynamicSupervisor.stop(d)
T.out("time", div(System.monotonic_time(:millisecond) - t0, 50))
T.out("reasons", for({k, r} <- refs, do: {k, receive do: ({:DOWN, ^r, _, _, w} -> w)}))
T.out("terminated", Enum.sort(T.flush(20)))

# one child, each way
d = begin.([])
for {name, opts, over} <- [{:p, [], []}, {:u, [trap: false], []}, {:s, [stop_ms: 60], [shutdown: 20]}, {:b, [], [shutdown: :brutal_kill]}, {:x, [stop_exit: :odd], []}] do
  add.(d, name, opts, over)
  m = Process.monitor(Kid.pid(name))
  T.flush(0)
  T.out("terminate #{name}", DynamicSupervisor.terminate_child(d, Kid.pid(name)))
  T.out("  reason", receive do: ({:DOWN, ^m, _, _, w} -> w))
  T.out("  told", T.flush(10))
end
T.out("count", DynamicSupervisor.count_children(d))

# a call while it stops a slow one; a crash of another meanwhile
add.(d, :slow2, [stop_ms: 50], [])
add.(d, :other, [], [])
T.flush(0)
later.(10, fn -> Kid.crash(:other, :meanwhile) end)
later.(20, fn -> T.tell({:count, DynamicSupervisor.count_children(d)}) end)
T.out("terminate", DynamicSupervisor.terminate_child(d, Kid.pid(:slow2)))
T.show_flush("meanwhile")
# a child that ends by itself while it is being stopped
add.(d, :races, [stop_ms: 30], restart: :permanent)
T.flush(0)
r = Kid.pid(:races)
later.(10, fn -> Process.exit(r, :kill) end)
T.out("killed while stopped", DynamicSupervisor.terminate_child(d, r))
T.show_flush("  not started again")
# an unlinked child
add.(d, :unlinked, [trap: false], [])
T.flush(0)
u = Kid.pid(:unlinked)
T.out("not a child", DynamicSupervisor.terminate_child(d, T.proc(:stranger)))
DynamicSupervisor.stop(d)
T.out("ends with it", Process.alive?(u))
T.flush(20)

# the limit: restarting children take a place; an ended one gives it back at once
d = begin.(max_children: 2, max_restarts: 100)
add.(d, :t1, [], restart: :temporary)
add.(d, :t2, [], restart: :temporary)
T.out("full", add.(d, :t3, [], []))
T.kill(Kid.pid(:t1))
T.out("a place", elem(add.(d, :t3, [], []), 0))
T.out("full", add.(d, :t4, [], []))
T.flush(0)
add.(d, :never, [], [])
DynamicSupervisor.stop(d)
T.flush(20)
# the start of a child that starts another one in the same supervisor: nobody answers
d = begin.([])
nested = %{id: :n, restart: :temporary, start: {Kernel, :apply, [fn -> {:error, (case T.try(fn -> GenServer.call(d, :count_children, 30) end) do {:exit, {r, _}} -> r; o -> o end)} end, []]}}
T.out("asks its supervisor in its start", DynamicSupervisor.start_child(d, nested))
# the supervisor is told to stop while it starts a slow child
slow = %{id: :z, restart: :temporary, start: {Kernel, :apply, [fn -> Process.sleep(40); Kid.start_link(:z) end, []]}}
later.(10, fn -> DynamicSupervisor.stop(d) end)
T.out("stopped while it starts one", elem(DynamicSupervisor.start_child(d, slow), 0))
T.show_flush("  then", 50)

# intensity: crashes of different children count together; the rest is stopped
d = begin.(max_restarts: 2, max_seconds: 5)
for k <- [:i1, :i2, :i3], do: add.(d, k, [], [])
T.flush(0)
Kid.crash(:i1, :one)
T.settle(10)
Kid.crash(:i2, :two)
T.settle(10)
T.out("alive after two", Process.alive?(d))
T.flush(0)
Kid.crash(:i3, :three)
{stops, rest} = T.flush(40) |> Enum.split_with(&match?({:stop, _, _}, &1))
T.out("stopped", Enum.sort(stops))
T.out("rest", rest)

# the exit of its parent, and of strangers
d = begin.([])
add.(d, :c, [], [])
T.flush(0)
Process.exit(d, :enough)
T.settle(20)
T.out("told to end by its parent", Process.alive?(d))
T.show_flush("  then", 20)
