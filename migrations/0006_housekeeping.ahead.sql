create index concurrently commands_kept_briefly on keyledger.commands (recorded_at) where kept_hours > 0;
create index concurrently commands_kept_long on keyledger.commands (recorded_at) where kept_hours = 0;
