# The BEAM's side of the measures: elixir beam.exs NAME SCALE prints one number.
defmodule Counter do
  use GenServer
  def start_link(n, opts \\ []), do: GenServer.start_link(__MODULE__, n, opts)
  def init(n), do: {:ok, n}
  def handle_call(:value, _from, n), do: {:reply, n, n}
  def handle_cast({:add, by}, n), do: {:noreply, n + by}
end

defmodule Hop do
  use GenServer
  def init(following), do: {:ok, following}
  def handle_cast({0, done}, s), do: (send(done, :done); {:noreply, s})
  def handle_cast({left, done}, s), do: (GenServer.cast(s, {left - 1, done}); {:noreply, s})
end

defmodule Bench do
  def clocked(count, fun) do
    :erlang.garbage_collect()
    # What the virtual machine has worked, in milliseconds.
    {before, _} = :erlang.statistics(:runtime)
    fun.()
    {later, _} = :erlang.statistics(:runtime)
    (later - before) / count * 1000
  end

  def repeat(0, _), do: :ok
  def repeat(n, fun), do: (fun.(); repeat(n - 1, fun))

  def run("call", scale) do
    {:ok, s} = GenServer.start(Counter, 0)
    n = div(100_000 * scale, 100)
    clocked(n, fn -> repeat(n, fn -> GenServer.call(s, :value) end) end)
  end

  def run("cast", scale) do
    {:ok, s} = GenServer.start(Counter, 0)
    n = div(200_000 * scale, 100)
    clocked(n, fn -> repeat(n, fn -> GenServer.cast(s, {:add, 1}) end); GenServer.call(s, :value, :infinity) end)
  end

  def run("start_stop", scale) do
    n = div(20_000 * scale, 100)
    clocked(n, fn -> repeat(n, fn -> {:ok, s} = GenServer.start(Counter, 0); GenServer.stop(s) end) end)
  end

  def run("spawn", scale) do
    n = div(50_000 * scale, 100)
    clocked(n, fn -> repeat(n, fn -> {_, r} = spawn_monitor(fn -> 0 end); receive do: ({:DOWN, ^r, _, _, _} -> :ok) end) end)
  end

  def run("ring", scale) do
    last = Enum.reduce(1..1000, nil, fn _, next -> {:ok, p} = GenServer.start(Hop, next); p end)
    n = div(200_000 * scale, 100)
    laps = div(n, 1000)
    clocked(n, fn -> repeat(laps, fn -> GenServer.cast(last, {999, self()}); receive do: (:done -> :ok) end) end)
  end

  def run("ring_receive", scale) do
    last = Enum.reduce(1..1000, self(), fn _, next -> spawn(fn -> hop(next) end) end)
    laps = max(1, div(200 * scale, 100))
    clocked(laps * 1000, fn -> repeat(laps, fn -> send(last, :lap); receive do: (_ -> :ok) end) end)
  end

  def run("fan_in", scale) do
    {:ok, s} = GenServer.start(Counter, 0)
    n = div(1000 * scale, 100)
    me = self()
    clocked(100 * n, fn ->
      repeat(100, fn -> spawn(fn -> repeat(n, fn -> GenServer.call(s, :value) end); send(me, :done) end) end)
      repeat(100, fn -> receive do: (:done -> :ok) end)
    end)
  end

  # What the operating system sees, like on the other side.
  def run("memory", scale) do
    n = div(100_000 * scale, 100)
    :erlang.garbage_collect()
    before = resident()
    ps = for i <- 1..n, do: (fn -> {:ok, p} = GenServer.start(Counter, i); p end).()
    size = (resident() - before) / n
    GenServer.call(List.last(ps), :value)
    size
  end

  def run("restart", scale) do
    spec = %{id: :c, start: {Counter, :start_link, [0, [name: :restarted]]}}
    {:ok, _} = Supervisor.start_link([spec], strategy: :one_for_one, max_restarts: 1_000_000)
    # Enough for a clock of milliseconds. Most is the supervisor's list of past restarts, which it goes through.
    n = max(10, min(1000, 100 * scale))
    clocked(n, fn -> restarted(:restarted, n) end)
  end

  # Fifty restarts in the window of each of many supervisors, one after the other.
  def run("restart_few", scale) do
    n = 4 * scale
    names = for i <- 0..n, do: String.to_atom("restarted #{i}")
    tops = for name <- names do
      spec = %{id: :c, start: {Counter, :start_link, [0, [name: name]]}}
      {:ok, top} = Supervisor.start_link([spec], strategy: :one_for_one, max_restarts: 1_000)
      top
    end
    restarted(hd(names), 50)
    took = clocked(50 * n, fn -> for name <- tl(names), do: restarted(name, 50) end)
    for top <- tops, do: Supervisor.stop(top)
    took
  end

  def run("storm", scale) do
    n = div(10_000 * scale, 100)
    specs = for i <- 1..n, do: %{id: i, start: {Counter, :start_link, [i]}}
    {:ok, top} = Supervisor.start_link(specs, strategy: :one_for_one, max_restarts: 10_000_000)
    clocked(n, fn ->
      for {_, p, _, _} <- Supervisor.which_children(top), do: Process.exit(p, :kill)
      wait_all(top, n)
    end)
  end

  def run("task", scale) do
    n = div(20_000 * scale, 100)
    clocked(n, fn -> repeat(n, fn -> Task.await(Task.async(fn -> 0 end)) end) end)
  end

  def run("registry", scale) do
    {:ok, top} = Registry.start_link(keys: :unique, name: Names)
    via = {:via, Registry, {Names, "counter"}}
    {:ok, s} = GenServer.start(Counter, 0, name: via)
    n = div(100_000 * scale, 100)
    took = clocked(n, fn -> repeat(n, fn -> GenServer.cast(via, {:add, 1}) end); GenServer.call(s, :value, :infinity) end)
    GenServer.stop(s)
    Supervisor.stop(top)
    took
  end

  # A first run loads the code; what is started once only has the name of its server in the way.
  def warm(name, scale) when name not in ["memory", "restart"], do: run(name, max(div(scale, 10), 1))
  def warm(_, _), do: :ok

  def hop(next), do: (receive do: (m -> send(next, m))) && hop(next)

  def restarted(name, times) do
    repeat(times, fn ->
      pid = Process.whereis(name)
      Process.exit(pid, :kill)
      again(name, pid)
    end)
  end

  def again(name, old) do
    case Process.whereis(name) do
      p when is_pid(p) and p != old -> GenServer.call(p, :value)
      _ -> (:erlang.yield(); again(name, old))
    end
  end

  def wait_all(top, n) do
    if Supervisor.count_children(top).active < n, do: (:erlang.yield(); wait_all(top, n))
  end

  def resident do
    [_, pages | _] = String.split(File.read!("/proc/self/statm"))
    String.to_integer(pages) * 4096
  end
end

:logger.set_primary_config(:level, :none)
[name, scale] = System.argv()
scale = String.to_integer(scale)
Bench.warm(name, scale)
IO.puts(Bench.run(name, scale) * 1.0)
