-- Keys that nodes have in their keyrings, by their names alone: so that a node whose keyring is older knows a key that it
-- lacks from a name that somebody made up, and does not call good what others can open, or bad what they made.
--
-- Each node tells what it has and repeats it every hour. What nobody repeats counts for nothing after a day. Whoever has
-- the service's role can tell names that there are not: tokens under these are answered 503 instead of 401, and readiness
-- says which key it is. Of several ends of a key the earliest counts. The table is held to a thousand names, those told longest ago go first.
create table keyledger.told_keys (
    key_id      text collate "C" primary key check (octet_length(key_id) between 1 and 64),
    use_from_ms bigint not null,
    ends_at_ms  bigint,
    told_at     timestamptz not null default clock_timestamp()
);
grant select on keyledger.told_keys to keyledger_service;

create function keyledger.tell_keys(ids text[], used_from_ms bigint[], end_at_ms bigint[]) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if cardinality(ids) > 200 or cardinality(used_from_ms) <> cardinality(ids) or cardinality(end_at_ms) <> cardinality(ids) then
        raise exception 'at most 200 keys are told at once, each with its times' using errcode = '22023';
    end if;
    insert into keyledger.told_keys as t (key_id, use_from_ms, ends_at_ms)
    select distinct on (k.id) k.id, k.used_from, k.ends_at
      from unnest(ids, used_from_ms, end_at_ms) as k(id, used_from, ends_at) order by k.id
    on conflict (key_id) do update
        set use_from_ms = excluded.use_from_ms, ends_at_ms = least(t.ends_at_ms, excluded.ends_at_ms),
            told_at = excluded.told_at;
    delete from keyledger.told_keys where key_id in
        (select key_id from keyledger.told_keys order by told_at desc, key_id offset 1000);
end
$$;
revoke execute on function keyledger.tell_keys from public;
grant execute on function keyledger.tell_keys to keyledger_service;
