# auto_shutdown: which ends of which children end the supervisor.
Code.require_file("support.exs", __DIR__)
Code.require_file("kid.exs", __DIR__)
T.init()
Kid.init_table()
Process.flag(:trap_exit, true)
start = fn auto, kids, flags ->
  {:ok, sup} = Sup.start_link({Map.merge(%{auto_shutdown: auto}, flags), kids})
  T.flush(0)
  T.name(sup, :sup)
end
sig = fn name, type -> Kid.spec(name, [], restart: type, significant: true) end
state = fn sup -> T.settle(30); if Process.alive?(sup), do: {:alive, for({id, p, _, _} <- Supervisor.which_children(sup), do: {id, is_pid(p)})}, else: :ended end

for auto <- [:any_significant, :all_significant], type <- [:transient, :temporary], reason <- [:normal, :shutdown, {:shutdown, 1}, :boom] do
  [s, t, o] = for k <- [:s, :t, :o], do: :"#{auto}_#{type}_#{T.fmt(reason)}_#{k}"
  sup = start.(auto, [sig.(s, type), sig.(t, type), Kid.spec(o)], %{})
  Kid.crash(s, reason)
  T.out("#{auto}, #{type}, #{T.fmt(reason)}", elem({state.(sup)}, 0) |> then(fn {:alive, l} -> {:alive, for({_, up} <- l, do: up)}; e -> e end))
  if Process.alive?(sup) do
    Kid.crash(t, reason)
    T.out("  the other one too", case(state.(sup), do: ({:alive, l} -> {:alive, for({_, up} <- l, do: up)}; e -> e)))
  end
  if Process.alive?(sup), do: Supervisor.stop(sup)
  T.flush(0)
end

# the reason and the order of the end
sup = start.(:any_significant, [Kid.spec(:a), sig.(:b, :transient), Kid.spec(:c)], %{})
Kid.crash(:b, :normal)
T.show_flush("any: order")

# terminate_child and a sibling's restart never count
sup = start.(:any_significant, [sig.(:d, :transient), sig.(:e, :temporary), Kid.spec(:f)], %{strategy: :one_for_all})
T.out("terminate transient", Supervisor.terminate_child(sup, :d))
T.out("  then", state.(sup))
Kid.crash(:f, :boom)
T.out("restart of all", state.(sup))
T.out("terminate", Supervisor.terminate_child(sup, :d))
T.out("restart_child", elem(Supervisor.restart_child(sup, :d), 0))
Kid.crash(:d, :shutdown)
T.out("by itself", state.(sup))
T.flush(0)

# all: only those that have a process count; the last one must end by itself
sup = start.(:all_significant, [sig.(:g, :transient), sig.(:h, :transient), Kid.spec(:i, [], restart: :transient)], %{})
Kid.crash(:i, :normal)
T.out("one that is not significant", state.(sup))
Supervisor.terminate_child(sup, :g)
T.out("all: terminated", state.(sup))
Kid.crash(:h, :normal)
T.out("all: the last one by itself", state.(sup))
T.flush(0)
sup = start.(:all_significant, [sig.(:j, :transient), sig.(:k, :transient)], %{})
Kid.crash(:j, :normal)
T.out("all: one of two", state.(sup))
Supervisor.terminate_child(sup, :k)
T.out("all: the last one terminated", state.(sup))
T.out("  restart", elem(Supervisor.restart_child(sup, :k), 0))
Kid.crash(:k, :normal)
T.out("  and now by itself", state.(sup))
T.flush(0)

# a significant child that is restarted, and one whose restart fails over and over
sup = start.(:any_significant, [sig.(:l, :transient)], %{})
Kid.crash(:l, :boom)
T.out("restarted after a crash", state.(sup))
Kid.crash(:l, :normal)
T.out("  then", state.(sup))
T.flush(0)

# significant children under a supervisor that never shuts down, and permanent ones
for {label, auto, type} <- [{"never", :never, :transient}, {"any, permanent", :any_significant, :permanent}, {"all, permanent", :all_significant, :permanent}] do
  T.out("refused: #{label}", Sup.start_link({%{auto_shutdown: auto}, [sig.(:m, type)]}))
  T.flush(30)
end
sup = start.(:any_significant, [], %{})
T.out("start_child permanent significant", case(Supervisor.start_child(sup, sig.(:n, :permanent)), do: ({:error, e} -> {:error, e}; _ -> :started)))
T.out("start_child transient significant", elem(Supervisor.start_child(sup, sig.(:o, :transient)), 0))
Kid.crash(:o, :normal)
T.out("  ended", state.(sup))
T.flush(0)
T.out("auto_shutdown of another kind", Sup.start_link({%{auto_shutdown: :sometimes}, []}))
T.flush(30)

# nested: the end of the inner one is a quiet end of a child of the outer one
for type <- [:permanent, :transient, :temporary] do
  inner = %{id: :inner, type: :supervisor, restart: type, significant: type != :permanent, start: {Sup, :start_link, [{%{auto_shutdown: :any_significant}, [sig.(:"leaf_#{type}", :transient)]}]}}
  sup = start.(:any_significant, [Kid.spec(:"outer_#{type}"), inner], %{})
  Kid.crash(:"leaf_#{type}", :normal)
  T.out("nested, inner #{type}", case(state.(sup), do: ({:alive, l} -> {:alive, for({i, up} <- l, do: {(if i == :inner, do: :inner, else: :outer), up})}; e -> e)))
  T.out("  leaf starts", :ets.lookup_element(:kids, :"leaf_#{type}", 2))
  if Process.alive?(sup), do: Supervisor.stop(sup)
  T.flush(0)
end
