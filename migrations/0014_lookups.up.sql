-- What a short name leads to for some minutes, on every node (eventstore/lookups.hpp): the code that a device shows (RFC
-- 8628) leads to what the device asked for.

-- Unlogged, as limits are: a crash or a failover empties it, and whoever typed such a code begins again. Names are keyed
-- digests and values are sealed, so that whoever reads the table learns no code and nothing of what is asked for.
create unlogged table keyledger.lookups (
    name       uuid primary key,
    value      text collate "C" not null check (octet_length(value) between 1 and 4096),
    expires_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
create index lookups_expires_at on keyledger.lookups (expires_at);

-- How many there are: whoever asks for one has proven nothing, and shall not have all of them counted. One row, which a
-- crash empties with the table; whoever keeps or forgets some holds it for that moment.
create unlogged table keyledger.lookups_held (
    one boolean primary key default true check (one),
    held integer not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

create function keyledger.count_lookups() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    more integer := 0;
begin
    if tg_op = 'TRUNCATE' then
        delete from keyledger.lookups_held;
        return null;
    end if;
    if tg_op = 'INSERT' then
        select count(*) into more from added;
    else
        select -count(*) into more from gone;
    end if;
    if more <> 0 then
        insert into keyledger.lookups_held as h (held) values (more)
        on conflict (one) do update set held = h.held + excluded.held;
    end if;
    return null;
end
$$;
create trigger lookups_come after insert on keyledger.lookups referencing new table as added
    for each statement execute function keyledger.count_lookups();
create trigger lookups_go after delete on keyledger.lookups referencing old table as gone
    for each statement execute function keyledger.count_lookups();
create trigger lookups_are_gone after truncate on keyledger.lookups
    for each statement execute function keyledger.count_lookups();

-- Keeps a value under a name, for an hour at most: 0 it is kept, 1 the name leads elsewhere yet, 2 there is no room. Who asks
-- for it has proven nothing, so that there is a bound to all of it together, beside what callers are limited to.
create function keyledger.keep_lookup(its_name uuid, its_value text, lasts_ms integer) returns integer
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if lasts_ms not between 1 and 3600000 then
        raise exception 'keep_lookup: for less than a millisecond, or for more than an hour' using errcode = '22023';
    end if;
    -- First, as all that keep or forget do: nobody waits for whoever waits for them. The time of the statement is one that
    -- an index can look for; clock_timestamp() would have every row compared.
    perform from keyledger.lookups_held for update;
    delete from keyledger.lookups
    where name = any(array(select l.name from keyledger.lookups l where l.expires_at <= statement_timestamp()
                           order by l.expires_at limit 4 for update skip locked));
    if exists (select from keyledger.lookups_held where held >= 50000) then
        return 2;
    end if;
    insert into keyledger.lookups as l (name, value, expires_at)
    values (its_name, its_value, clock_timestamp() + lasts_ms * interval '1 millisecond')
    on conflict (name) do update set value = excluded.value, expires_at = excluded.expires_at
    where l.expires_at <= clock_timestamp();
    if found then
        return 0;
    end if;
    return 1;
end
$$;

-- What it leads to; null: to nothing, or not any more.
create function keyledger.find_lookup(its_name uuid) returns text
language sql stable strict security definer
set search_path = pg_catalog, pg_temp
as $$
    select l.value from keyledger.lookups l where l.name = its_name and l.expires_at > clock_timestamp();
$$;

-- Forgets at most so many that have expired; returns how many. What others hold is left for later.
create function keyledger.prune_lookups(at_most integer) returns integer
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten integer;
begin
    perform from keyledger.lookups_held for update;
    delete from keyledger.lookups
    where name = any(array(select l.name from keyledger.lookups l where l.expires_at <= statement_timestamp()
                           order by l.expires_at limit at_most for update skip locked));
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

revoke all on keyledger.lookups, keyledger.lookups_held from public;
revoke all on function keyledger.keep_lookup, keyledger.find_lookup, keyledger.prune_lookups, keyledger.count_lookups
from public;
grant execute on function keyledger.keep_lookup, keyledger.find_lookup, keyledger.prune_lookups to keyledger_service;
