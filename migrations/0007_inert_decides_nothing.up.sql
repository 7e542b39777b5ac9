-- What the service's role may call decides less: a record that is not believed takes a position and a version and nothing
-- else, tree heads can be added and not taken away, and every function that runs with the owner's rights says how far its
-- parameters go.
select pg_advisory_xact_lock(5426354651);

-- The functions stay as their migrations wrote them, but for these passages.
--
-- append: who appended a stream's first record is known to whoever checks its MAC, not here. So its type binds nobody
-- (commands/folder.cpp looks at the first event that is believed). There is one tenant: a record of another one would
-- keep the stream's id from being written for ever.
-- take_limits: a bucket that is full after 30 days at most, or rows stay for ever; a null is no request's number, and
-- comparing with it would never end.
-- prune_commands: an outcome is remembered for a day at least, whoever asks.
do $$
declare
    edit record;
    body text;
begin
    for edit in
        select * from (values
            ('keyledger.append'::regproc, $was$
    if exists (select from generate_series(1, cardinality(stream_ids)) as i
               where stream_firsts[i] is not null and found_types[i] <> stream_types[i]) then
        raise exception 'a stream is of another type than its new events' using errcode = 'KL002';
    end if;
$was$, ''),
            ('keyledger.append'::regproc, $was$
    -- I3: what is answered is durable,$was$, $new$
    if for_tenant <> 'default' then
        raise exception 'there is no tenant %', left(for_tenant, 64) using errcode = 'KL002';
    end if;
    -- I3: what is answered is durable,$new$),
            ('keyledger.take_limits'::regproc, $was$
    if entries > 20000 or$was$, $new$
    if entries > 20000 or cardinality(buckets) > entries or array_position(requests, null) is not null or$new$),
            ('keyledger.take_limits'::regproc, $was$
            if intervals[i] < 1 or tolerances[i] < intervals[i] then
                raise exception 'take_limits: a bucket that holds no attempt' using errcode = '22023';
            end if;
$was$, $new$
            if intervals[i] < 1 or tolerances[i] < intervals[i] or tolerances[i] > 2592000000000 then
                raise exception 'take_limits: a bucket that holds no attempt, or more than 30 days'
                    using errcode = '22023';
            end if;
$new$),
            ('keyledger.prune_commands'::regproc, $was$least(before_time, now() - interval '1 hour')$was$,
                $new$least(before_time, now() - interval '24 hours')$new$)
        ) as edits(of_function, was, becomes)
    loop
        body := pg_get_functiondef(edit.of_function);
        if strpos(body, edit.was) = 0 then
            raise exception 'the function % is not the one that this migration changes', edit.of_function;
        end if;
        execute replace(body, edit.was, edit.becomes);
    end loop;
end
$$;
delete from keyledger.limits where full_at_us > ((extract(epoch from clock_timestamp()) + 2592000) * 1000000)::bigint;

-- Looked at for new rows alone: what whoever reads them has to bear.
alter table keyledger.commands
    add constraint commands_sizes check (octet_length(command_id) = 32 and octet_length(fingerprint) = 32
                                         and kept_hours between 0 and 168) not valid;
alter table keyledger.claims
    add constraint claims_sizes check (octet_length(kind) <= 64 and octet_length(key_id) <= 64
                                       and octet_length(digest) <= 64) not valid;
alter table keyledger.credentials
    add constraint credentials_sizes check (octet_length(kind) <= 64 and octet_length(sealed) <= 16384) not valid;
alter table keyledger.subject_keys
    add constraint subject_keys_sizes check (octet_length(wrapped_key) <= 1024
                                             and octet_length(key_encryption_key_id) <= 64) not valid;

-- Signed tree heads, and what it takes to go on behind each. What a head covers and can't be believed was changed, so
-- whoever could take heads away could change what they cover: they are added by `store_tree_head` and go by
-- `prune_tree_heads`. Whoever reads takes the newest whose signature is right; nobody here can tell.
create table keyledger.tree_heads (
    id        bigint generated always as identity primary key,
    log_id    uuid not null,
    position  bigint not null check (position > 0),
    leaf_hash bytea not null check (octet_length(leaf_hash) = 32),
    frontier  bytea not null check (octet_length(frontier) <= 2048),
    note      text collate "C" not null check (octet_length(note) between 1 and 4096),
    stored_at timestamptz not null default clock_timestamp()
);
create index tree_heads_position on keyledger.tree_heads (log_id, position);
grant select on keyledger.tree_heads, keyledger.tree_heads_id_seq to keyledger_service;  -- whoever may read may dump

-- When the first one was: with no head there at all, somebody took them away.
alter table keyledger.log add column first_head_at timestamptz;

-- Of an event that this log has, and 60 in a minute at most, however many sessions add them: a reader passes over all
-- that it can't open, and looks at no more than those of a day.
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

-- Keeps all of a day, then the first and the last of each hour, after 30 days of each day, and the newest 200 always;
-- returns how many went. What was there before somebody came can't be taken away by adding more.
create function keyledger.prune_tree_heads() returns bigint
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
    with placed as (
        select h.id, h.stored_at,
               row_number() over (order by h.id desc) as newest,
               row_number() over (partition by h.log_id, floor(extract(epoch from h.stored_at) / 3600) order by h.id)
                   as first_of_hour,
               row_number() over (partition by h.log_id, floor(extract(epoch from h.stored_at) / 3600)
                                  order by h.id desc) as last_of_hour,
               row_number() over (partition by h.log_id, floor(extract(epoch from h.stored_at) / 86400) order by h.id)
                   as first_of_day,
               row_number() over (partition by h.log_id, floor(extract(epoch from h.stored_at) / 86400)
                                  order by h.id desc) as last_of_day
        from keyledger.tree_heads h),
    gone as (
        delete from keyledger.tree_heads h using placed p
        where p.id = h.id and p.newest > 200
          and ((p.stored_at < clock_timestamp() - interval '1 day' and p.first_of_hour > 1 and p.last_of_hour > 1)
               or (p.stored_at < clock_timestamp() - interval '30 days' and p.first_of_day > 1 and p.last_of_day > 1))
        returning 1)
    select count(*) from gone;
$$;

-- How many destroyed keys could not be brought back any more if that key-encryption key ended.
create function keyledger.buried_under(of_key text) returns bigint
language sql stable strict security definer
set search_path = pg_catalog, pg_temp
as $$
    select count(*) from keyledger.graveyard g where g.key_encryption_key_id = of_key;
$$;

revoke all on keyledger.tree_heads from public;
revoke all on function keyledger.store_tree_head, keyledger.prune_tree_heads, keyledger.buried_under from public;
grant execute on function keyledger.store_tree_head, keyledger.prune_tree_heads, keyledger.buried_under
    to keyledger_service;
