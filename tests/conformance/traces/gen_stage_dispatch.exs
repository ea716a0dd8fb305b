# GenStage: the three dispatchers, back pressure through a producer_consumer, cancel modes x reasons.
# (needs the gen_stage package on the code path)
if d = System.get_env("GEN_STAGE_EBIN"), do: Code.prepend_path(d)
Code.require_file("support.exs", __DIR__)
T.init()
defmodule P do
  use GenStage
  def start(opts \\ []), do: (fn {:ok, p} -> T.name(p, :producer) end).(GenStage.start(__MODULE__, opts))
  def init(opts), do: {:producer, :quiet, opts}
  def handle_demand(d, s), do: (T.tell({:demand, d}); {:noreply, [], s})
  def handle_call({:emit, es}, _, s), do: {:reply, :ok, es, s}
  def handle_call({:stop, r}, _, s), do: {:stop, r, :ok, s}
end
defmodule D do
  use GenStage
  def start(opts \\ []), do: (fn {:ok, p} -> T.name(p, :doubler) end).(GenStage.start(__MODULE__, opts))
  def init(opts), do: {:producer_consumer, nil, opts}
  def handle_events(es, _, s), do: (T.tell({:doubler, es}); {:noreply, Enum.flat_map(es, &[&1, &1]), s})
  def handle_cancel(r, _, s), do: (T.tell({:doubler, :cancelled, r}); {:noreply, [], s})
end
defmodule C do
  use GenStage
  def start(name), do: (fn {:ok, p} -> T.name(p, name) end).(GenStage.start(__MODULE__, name))
  def init(name), do: {:consumer, name}
  def handle_subscribe(_, opts, from, name), do: (Process.put(:from, from); {opts[:mode] || :automatic, name})
  def handle_call({:ask, n}, _, name), do: (GenStage.ask(Process.get(:from), n); {:reply, :ok, [], name})
  def handle_events(es, _, name), do: (T.tell({name, es}); {:noreply, [], name})
  def handle_cancel(r, _, name), do: (T.tell({name, :cancelled, r}); {:noreply, [], name})
end
sub = fn c, p, o -> {:ok, r} = GenStage.sync_subscribe(c, [to: p] ++ o); r end
by = fn label ->
  case T.flush() do
    [] -> T.out(label, :nothing)
    ms -> ms |> Enum.group_by(&elem(&1, 0)) |> Enum.sort() |> Enum.each(fn {_, ms} -> Enum.each(ms, &T.out(label, &1)) end)
  end
end
bye = fn ps -> for p <- ps, do: T.kill(p); T.flush(30) end
emit = fn p, es -> GenStage.call(p, {:emit, es}) end

# demand: the largest open demand first; what nobody asked for waits
p = P.start()
[a, b] = for n <- [:a, :b], do: C.start(n)
sub.(a, p, max_demand: 3, mode: :manual)
sub.(b, p, max_demand: 5, mode: :manual)
GenStage.call(a, {:ask, 3})
GenStage.call(b, {:ask, 5})
by.("demand")
emit.(p, [1, 2])
by.("two for the neediest")
emit.(p, Enum.to_list(3..9))
by.("seven for six that are asked for")
T.out("buffered", GenStage.estimate_buffered_count(p))
GenStage.call(a, {:ask, 1})
by.("one more is asked for")
T.kill(b)
GenStage.call(a, {:ask, 4})
by.("demand of the dead is used first")
bye.([a, p])

# broadcast: the slowest sets the pace, selectors ask again for what they leave
p = P.start(dispatcher: GenStage.BroadcastDispatcher)
[a, b] = for n <- [:a, :b], do: C.start(n)
sub.(a, p, mode: :manual)
sub.(b, p, mode: :manual, selector: &(rem(&1, 2) == 0))
GenStage.call(a, {:ask, 4})
by.("one of two has asked")
GenStage.call(b, {:ask, 2})
by.("both have asked")
emit.(p, [1, 2, 4])
by.("two of three for both, then the third")
T.out("buffered", GenStage.estimate_buffered_count(p))
GenStage.call(a, {:ask, 1})
by.("a asks for one more")
GenStage.call(b, {:ask, 1})
by.("b does too")
T.kill(b)
by.("the slow one is gone")
sub.(a, p, mode: :manual)
by.("the same process again")
bye.([a, p])

# partition: each to its own, held for who is not there
hash = fn n -> if n == 0, do: :none, else: {n, if(rem(n, 2) == 0, do: :even, else: :odd)} end
p = P.start(dispatcher: {GenStage.PartitionDispatcher, partitions: [:even, :odd], hash: hash})
a = C.start(:a)
sub.(a, p, mode: :manual, partition: :even)
GenStage.call(a, {:ask, 5})
by.("even asks")
emit.(p, [0, 1, 2, 3, 4])
by.("odd ones are held")
b = C.start(:b)
sub.(b, p, mode: :manual, partition: :odd)
GenStage.call(b, {:ask, 1})
by.("odd asks for one")
GenStage.call(b, {:ask, 3})
by.("odd asks for three")
bye.([a, b, p])

# back pressure: the doubler takes no more than its consumer asks for
p = P.start()
d = D.start()
c = C.start(:c)
sub.(d, p, max_demand: 4, min_demand: 2, cancel: :temporary)
by.("the doubler asks at once")
emit.(p, [1, 2, 3, 4])
by.("nobody asks the doubler")
ref = sub.(c, d, max_demand: 2, min_demand: 0, mode: :manual)
GenStage.call(c, {:ask, 1})
by.("one is asked for")
GenStage.call(c, {:ask, 6})
by.("six more are asked for")
emit.(p, [5])
GenStage.call(p, {:stop, :normal})
by.("the producer is gone")
GenStage.call(c, {:ask, 2})
by.("what it sent comes before its end")
GenStage.cancel({d, ref}, :enough)
by.("cancelled")
bye.([c, d])

# cancel modes x reasons
for mode <- [:temporary, :transient, :permanent], reason <- [:normal, :shutdown, {:shutdown, :x}, :boom] do
  p = P.start()
  c = C.start(:c)
  m = Process.monitor(c)
  sub.(c, p, cancel: mode)
  T.flush(20)
  GenStage.call(p, {:stop, reason})
  seen = for m <- T.flush(), match?({:c, _, _}, m), do: elem(m, 2)
  T.out("#{mode}", {reason, seen, if(Process.alive?(c), do: :alive, else: T.down(c) && :ended)})
  Process.demonitor(m, [:flush])
  bye.([c])
end
