-- Heads lose their tags; what they say stays.
select pg_advisory_xact_lock(5426354651);

drop function keyledger.store_tree_head(uuid, bigint, bytea, bytea, text, bytea);
drop sequence keyledger.tree_head_pace;
drop index keyledger.tree_heads_position;
create index tree_heads_position on keyledger.tree_heads (log_id, position);
alter table keyledger.tree_heads drop column tag;

create function keyledger.store_tree_head(for_log uuid, at_position bigint, at_leaf bytea, its_frontier bytea,
                                          its_note text) returns void
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from keyledger.log l where l.log_id = for_log) then
        raise exception 'store_tree_head: of another log' using errcode = '22023';
    end if;
    if not exists (select from keyledger.events e where e.position = at_position and e.leaf_hash = at_leaf) then
        raise exception 'store_tree_head: the log has no such event' using errcode = '22023';
    end if;
    lock table keyledger.tree_heads in share row exclusive mode;  -- what is not committed yet counts too
    if exists (select from (select h.stored_at from keyledger.tree_heads h order by h.id desc offset 59 limit 1) as h
               where h.stored_at > clock_timestamp() - interval '1 minute') then
        raise exception 'store_tree_head: too many in a minute' using errcode = '53400';
    end if;
    insert into keyledger.tree_heads (log_id, position, leaf_hash, frontier, note)
    values (for_log, at_position, at_leaf, its_frontier, its_note);
    update keyledger.log set first_head_at = clock_timestamp() where first_head_at is null;
end
$$;
revoke all on function keyledger.store_tree_head from public;
grant execute on function keyledger.store_tree_head to keyledger_service;
