# Applications: the order of starts and stops, one that fails, needs that are not there any more.
Code.require_file("support.exs", __DIR__)
T.init()
defmodule A do
  use Application
  def start(_, env) do
    T.tell({:start, env})
    case env do
      {_, :fail} -> {:error, :no}
      {n, _} -> Supervisor.start_link([{Agent, fn -> n end}], strategy: :one_for_one) |> then(fn {:ok, p} -> {:ok, p, n} end)
    end
  end
  def prep_stop(n), do: (T.tell({:prep_stop, n}); n)
  def stop(n), do: T.tell({:stop, n})
end
load = fn name, deps, mode -> :application.load({:application, name, [{:applications, [:kernel, :stdlib, :elixir | deps]}, {:mod, {A, {name, mode}}}, {:env, [k: 1]}]}) end
load.(:base, [], :ok)
load.(:mid, [:base], :ok)
load.(:other, [:base], :ok)
load.(:top, [:mid, :other], :ok)
load.(:bad, [:mid], :fail)
T.out("all", Application.ensure_all_started(:top))
T.show_flush("said")
T.out("again", Application.ensure_all_started(:top))
T.out("stop a middle one", Application.stop(:mid))
T.show_flush("said")
T.out("bad", case(Application.ensure_all_started(:bad), do: ({:error, {n, {r, _}}} -> {:error, n, r}; x -> x)))
T.show_flush("said")
T.out("stop twice", {Application.stop(:base), Application.stop(:base)})
T.show_flush("said")
