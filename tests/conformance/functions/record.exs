# Writes names.tsv: every function that the modules of OTP and Elixir export which the rooms here follow.
# Run as `elixir record.exs > names.tsv`; the recording was made with Elixir 1.14 on OTP 25.
elixir = [Process, GenServer, Agent, Task, Task.Supervisor, Supervisor, DynamicSupervisor, PartitionSupervisor, Registry, Application]
erlang = [:proc_lib, :gen_server, :gen_statem, :gen_event, :pg, :sys]
for module <- elixir ++ erlang do
  {:module, _} = Code.ensure_loaded(module)
  names = for {name, _} <- module.module_info(:exports), name = to_string(name), not String.starts_with?(name, "_"), not String.starts_with?(name, "MACRO-"), name != "module_info", do: name
  for name <- Enum.sort(Enum.uniq(names)), do: IO.puts("#{inspect(module)}\t#{name}")
end
