-- Tree heads of others cost their readers next to nothing, and how many are added in a minute is counted without a lock
-- that whoever adds one could hold.
select pg_advisory_xact_lock(5426354651);

-- A keyed digest of the note, by whoever has the keyring; null: from before. Nobody here can tell whether it is right.
alter table keyledger.tree_heads add column tag bytea check (octet_length(tag) = 32);
-- Readers go from the newest back by pages, however many are at one position.
drop index keyledger.tree_heads_position;
create index tree_heads_position on keyledger.tree_heads (log_id, position, id);

-- The minute since 1970, times a million, and how many heads were added in it. A sequence takes no part in transactions:
-- what is open, or rolled back, counts, and keeps nobody waiting.
create sequence keyledger.tree_head_pace as bigint minvalue 0 start 0 no cycle;
revoke all on sequence keyledger.tree_head_pace from public;
grant select on sequence keyledger.tree_head_pace to keyledger_service;  -- a dump reads it

-- Of an event that this log has, and 120 in a minute, however many sessions add them: twice as many as a service makes
-- that signs one each second. Sessions that begin a minute at the same moment may add a few more.
drop function keyledger.store_tree_head(uuid, bigint, bytea, bytea, text);
create function keyledger.store_tree_head(for_log uuid, at_position bigint, at_leaf bytea, its_frontier bytea,
                                          its_note text, its_tag bytea) returns void
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    minute bigint := floor(extract(epoch from clock_timestamp()) / 60)::bigint;
    counted bigint;
begin
    if not exists (select from keyledger.log l where l.log_id = for_log) then
        raise exception 'store_tree_head: of another log' using errcode = '22023';
    end if;
    if not exists (select from keyledger.events e where e.position = at_position and e.leaf_hash = at_leaf) then
        raise exception 'store_tree_head: the log has no such event' using errcode = '22023';
    end if;
    if octet_length(its_note) > 1024 or octet_length(its_tag) <> 32 or octet_length(its_frontier) > 2048 then
        raise exception 'store_tree_head: it is too long for a tree head' using errcode = '22023';
    end if;
    select p.last_value into counted from keyledger.tree_head_pace p;
    if counted / 1000000 <> minute then
        counted := setval('keyledger.tree_head_pace', minute * 1000000);
    end if;
    if counted - minute * 1000000 >= 120 then
        raise exception 'store_tree_head: too many in a minute' using errcode = '53400';
    end if;
    perform nextval('keyledger.tree_head_pace');
    insert into keyledger.tree_heads (log_id, position, leaf_hash, frontier, note, tag)
    values (for_log, at_position, at_leaf, its_frontier, its_note, its_tag);
    -- Whoever has it locked says the same, or takes it back: then the next one says so.
    perform from keyledger.log l where l.first_head_at is null for update skip locked;
    if found then
        update keyledger.log set first_head_at = clock_timestamp() where first_head_at is null;
    end if;
end
$$;
revoke all on function keyledger.store_tree_head from public;
grant execute on function keyledger.store_tree_head to keyledger_service;
