# gen_statem: which event ends which timeout, timeouts of no time, replaced, cancelled and updated ones.
Code.require_file("support.exs", __DIR__)
T.init()
Process.flag(:trap_exit, true)
defmodule M do
  @behaviour :gen_statem
  def start(init, mode \\ [:handle_event_function]) do
    :persistent_term.put(:statem_mode, mode)
    {:ok, p} = :gen_statem.start_link(__MODULE__, init, [])
    T.name(p, :m)
  end
  def init(i), do: i
  def callback_mode, do: :persistent_term.get(:statem_mode)
  def handle_event({:call, f}, :state, s, _), do: {:keep_state_and_data, {:reply, f, s}}
  def handle_event(:enter, old, s, _), do: (T.tell({:enter, old, s}); if(s == :timed, do: {:keep_state_and_data, {:state_timeout, 30, :on_enter}}, else: :keep_state_and_data))
  def handle_event(type, {:do, label, answer}, s, _), do: (T.tell({s, type, label}); answer)
  def handle_event(type, content, s, _), do: (T.tell({s, type, content}); :keep_state_and_data)
end
do_ = fn m, label, answer -> :gen_statem.cast(m, {:do, label, answer}) end
keep = fn actions -> {:keep_state_and_data, actions} end
to = fn s, actions -> {:next_state, s, :d, actions} end
begin = fn -> M.start({:ok, :a, :d}) end
fin = fn m -> (:gen_statem.stop(m); T.flush(10)) end

for {kind, t} <- [event: {:timeout, 40, :e}, state: {:state_timeout, 40, :s}, named: {{:timeout, :n}, 40, :n}] do
  for {label, f} <- [
        nothing: fn _ -> :ok end,
        cast: fn m -> do_.(m, :noise, :keep_state_and_data) end,
        info: fn m -> send(m, :noise) end,
        call: fn m -> :gen_statem.call(m, :state) end,
        same_state: fn m -> do_.(m, :same, to.(:a, [])) end,
        repeat: fn m -> do_.(m, :repeat, :repeat_state_and_data) end,
        change: fn m -> do_.(m, :change, to.(:b, [])) end,
        away_and_back: fn m -> (do_.(m, :away, to.(:b, [])); do_.(m, :back, to.(:a, []))) end,
        system: fn m -> :sys.get_state(m) end,
        cancel: fn m -> do_.(m, :cancel, keep.([{elem(t, 0), :cancel}])) end,
        infinity: fn m -> do_.(m, :infinity, keep.([{elem(t, 0), :infinity, :x}])) end,
        update: fn m -> do_.(m, :update, keep.([{elem(t, 0), :update, :new}])) end,
        replace: fn m -> do_.(m, :replace, keep.([{elem(t, 0), 60, :later}])) end
      ] do
    m = begin.()
    do_.(m, :set, keep.([t]))
    T.settle(10)
    f.(m)
    T.out("#{kind}, #{label}", T.flush(100))
    fin.(m)
  end
end

# of no time
m = begin.()
for {label, actions} <- [
      event0: [{:timeout, 0, :e}],
      state0: [{:state_timeout, 0, :s}],
      named0: [{{:timeout, :n}, 0, :n}],
      all: [{:timeout, 0, :e}, {:state_timeout, 0, :s}, {{:timeout, :n}, 0, :n}],
      all_turned: [{{:timeout, :n}, 0, :n}, {:state_timeout, 0, :s}, {:timeout, 0, :e}],
      after_next_event: [{:timeout, 0, :e}, {:next_event, :internal, :i}],
      after_next_event_state: [{:state_timeout, 0, :s}, {:next_event, :internal, :i}],
      twice: [{:state_timeout, 0, :first}, {:state_timeout, 0, :second}],
      zero_then_cancel: [{:state_timeout, 0, :s}, {:state_timeout, :cancel}],
      zero_then_update: [{:state_timeout, 0, :s}, {:state_timeout, :update, :u}],
      update_of_none: [{:state_timeout, :update, :u}],
      cancel_of_none: [{{:timeout, :none}, :cancel}],
      bare_number: [0]
    ] do
  do_.(m, label, keep.(actions))
  T.out("no time, #{label}", T.flush(30))
end
# with mail that waits
send(m, {:do, :first, keep.([{:timeout, 0, :e}, {:state_timeout, 0, :s}])})
send(m, :second)
T.out("no time, with mail", T.flush(30))
fin.(m)

# a change of state and a state timeout in one answer; with enter
m = begin.()
do_.(m, :set, keep.([{:state_timeout, 30, :old}]))
do_.(m, :go, to.(:b, [{:state_timeout, 20, :new}]))
T.out("set with the change", T.flush(80))
do_.(m, :set, keep.([{:state_timeout, 30, :old}]))
do_.(m, :same, to.(:b, []))
T.out("next state that is the same", T.flush(80))
fin.(m)
m = M.start({:ok, :a, :d}, [:handle_event_function, :state_enter])
do_.(m, :go, to.(:timed, [{:state_timeout, 10, :from_event}]))
T.out("set on entering wins", T.flush(80))
do_.(m, :repeat, :repeat_state_and_data)
T.out("set again by repeat", T.flush(80))
fin.(m)

# postponed events and timeouts
m = begin.()
do_.(m, :later, {:keep_state_and_data, [:postpone, {:state_timeout, 20, :s}]})
T.out("postponed once", T.flush(60))
do_.(m, :go, to.(:b, [{:timeout, 30, :e}]))
T.out("a postponed event ends the event timeout", T.flush(80))
fin.(m)

# many names; absolute; from init
m = M.start({:ok, :a, :d, [{{:timeout, :x}, 20, 1}, {{:timeout, :y}, 40, 2}, {:state_timeout, 60, 3}]})
T.out("from init", T.flush(120))
do_.(m, :set, keep.([{{:timeout, :y}, 20, :y}, {{:timeout, :x}, 40, :x}, {{:timeout, :z}, 30, :z}]))
do_.(m, :cancel, keep.([{{:timeout, :z}, :cancel}]))
T.out("by time", T.flush(80))
do_.(m, :abs, keep.([{:state_timeout, :erlang.monotonic_time(:millisecond) + 20, :abs, [{:abs, true}]}]))
T.out("absolute", T.flush(60))
do_.(m, :past, keep.([{:state_timeout, :erlang.monotonic_time(:millisecond) - 1000, :past, [{:abs, true}]}]))
T.out("in the past", T.flush(60))
# it has fired into the mailbox and is cancelled there
send(m, {:do, :busy, keep.([{:state_timeout, 10, :fired}])})
T.settle(5)
:sys.suspend(m)
T.settle(30)
send(m, {:do, :cancel, keep.([{:state_timeout, :cancel}])})
:sys.resume(m)
T.out("fired while suspended, before the cancel", T.flush(60))
