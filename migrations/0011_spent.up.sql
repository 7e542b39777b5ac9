-- Values that are good once (I13): a code, a link, a signed assertion is spent in the append of what it earns.
select pg_advisory_xact_lock(5426354651);

-- Known by their digests alone. A row goes ten minutes after its value expired: from its expiry on `append` refuses the
-- value by the clock, and so long a clock may be set back. The service's role neither reads nor changes the table but
-- through `append` and `prune_spent`.
create table keyledger.spent (
    tenant     text collate "C" not null,
    digest     bytea not null check (octet_length(digest) = 32),
    expires_at timestamptz not null check (isfinite(expires_at)),
    primary key (digest, tenant)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
create index spent_expires_at on keyledger.spent (expires_at);

-- What was made before that may have been spent without a row that says so: it counts as spent. A restored log does not
-- know what was spent after its backup (`keyledger migrate restored` sets the time); and until now the assertions of
-- service accounts were used up by streams of their own.
alter table keyledger.log add column spent_since timestamptz not null default '-infinity';
update keyledger.log set spent_since = clock_timestamp()
where exists (select from keyledger.events e
              where e.recorded_at > clock_timestamp() - interval '2 hours' and e.stream_type = 'service_token');

drop function keyledger.append;

-- Appends a batch of commands and says of each what became of it, as if they had run one by one in this order.
--
-- Every group of arrays lists one kind of thing; xxx_commands says whose it is (1 is the first command).
--   stream_    what the commands read of streams: each stream once, the version that they all saw, and the one command
--              that writes it (0: none). Fastest with those that exist first, each part in the order of their ids.
--   guard_     which command guards which entry of stream_
--   event_     in the order of their commands; which entry of stream_ they belong to. Texts are stored as they were
--              hashed; each event's MAC is under the key `mac_key`
--   read_key_  subjects and the keys of theirs that were sealed under; fastest in the order of the subjects
--   use_       which command sealed under which entry of read_key_
--   spent_     values that are good once, by their digests: when each was made at the earliest, and when it expires
-- Commands of one batch must not depend on each other: one that writes what another writes or guards is an error, and
-- equal command ids, claims, credentials, spent values or changed subject keys count as such. Whoever batches keeps
-- those back (eventstore/postgres/store/batch.hpp).
--
-- A command has events, or it only spends: then its position is that of the head before the batch.
--
-- Times in the log never fall: a batch that was stamped before the newest event is refused (KL004; the detail is that
-- time in milliseconds since 1970) and can be stamped and hashed again. One stamped a minute ahead of this server's
-- clock is refused too (KL006), or it would drag the time of all that follows with it. KL005: the MAC key was closed.
--
-- Result: one row a command, in order. outcome 0 appended (first_position, event_count), 1 conflict on a stream,
-- 2 on a credential, 3 on a subject key (id, version: what moved, and where it stands), 4 duplicate (first_position,
-- event_count, fingerprint, and the id of its first event), 5 claim taken (claim_kind), 6 already spent (spent_digest).
-- Looked for in the order 4, 1, 2, 3, 6, 5: whoever comes with what is spent learns nothing of claims.
create function keyledger.append(
    for_tenant text, at_time timestamptz, mac_key text,
    command_ids bytea[], fingerprints bytea[], command_hours smallint[],
    stream_ids uuid[], stream_types text[], stream_versions integer[], stream_writers integer[],
    guard_commands integer[], guard_streams integer[],
    event_streams integer[], event_versions integer[], event_types text[], event_schemas smallint[],
    event_ids uuid[], event_payloads text[], event_metadatas text[], event_leaves bytea[], event_macs bytea[],
    claim_commands integer[], claim_takes boolean[], claim_kinds text[], claim_key_ids text[],
    claim_digests bytea[], claim_owners uuid[],
    credential_commands integer[], credential_ids uuid[], credential_owners uuid[], credential_kinds text[],
    credential_revisions integer[], credential_sealed bytea[],
    read_key_subjects uuid[], read_key_ids uuid[],
    use_commands integer[], use_keys integer[],
    new_key_commands integer[], new_key_subjects uuid[], new_key_ids uuid[], new_key_wrapped bytea[],
    new_key_encryption_key_ids text[],
    destroyed_key_commands integer[], destroyed_key_subjects uuid[], destroyed_key_ids uuid[],
    spent_commands integer[], spent_digests bytea[], spent_made timestamptz[], spent_expiries timestamptz[]
) returns table (
    outcome smallint, first_position bigint, event_count integer, fingerprint bytea,
    id uuid, version integer, claim_kind text, spent_digest bytea
)
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
-- Plans outlive the size that the tables had when they were made: index probes only, whatever the statistics say. For
-- the same reason no statement joins a table but by `left join lateral (… offset 0)`, `= any` or row address.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    command_count constant integer := cardinality(command_ids);
    outcomes smallint[] := array_fill(0::smallint, array[command_count]);
    first_positions bigint[] := array_fill(null::bigint, array[command_count]);
    event_counts integer[] := array_fill(0, array[command_count]);
    moved_ids uuid[] := array_fill(null::uuid, array[command_count]);
    moved_versions integer[] := array_fill(null::integer, array[command_count]);
    taken_kinds text[] := array_fill(null::text, array[command_count]);
    known_fingerprints bytea[] := array_fill(null::bytea, array[command_count]);
    refused_digests bytea[] := array_fill(null::bytea, array[command_count]);
    refused boolean := false;
    existing integer;
    found_ids uuid[];
    found_versions integer[];
    found_types text[];
    stream_rows tid[];
    heads integer[] := stream_versions;
    stream_firsts bigint[] := array_fill(null::bigint, array[cardinality(stream_ids)]);
    positions bigint[] := array_fill(null::bigint, array[cardinality(event_streams)]);
    old_head bigint;
    newest_time timestamptz;
    new_head bigint;
    of_stream integer;
    of_command integer;
    last_command integer := 0;
    commands_begun integer := 0;
    only_spending integer := 0;
    streams_begun integer := 0;
    rows_wanted integer := 0;
    rows_inserted integer;
    rows_updated integer;
    remembered_since timestamptz;
    moment timestamptz;
    hit record;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'append needs read committed: each of its statements must see what committed before it'
            using errcode = 'KL003';
    end if;
    if for_tenant <> 'default' then
        raise exception 'there is no tenant %', left(for_tenant, 64) using errcode = 'KL002';
    end if;
    -- I3: what is answered is durable, whatever the session or the database says.
    if current_setting('synchronous_commit') not in ('on', 'remote_apply') then
        perform set_config('synchronous_commit', 'on', true);
    end if;

    -- 1. One at a time. A statement of its own: the snapshots of those that follow are taken after the wait.
    perform pg_advisory_xact_lock(5426354651);
    moment := clock_timestamp();

    -- 2. Independence: checks that run set-wise can't see inside their own batch.
    if exists (select from unnest(command_ids) as o(id) group by o.id having count(*) > 1) then
        raise exception 'a command id is twice in one batch' using errcode = 'KL001';
    end if;
    if exists (select from unnest(stream_ids) as o(id) group by o.id having count(*) > 1) then
        raise exception 'a stream is twice in one batch' using errcode = 'KL001';
    end if;
    if guard_streams <> '{}' then
        if exists (select from unnest(guard_commands, guard_streams) as o(command, stream)
                   where stream_writers[o.stream] not in (0, o.command)) then
            raise exception 'a stream is written by one command and guarded by another of one batch'
                using errcode = 'KL001';
        end if;
    end if;
    if claim_digests <> '{}' then
        if exists (select from unnest(claim_commands, claim_takes, claim_kinds, claim_key_ids, claim_digests)
                                   as o(command, takes, kind, key_id, digest)
                   group by o.kind, o.key_id, o.digest
                   having min(o.command) < max(o.command) or count(*) filter (where o.takes) > 1
                       or count(*) filter (where not o.takes) > 1) then
            raise exception 'a claim is changed twice in one batch' using errcode = 'KL001';
        end if;
    end if;
    if credential_ids <> '{}' then
        if exists (select from unnest(credential_ids) as o(id) group by o.id having count(*) > 1) then
            raise exception 'a credential is changed twice in one batch' using errcode = 'KL001';
        end if;
    end if;
    if new_key_subjects <> '{}' or destroyed_key_subjects <> '{}' then
        if exists (select from (select o.id, o.command, 1
                                from unnest(new_key_subjects || destroyed_key_subjects,
                                            new_key_commands || destroyed_key_commands) as o(id, command)
                                union all
                                select read_key_subjects[o.key], o.command, 0
                                from unnest(use_keys, use_commands) as o(key, command)) as o(id, command, changes)
                   group by o.id having sum(o.changes) > 1
                       or (sum(o.changes) = 1 and min(o.command) < max(o.command))) then
            raise exception 'a subject key is changed by one command and used by another of one batch'
                using errcode = 'KL001';
        end if;
    end if;
    if spent_digests <> '{}' then
        if exists (select from unnest(spent_digests) as o(digest) group by o.digest having count(*) > 1) then
            raise exception 'a value is spent twice in one batch' using errcode = 'KL001';
        end if;
        if exists (select from unnest(spent_commands) as o(command) group by o.command having count(*) > 16)
           or exists (select from unnest(spent_expiries) as o(at) where o.at > moment + interval '30 days') then
            raise exception 'a command spends too many values, or one that is good for longer than 30 days'
                using errcode = 'KL002';
        end if;
    end if;

    -- 3. Checks. The weightiest comes last, and the first thing of each kind last, so that they stay.
    if true = any(claim_takes) then
        for hit in
            select o.command, o.kind
            from unnest(claim_commands, claim_takes, claim_kinds, claim_key_ids, claim_digests, claim_owners)
                     with ordinality as o(command, takes, kind, key_id, digest, owner, n)
            left join lateral (select h.owner from keyledger.claims h
                               where h.digest = o.digest and h.kind = o.kind and h.key_id = o.key_id
                                 and h.tenant = for_tenant offset 0) as held on true
            where o.takes and held.owner <> o.owner
              and not exists (
                  select from unnest(claim_commands, claim_takes, claim_kinds, claim_key_ids, claim_digests,
                                     claim_owners) as r(command, takes, kind, key_id, digest, owner)
                  where r.command = o.command and not r.takes and r.kind = o.kind and r.key_id = o.key_id
                    and r.digest = o.digest and r.owner = held.owner)
            order by o.n desc
        loop
            outcomes[hit.command] := 5;
            taken_kinds[hit.command] := hit.kind;
            refused := true;
        end loop;
    end if;
    if spent_digests <> '{}' then
        select l.spent_since into remembered_since from keyledger.log l;
        for hit in
            select o.command, o.digest
            from unnest(spent_commands, spent_digests, spent_made, spent_expiries)
                     with ordinality as o(command, digest, made_at, expires_at, n)
            left join lateral (select s.digest from keyledger.spent s
                               where s.digest = o.digest and s.tenant = for_tenant offset 0) as known on true
            where known.digest is not null or o.made_at < remembered_since or o.expires_at <= moment
            order by o.n desc
        loop
            outcomes[hit.command] := 6;
            refused_digests[hit.command] := hit.digest;
            refused := true;
        end loop;
    end if;
    if new_key_subjects <> '{}' then
        for hit in
            select o.command, o.subject
            from unnest(new_key_commands, new_key_subjects) with ordinality as o(command, subject, n)
            left join lateral (select k.key_id from keyledger.subject_keys k where k.subject = o.subject offset 0)
                as k on true
            where k.key_id is not null
            order by o.n desc
        loop
            outcomes[hit.command] := 3;
            moved_ids[hit.command] := hit.subject;
            moved_versions[hit.command] := 0;
            refused := true;
        end loop;
    end if;
    if destroyed_key_subjects <> '{}' then
        for hit in
            select o.command, o.subject
            from unnest(destroyed_key_commands, destroyed_key_subjects, destroyed_key_ids)
                     with ordinality as o(command, subject, key_id, n)
            left join lateral (select k.key_id from keyledger.subject_keys k
                               where k.subject = o.subject and k.destroyed_at is null offset 0) as k on true
            where k.key_id is distinct from o.key_id
            order by o.n desc
        loop
            outcomes[hit.command] := 3;
            moved_ids[hit.command] := hit.subject;
            moved_versions[hit.command] := 0;
            refused := true;
        end loop;
    end if;
    if read_key_subjects <> '{}' then
        select array_agg(k.key_id) into found_ids
        from (select k.key_id from keyledger.subject_keys k
              where k.subject = any(read_key_subjects) and k.destroyed_at is null order by k.subject) as k;
        if found_ids is distinct from read_key_ids then
            for hit in
                select u.command, read_key_subjects[u.key] as subject
                from unnest(use_commands, use_keys) with ordinality as u(command, key, n)
                left join lateral (select k.key_id from keyledger.subject_keys k
                                   where k.subject = read_key_subjects[u.key] and k.destroyed_at is null offset 0)
                    as k on true
                where k.key_id is distinct from read_key_ids[u.key]
                order by u.n desc
            loop
                outcomes[hit.command] := 3;
                moved_ids[hit.command] := hit.subject;
                moved_versions[hit.command] := 0;
                refused := true;
            end loop;
        end if;
    end if;
    if credential_ids <> '{}' then
        for hit in
            select o.command, o.id, coalesce(k.revision, 0) as revision
            from unnest(credential_commands, credential_ids, credential_owners, credential_kinds,
                        credential_revisions) with ordinality as o(command, id, owner, kind, expected, n)
            left join lateral (select case when k.owner = o.owner and k.kind = o.kind and k.tenant = for_tenant
                                           then k.revision else -1 end as revision
                               from keyledger.credentials k where k.credential_id = o.id offset 0) as k on true
            where coalesce(k.revision, 0) <> o.expected
            order by o.n desc
        loop
            outcomes[hit.command] := 2;
            moved_ids[hit.command] := hit.id;
            moved_versions[hit.command] := hit.revision;
            refused := true;
        end loop;
    end if;
    select array_agg(s.stream_id), array_agg(s.version), array_agg(s.stream_type), array_agg(s.ctid)
    into found_ids, found_versions, found_types, stream_rows
    from (select s.stream_id, s.version, s.stream_type, s.ctid from keyledger.streams s
          where s.stream_id = any(stream_ids) and s.tenant = for_tenant order by s.stream_id) as s;
    existing := coalesce(cardinality(found_ids), 0);
    if coalesce(found_ids, '{}') <> stream_ids[:existing] or coalesce(found_versions, '{}') <> stream_versions[:existing]
       or stream_versions[existing + 1:] <> array_fill(0, array[cardinality(stream_ids) - existing]) then
        -- Something moved, or they came in another order: look at each.
        select array_agg(coalesce(s.version, 0) order by o.n), array_agg(s.stream_type order by o.n),
               array_agg(s.ctid order by o.n)
        into found_versions, found_types, stream_rows
        from unnest(stream_ids) with ordinality as o(id, n)
        left join lateral (select s.version, s.stream_type, s.ctid from keyledger.streams s
                           where s.stream_id = o.id and s.tenant = for_tenant offset 0) as s on true;
        for hit in
            select o.command, stream_ids[o.stream] as id, found_versions[o.stream] as version
            from (select g.command, g.stream, 1, g.n
                  from unnest(guard_commands, guard_streams) with ordinality as g(command, stream, n)
                  union all
                  select w.command, w.n, 0, w.n from unnest(stream_writers) with ordinality as w(command, n)
                  where w.command > 0) as o(command, stream, later, n)
            where found_versions[o.stream] <> stream_versions[o.stream]
            order by o.later desc, o.n desc
        loop
            outcomes[hit.command] := 1;
            moved_ids[hit.command] := hit.id;
            moved_versions[hit.command] := hit.version;
            refused := true;
        end loop;
    end if;
    for hit in
        select array_position(command_ids, k.command_id) as command, k.first_position, k.event_count, k.fingerprint,
               (select e.event_id from keyledger.events e
                where e.position = k.first_position and k.event_count > 0) as event_id
        from keyledger.commands k
        where k.command_id = any(command_ids) and k.tenant = for_tenant
    loop
        outcomes[hit.command] := 4;
        first_positions[hit.command] := hit.first_position;
        event_counts[hit.command] := hit.event_count;
        known_fingerprints[hit.command] := hit.fingerprint;
        moved_ids[hit.command] := hit.event_id;
        refused := true;
    end loop;

    -- 4. Positions of what was accepted. Events come in the order of their commands, versions follow one another.
    select e.position, e.recorded_at into old_head, newest_time
    from keyledger.events e order by e.position desc limit 1;
    old_head := coalesce(old_head, 0);
    new_head := old_head;
    for i in 1 .. cardinality(event_streams) loop
        of_stream := event_streams[i];
        of_command := stream_writers[of_stream];
        if of_command <> last_command then
            if of_command < last_command then
                raise exception 'events are not in the order of their commands' using errcode = 'KL002';
            end if;
            last_command := of_command;
            commands_begun := commands_begun + 1;
            if outcomes[of_command] = 0 then
                first_positions[of_command] := new_head + 1;
            end if;
        end if;
        if heads[of_stream] = stream_versions[of_stream] then
            streams_begun := streams_begun + 1;
            if outcomes[of_command] = 0 then
                rows_wanted := rows_wanted + 1;
                stream_firsts[of_stream] := new_head + 1;
            end if;
        end if;
        heads[of_stream] := heads[of_stream] + 1;
        if event_versions[i] <> heads[of_stream] then
            raise exception 'event % has version % where % follows', event_ids[i], event_versions[i], heads[of_stream]
                using errcode = 'KL002';
        end if;
        if outcomes[of_command] = 0 then
            new_head := new_head + 1;
            positions[i] := new_head;
            event_counts[of_command] := event_counts[of_command] + 1;
        end if;
    end loop;
    if spent_digests <> '{}' then
        for of_command in
            select distinct o.command from unnest(spent_commands) as o(command)
            where o.command between 1 and command_count and o.command <> all(stream_writers)
        loop
            only_spending := only_spending + 1;
            if outcomes[of_command] = 0 then
                first_positions[of_command] := old_head + 1;
            end if;
        end loop;
    end if;
    if commands_begun + only_spending <> command_count
       or streams_begun <> cardinality(stream_writers) - cardinality(array_positions(stream_writers, 0)) then
        raise exception 'a command that does nothing, or a written stream without an event' using errcode = 'KL002';
    end if;

    if 0 <> all(outcomes) then
        -- Nothing to commit, but the answer must wait for a synchronous standby as a commit does.
        perform pg_logical_emit_message(true, 'keyledger', '');
    else
        if not isfinite(at_time) then
            raise exception 'the batch has no time' using errcode = 'KL002';
        end if;
        if at_time < newest_time then
            raise exception 'the batch is stamped before the newest event'
                using errcode = 'KL004', detail = ceil(extract(epoch from newest_time) * 1000)::bigint::text;
        end if;
        if at_time > clock_timestamp() + interval '1 minute' then
            raise exception 'the batch is stamped % ahead of this server''s clock', at_time - clock_timestamp()
                using errcode = 'KL006';
        end if;
        if exists (select from keyledger.closed_mac_keys k where k.key_id = mac_key) then
            raise exception 'the MAC key % is closed', mac_key using errcode = 'KL005';
        end if;

        -- By subscript, for plpgsql holds arrays taken apart: unnest would write every element to a tuple store first.
        insert into keyledger.events (position, tenant, stream_type, stream_id, version, event_type, schema_version,
                                      event_id, recorded_at, leaf_hash, payload_text, metadata_text, mac_key_id, mac)
        select positions[i], for_tenant, stream_types[event_streams[i]], stream_ids[event_streams[i]],
               event_versions[i], event_types[i], event_schemas[i], event_ids[i], at_time, event_leaves[i],
               event_payloads[i], event_metadatas[i], mac_key, event_macs[i]
        from generate_series(1, cardinality(event_streams)) as i
        where positions[i] is not null;

        insert into keyledger.streams (stream_id, stream_type, tenant, version, first_position)
        select stream_ids[i], stream_types[i], for_tenant, heads[i], stream_firsts[i]
        from generate_series(1, cardinality(stream_ids)) as i
        where stream_firsts[i] is not null and stream_rows[i] is null;
        get diagnostics rows_inserted = row_count;
        for hit in
            select heads[i] - stream_versions[i] as events, array_agg(stream_rows[i]) as at
            from generate_series(1, cardinality(stream_ids)) as i
            where stream_firsts[i] is not null and stream_rows[i] is not null
            group by 1
        loop
            update keyledger.streams s set version = s.version + hit.events where s.ctid = any(hit.at);
            get diagnostics rows_updated = row_count;
            rows_inserted := rows_inserted + rows_updated;
        end loop;
        if rows_inserted <> rows_wanted then
            raise exception 'a stream changed without this function' using errcode = 'KL002';
        end if;

        insert into keyledger.commands (tenant, command_id, fingerprint, first_position, event_count, recorded_at,
                                        kept_hours)
        select for_tenant, command_ids[i], fingerprints[i], first_positions[i], event_counts[i], at_time,
               command_hours[i]
        from generate_series(1, command_count) as i
        where outcomes[i] = 0;

        if claim_digests <> '{}' then
            delete from keyledger.claims h
            where h.digest = any(claim_digests) and h.tenant = for_tenant
              and exists (
                  select from unnest(claim_commands, claim_takes, claim_kinds, claim_key_ids, claim_digests,
                                     claim_owners) as o(command, takes, kind, key_id, digest, owner)
                  where not o.takes and outcomes[o.command] = 0 and o.kind = h.kind and o.key_id = h.key_id
                    and o.digest = h.digest and o.owner = h.owner);
            insert into keyledger.claims (tenant, kind, key_id, digest, owner)
            select for_tenant, o.kind, o.key_id, o.digest, o.owner
            from unnest(claim_commands, claim_takes, claim_kinds, claim_key_ids, claim_digests, claim_owners)
                     as o(command, takes, kind, key_id, digest, owner)
            where o.takes and outcomes[o.command] = 0
            on conflict do nothing;
        end if;
        if credential_ids <> '{}' then
            delete from keyledger.credentials k
            where k.credential_id = any(array(
                select o.id from unnest(credential_commands, credential_ids, credential_sealed)
                                     as o(command, id, sealed)
                where o.sealed is null and outcomes[o.command] = 0));
            insert into keyledger.credentials as k (credential_id, tenant, owner, kind, revision, sealed)
            select o.id, for_tenant, o.owner, o.kind, o.revision + 1, o.sealed
            from unnest(credential_commands, credential_ids, credential_owners, credential_kinds,
                        credential_revisions, credential_sealed) as o(command, id, owner, kind, revision, sealed)
            where o.sealed is not null and outcomes[o.command] = 0
            on conflict (credential_id) do update set revision = excluded.revision, sealed = excluded.sealed;
        end if;
        if new_key_subjects <> '{}' then
            insert into keyledger.subject_keys (subject, tenant, key_id, wrapped_key, key_encryption_key_id)
            select o.subject, for_tenant, o.key_id, o.wrapped, o.key_encryption_key_id
            from unnest(new_key_commands, new_key_subjects, new_key_ids, new_key_wrapped, new_key_encryption_key_ids)
                     as o(command, subject, key_id, wrapped, key_encryption_key_id)
            where outcomes[o.command] = 0;
        end if;
        if destroyed_key_subjects <> '{}' then
            insert into keyledger.graveyard (subject, tenant, key_id, wrapped_key, key_encryption_key_id)
            select k.subject, k.tenant, k.key_id, k.wrapped_key, k.key_encryption_key_id
            from keyledger.subject_keys k
            where k.subject = any(array(
                select o.subject from unnest(destroyed_key_commands, destroyed_key_subjects) as o(command, subject)
                where outcomes[o.command] = 0));
            update keyledger.subject_keys k set wrapped_key = '', destroyed_at = at_time
            where k.subject = any(array(
                select o.subject from unnest(destroyed_key_commands, destroyed_key_subjects) as o(command, subject)
                where outcomes[o.command] = 0));
        end if;
        if spent_digests <> '{}' then
            insert into keyledger.spent (tenant, digest, expires_at)
            select for_tenant, o.digest, o.expires_at
            from unnest(spent_commands, spent_digests, spent_expiries) as o(command, digest, expires_at)
            where outcomes[o.command] = 0;
        end if;

        -- A hint only: whoever follows the log polls too.
        if new_head > old_head then
            perform pg_notify('keyledger_log', new_head::text);
        end if;
    end if;

    if not refused then
        return query
            select 0::smallint, first_positions[i], event_counts[i], null::bytea, null::uuid, null::integer, null::text,
                   null::bytea
            from generate_series(1, command_count) as i
            order by i;
    else
        return query
            select outcomes[i], first_positions[i], event_counts[i], known_fingerprints[i], moved_ids[i],
                   moved_versions[i], taken_kinds[i], refused_digests[i]
            from generate_series(1, command_count) as i
            order by i;
    end if;
end
$$;

revoke all on function keyledger.append from public;
grant execute on function keyledger.append to keyledger_service;

-- Forgets at most so many values that expired ten minutes ago; returns how many.
create function keyledger.prune_spent(at_most integer) returns integer
language sql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        delete from keyledger.spent
        where ctid = any(array(select ctid from keyledger.spent
                               where expires_at < clock_timestamp() - interval '10 minutes'
                               order by expires_at limit at_most))
        returning 1)
    select count(*)::integer from gone;
$$;
revoke all on function keyledger.prune_spent from public;
grant execute on function keyledger.prune_spent to keyledger_service;
