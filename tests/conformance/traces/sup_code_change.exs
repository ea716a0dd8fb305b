# Code change of a supervisor: init is asked again; flags and specifications are new, processes stay.
Code.require_file("support.exs", __DIR__)
Code.require_file("kid.exs", __DIR__)
T.init()
Kid.init_table()
Process.flag(:trap_exit, true)
defmodule C do
  use Supervisor
  def start_link(value), do: (set(value); Supervisor.start_link(__MODULE__, nil))
  def set(value), do: :persistent_term.put(:says, value)
  def init(_), do: :persistent_term.get(:says)
end
says = fn specs, flags -> {:ok, {Map.merge(%{strategy: :one_for_one, intensity: 3, period: 5, auto_shutdown: :never}, Map.new(flags)), specs}} end
change = fn s, value ->
  C.set(value)
  :sys.suspend(s)
  res = :sys.change_code(s, :supervisor, nil, nil)
  :sys.resume(s)
  case res do {:error, {w, _}} when is_atom(w) -> {:error, w}; {:error, {:error, _}} -> {:error, :error}; o -> o end
end
ids = fn s -> for {id, p, type, _} <- Supervisor.which_children(s), do: {id, p, type} end
start = fn value -> {:ok, s} = C.start_link(value); T.name(s, :sup); T.flush(0); s end
stop = fn s -> Supervisor.stop(s); T.flush(10) end

# specifications: changed, new, removed, in another order
s = start.(says.([Kid.spec(:a), Kid.spec(:b), Kid.spec(:c)], []))
T.out("before", ids.(s))
T.out("change", change.(s, says.([Kid.spec(:c), Kid.spec(:new), Kid.spec(:a, [], restart: :transient)], [])))
T.out("after", ids.(s))
T.out("nobody was started or stopped", T.flush(20))
T.out("counts", Supervisor.count_children(s))
Kid.crash(:a, :normal)
T.show_flush("a is transient now", 20)
Kid.crash(:b, :boom)
T.show_flush("b, which was removed", 20)
T.out("the new one is started by hand", elem(Supervisor.restart_child(s, :new), 0))
T.flush(10)
Supervisor.stop(s)
T.show_flush("stopped in the new order", 20)

# flags: strategy, intensity
s = start.(says.([Kid.spec(:d), Kid.spec(:e)], []))
T.out("strategy", change.(s, says.([Kid.spec(:d), Kid.spec(:e)], strategy: :one_for_all)))
Kid.crash(:d, :boom)
T.show_flush("one_for_all", 30)
T.out("intensity", change.(s, says.([Kid.spec(:d), Kid.spec(:e)], intensity: 0)))
Kid.crash(:d, :boom)
T.show_flush("no restart is left", 30)
T.out("alive", Process.alive?(s))

# refused: everything stays as it was
s = start.(says.([Kid.spec(:f)], []))
T.out("a wrong flag", change.(s, says.([Kid.spec(:f)], intensity: -1)))
T.out("a wrong specification", change.(s, says.([%{id: :g}], [])))
T.out("ignore", change.(s, :ignore))
T.out("still there", ids.(s))
Kid.crash(:f, :boom)
T.show_flush("restarts as before", 30)
stop.(s)

# auto_shutdown and significant children
kid = fn name, significant -> Kid.spec(name, [], restart: :transient, significant: significant) end
for {label, from, to} <- [never_any: {:never, false, :any_significant, true}, any_never: {:any_significant, true, :never, false}, never_all: {:never, false, :all_significant, true}, all_any: {:all_significant, true, :any_significant, true}, any_all: {:any_significant, true, :all_significant, true}] |> Enum.map(fn {l, {a, b, c, d}} -> {l, {a, b}, {c, d}} end) do
  {auto, significant} = from
  s = start.(says.([kid.(:h, significant), kid.(:i, significant)], auto_shutdown: auto))
  {auto, significant} = to
  T.out("#{label}", change.(s, says.([kid.(:h, significant), kid.(:i, significant)], auto_shutdown: auto)))
  Kid.crash(:h, :normal)
  T.show_flush("  the first ends", 30)
  T.out("  alive", Process.alive?(s))
  if Process.alive?(s) do
    Kid.crash(:i, :normal)
    T.show_flush("  the second ends", 30)
    T.out("  alive", Process.alive?(s))
  end
  if Process.alive?(s), do: stop.(s)
end
