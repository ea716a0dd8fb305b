# Writes names.tsv: every function that the modules of OTP and Elixir export which the rooms here follow.
# Run as `elixir -pa GEN_STAGE_EBIN record.exs > names.tsv`; recorded with Elixir 1.14 on OTP 25 and GenStage 1.3.
elixir = [Process, GenServer, Agent, Task, Task.Supervisor, Supervisor, DynamicSupervisor, PartitionSupervisor, Registry, Application, GenStage, ConsumerSupervisor]
erlang = [:proc_lib, :gen_server, :gen_statem, :gen_event, :pg, :supervisor, :sys]
# Of Kernel those that are about processes; it has all of the language beside them.
of_kernel = ["exit", "make_ref", "node", "self", "send", "spawn", "spawn_link", "spawn_monitor"]
for module <- [Kernel] ++ elixir ++ erlang do
  {:module, _} = Code.ensure_loaded(module)
  names = for {name, _} <- module.module_info(:exports), name = to_string(name), not String.starts_with?(name, "_"), not String.starts_with?(name, "MACRO-"), name != "module_info", module != Kernel or name in of_kernel, do: name
  for name <- Enum.sort(Enum.uniq(names)), do: IO.puts("#{inspect(module)}\t#{name}")
end
