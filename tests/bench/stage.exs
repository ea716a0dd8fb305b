# GenStage's side of the measures of stage_rows.py: `elixir stage.exs NAME SCALE` prints one number.
# GEN_STAGE_EBIN names a folder with the compiled package gen_stage, which is no part of Elixir.
ebin = System.get_env("GEN_STAGE_EBIN") || (IO.puts(:stderr, "GEN_STAGE_EBIN is not set"); System.halt(1))
Code.prepend_path(ebin)

defmodule Numbers do
  use GenStage
  def init(_), do: {:producer, 0}
  def handle_demand(d, n), do: {:noreply, Enum.to_list(n..(n + d - 1)), n + d}
end

defmodule Doubler do
  use GenStage
  def init(to), do: {:producer_consumer, nil, subscribe_to: [to]}
  def handle_events(es, _, s), do: {:noreply, Enum.map(es, &(2 * &1)), s}
end

defmodule Counter do
  use GenStage
  def init(s), do: {:consumer, s}
  def handle_events(es, _, {boss, left}) do
    left = left - length(es)
    if left <= 0, do: (send(boss, :done); Process.sleep(:infinity))
    {:noreply, [], {boss, left}}
  end
end

:logger.set_primary_config(:level, :none)
["stages", scale] = System.argv()
run = fn count ->
  demand = [max_demand: 2000, min_demand: 1000]
  {:ok, p} = GenStage.start(Numbers, nil)
  {:ok, d} = GenStage.start(Doubler, {p, demand})
  {:ok, c} = GenStage.start(Counter, {self(), count})
  # What the virtual machine has worked, as `clocked` counts on our side.
  {before, _} = :erlang.statistics(:runtime)
  GenStage.sync_subscribe(c, [to: d] ++ demand)
  receive do: (:done -> :ok)
  {later, _} = :erlang.statistics(:runtime)
  took = (later - before) * 1000
  for pid <- [c, d, p], do: Process.exit(pid, :kill)
  took / count
end
run.(100_000)
IO.puts(run.(div(2_000_000 * String.to_integer(scale), 100)) * 1.0)
