-- Housekeeping finds what is old without reading all that is not.

-- Each id stands in one of the two, at its right end, so that an append pays for one entry. Those that are forgotten within
-- hours never lie among those that are kept for days.
create index commands_kept_briefly on keyledger.commands (recorded_at) where kept_hours > 0;
create index commands_kept_long on keyledger.commands (recorded_at) where kept_hours = 0;

-- Forgets at most that many command ids whose time is over; returns how many. Those without a time of their own go when
-- they were appended before the given one. Ids of the last hour stay: they answer for outcomes that nobody knows yet.
create or replace function keyledger.prune_commands(before_time timestamptz, at_most integer) returns integer
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        delete from keyledger.commands
        where ctid = any(array(
            (select ctid from keyledger.commands
             where kept_hours > 0 and recorded_at < now() - interval '1 hour'
               and recorded_at < now() - make_interval(hours => kept_hours)
             order by recorded_at limit at_most)
            union all
            (select ctid from keyledger.commands
             where kept_hours = 0 and recorded_at < least(before_time, now() - interval '1 hour')
             order by recorded_at limit at_most)
            limit at_most))
        returning 1)
    select count(*)::integer from gone;
$$;
