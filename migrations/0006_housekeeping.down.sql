drop index keyledger.commands_kept_briefly;
drop index keyledger.commands_kept_long;
create or replace function keyledger.prune_commands(before_time timestamptz, at_most integer) returns integer
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        delete from keyledger.commands
        where ctid = any(array(select ctid from keyledger.commands
                               where recorded_at < least(before_time, now() - interval '1 hour')
                                  or (kept_hours > 0 and recorded_at < now() - make_interval(hours => kept_hours))
                               limit at_most))
        returning 1)
    select count(*)::integer from gone;
$$;
