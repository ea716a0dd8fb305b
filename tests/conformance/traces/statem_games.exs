# gen_statem: postponed events over enter calls, timeouts replaced, updated and cancelled, inserted events, stops.
Code.require_file("support.exs", __DIR__)
T.init()
defmodule M do
  @behaviour :gen_statem
  def callback_mode, do: [:handle_event_function, :state_enter]
  def init({s, d, a}), do: {:ok, s, d, a}
  def init(other), do: other
  def handle_event(:enter, old, :refuses, d), do: (T.tell({:enter, old, :refuses}); {:next_state, :other, d})
  def handle_event(:enter, old, s, d) do
    T.tell({:enter, old, s})
    case d do
      %{^s => actions} -> {:keep_state, Map.delete(d, s), actions}
      _ -> :keep_state_and_data
    end
  end
  def handle_event({:call, from}, {:do, r}, _, _) when is_tuple(r) or is_atom(r), do: (:gen_statem.reply(from, :done); r)
  def handle_event({:call, from}, :state, s, _), do: {:keep_state_and_data, {:reply, from, s}}
  def handle_event({:call, from}, f, s, d) when is_function(f), do: f.(from, s, d)
  def handle_event(:cast, {:do, r}, _, _), do: r
  def handle_event(:cast, {:later, s, e}, s, _), do: (T.tell({:took, e, s}); :keep_state_and_data)
  def handle_event(:cast, {:later, _, _}, _, _), do: {:keep_state_and_data, :postpone}
  def handle_event(t, e, s, _), do: (T.tell({t, e, s}); :keep_state_and_data)
  def terminate(r, s, _), do: T.tell({:terminate, r, s})
end
Process.flag(:trap_exit, true)
start = fn arg -> :gen_statem.start(M, arg, []) end
d = fn m, r -> :gen_statem.call(m, {:do, r}) end

{:ok, m} = start.({:a, %{}, [{:next_event, :internal, :first}, {:state_timeout, 0, :zero}, {:timeout, 0, :event}]})
T.show_flush("start", 10)
# postponed: over the same state, a repeated one, then a change; oldest first, before newer mail
for e <- [1, 2, 3], do: :gen_statem.cast(m, {:later, :b, e})
d.(m, {:keep_state, %{}})
T.show_flush("kept", 5)
d.(m, {:repeat_state, %{}})
T.show_flush("repeated", 5)
d.(m, {:next_state, :a, %{}})
T.show_flush("same state", 5)
:sys.suspend(m)
:gen_statem.cast(m, {:do, {:next_state, :b, %{}, [{:next_event, :internal, :inserted}, {:next_event, :cast, {:later, :b, 0}}]}})
:gen_statem.cast(m, {:later, :b, 4})
:sys.resume(m)
T.show_flush("changed", 10)
# enter calls that set timeouts; a state that is left takes them along, a named one stays
d.(m, {:next_state, :c, %{d: [{:state_timeout, 20, :of_d}, {{:timeout, :n}, 30, :named}]}})
d.(m, {:next_state, :d, %{d: [{:state_timeout, 20, :of_d}, {{:timeout, :n}, 30, :named}]}})
T.settle(10)
d.(m, {:next_state, :e, %{}})
T.show_flush("left before the state timeout", 40)
# replaced, cancelled, updated
d.(m, {:keep_state, %{}, [{:state_timeout, 20, 1}]})
d.(m, {:keep_state, %{}, [{:state_timeout, 30, 2}]})
T.show_flush("replaced", 50)
d.(m, {:keep_state, %{}, [{:state_timeout, 20, 1}]})
d.(m, {:keep_state, %{}, [{:state_timeout, :cancel}]})
T.show_flush("cancelled", 30)
d.(m, {:keep_state, %{}, [{:state_timeout, 20, 1}, {{:timeout, :x}, 10, :x}]})
d.(m, {:keep_state, %{}, [{:state_timeout, :update, :new}, {{:timeout, :x}, :infinity, :never}]})
T.show_flush("updated", 30)
d.(m, {:keep_state, %{}, [{:state_timeout, :update, :none_runs}]})
T.show_flush("updated without any", 5)
d.(m, {:keep_state, %{}, [{:state_timeout, 10, 1}]})
d.(m, {:repeat_state, %{}})
T.show_flush("repeat_state keeps the state timeout", 20)
d.(m, {:keep_state, %{}, [{:state_timeout, 10, 1}]})
d.(m, {:next_state, :e, %{}})
T.show_flush("next_state to the same keeps it", 20)
# event timeouts: any event ends them; zero is lost when something is queued; a number
d.(m, {:keep_state, %{}, [{:timeout, 20, :idle}]})
send(m, :info)
T.show_flush("event timeout ended", 30)
d.(m, {:keep_state, %{}, 10})
T.show_flush("a number", 20)
d.(m, {:keep_state, %{}, [{:timeout, 0, :zero}, {:next_event, :internal, :queued}]})
T.show_flush("zero and queued", 10)
d.(m, {:keep_state, %{}, [{{:timeout, :b}, 0, :b}, {:state_timeout, 0, :s}, {{:timeout, :a}, 0, :a}, {:next_event, :internal, :i}]})
T.show_flush("zeros in order", 10)
d.(m, {:keep_state, %{}, [{:timeout, 20, :idle}]})
:sys.get_state(m)
T.show_flush("a look does not end it", 30)
# the change of a timer by a postponed call, replies
me = self()
spawn(fn -> send(me, {:answer, :gen_statem.call(m, fn from, :f, _ -> {:keep_state_and_data, {:reply, from, :in_f}}; _, _, _ -> {:keep_state_and_data, :postpone} end)}) end)
T.show_flush("a call postponed", 10)
d.(m, {:next_state, :f, %{}})
T.show_flush("  then", 10)
T.out("call too late", T.try(fn -> :gen_statem.call(m, fn _, _, _ -> :keep_state_and_data end, 10) end) |> then(fn {:exit, {r, {m, f, _}}} -> {r, m, f} end))
T.out("two replies", :gen_statem.call(m, fn from, _, _ -> {:keep_state_and_data, [{:reply, from, 1}]} end))
T.out("stop_and_reply", :gen_statem.call(m, fn from, _, d -> {:stop_and_reply, :normal, {:reply, from, :bye}, d} end))
T.show_flush("  said", 5)
# bad ones
for {label, r} <- [value: :bad, action: {:keep_state, %{}, [:bad]}, timeout: {:keep_state, %{}, [{:state_timeout, -1, 1}]}, stop: {:stop, :why}, stop_shutdown: {:stop, {:shutdown, 1}, %{}}, just_stop: :stop] do
  {:ok, m} = start.({:a, %{}, []})
  ref = Process.monitor(m)
  :gen_statem.cast(m, {:do, r})
  clean = fn {r, l} when is_list(l) -> r; r -> r end
  for x <- T.flush(10) do
    case x do
      {:terminate, r, s} -> T.out("#{label}: terminate", {clean.(r), s})
      {:DOWN, ^ref, _, _, r} -> T.out("#{label}: down", clean.(r))
      x -> T.out("#{label}", x)
    end
  end
end
for {label, i} <- [ignore: :ignore, stop: {:stop, :no}, junk: :junk] do
  T.out("init #{label}", start.(i))
end
