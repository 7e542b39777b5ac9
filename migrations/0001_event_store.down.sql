-- Takes the event store away again. A log that holds events is the truth and has no other copy here: it stays.
do $$
begin
    if exists (select from keyledger.events) then
        raise exception 'the log holds events, and this would destroy it'
            using hint = 'whoever means it drops the database';
    end if;
end
$$;

drop schema read_models cascade;
drop schema keyledger cascade;
revoke all on keyledger_migrations.applied from keyledger_service;
revoke all on schema keyledger_migrations from keyledger_service;
