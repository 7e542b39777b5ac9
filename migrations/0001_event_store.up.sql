-- The event store: the log, what is decided together with it, and the one function that appends.
-- Run by the owner (keyledger migrate up). The service's role gets only what the end of this file grants.

do $$
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'keyledger_service') then
        return;
    end if;
    begin
        create role keyledger_service nologin;
    exception
        when insufficient_privilege then
            raise exception 'the role keyledger_service is missing and % may not create it', current_user
                using hint = 'as a superuser: create role keyledger_service login password ''...''';
        when duplicate_object or unique_violation then
            null;  -- made by somebody else in this moment
    end;
end
$$;

create schema keyledger;
create schema read_models;

-- One row: the identity of this log's history. A restored database gets a new one.
create table keyledger.log (
    log_id     uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    single     boolean not null default true unique check (single)
);
insert into keyledger.log default values;

-- Append-only: percentage thresholds would fire ever more rarely, so they are absolute. No further index without a
-- measurement: each cost 7 to 18 % of the write rate.
create table keyledger.events (
    position       bigint primary key check (position > 0),
    tenant         text collate "C" not null,
    stream_type    text collate "C" not null,
    stream_id      uuid not null,
    version        integer not null check (version > 0),
    event_type     text collate "C" not null,
    schema_version smallint not null check (schema_version > 0),
    event_id       uuid not null,
    payload        jsonb not null check (jsonb_typeof(payload) = 'object'),
    metadata       jsonb not null check (jsonb_typeof(metadata) = 'object'),
    recorded_at    timestamptz not null,
    leaf_hash      bytea not null check (octet_length(leaf_hash) = 32),
    unique (stream_id, version)
) with (fillfactor = 100,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 200000);
create index events_recorded_at on keyledger.events using brin (recorded_at);

-- Heads change in place, so pages keep room for heap-only updates.
create table keyledger.streams (
    stream_id      uuid primary key,
    stream_type    text collate "C" not null,
    tenant         text collate "C" not null,
    version        integer not null,
    first_position bigint not null
) with (fillfactor = 80,
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000);

-- Uniqueness without personal data: the digest is a keyed HMAC of the normalised value.
create table keyledger.claims (
    tenant text collate "C" not null,
    kind   text collate "C" not null,
    key_id text collate "C" not null,
    digest bytea not null,
    owner  uuid not null,
    primary key (digest, kind, key_id, tenant)
) with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);

-- Command ids that were appended (I5); keyledger.prune_commands removes old ones.
create table keyledger.commands (
    tenant         text collate "C" not null,
    command_id     bytea not null,
    fingerprint    bytea not null,
    first_position bigint not null,
    event_count    integer not null,
    recorded_at    timestamptz not null,
    primary key (command_id, tenant)
) with (fillfactor = 100,
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 200000);
create index commands_recorded_at on keyledger.commands using brin (recorded_at);

-- Password hashes, TOTP seeds …: sealed under their owner's subject key, changed by compare-and-swap on `revision`.
create table keyledger.credentials (
    credential_id uuid primary key,
    tenant        text collate "C" not null,
    owner         uuid not null,
    kind          text collate "C" not null,
    revision      integer not null check (revision > 0),
    sealed        bytea not null
) with (fillfactor = 90,
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
create index credentials_owner on keyledger.credentials (owner, kind);

create table keyledger.subject_keys (
    subject               uuid primary key,
    tenant                text collate "C" not null,
    key_id                uuid not null,
    wrapped_key           bytea not null,  -- empty once destroyed
    key_encryption_key_id text collate "C" not null,
    destroyed_at          timestamptz,
    check (destroyed_at is null or octet_length(wrapped_key) = 0)
) with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);

-- How far each reader of the log is. Readers write it themselves, together with what they made of the events.
create table keyledger.checkpoints (
    reader     text collate "C" not null,
    generation integer not null,
    tenant     text collate "C" not null default 'default',
    position   bigint not null check (position >= 0),
    leaf_hash  bytea not null check (octet_length(leaf_hash) = 32),
    primary key (reader, generation)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Appends a batch of commands and says of each what became of it, as if they had run one by one in this order.
--
-- Every group of arrays lists one kind of item; xxx_commands says whose item it is (1 is the first command), and
-- event_writes names the entry of the write_ arrays that an event belongs to. Commands of one batch must not depend
-- on each other: one that writes what another writes or guards is an error, and equal command ids, claims,
-- credentials or changed subject keys count as such. Whoever batches keeps those back (eventstore/postgres/batch.hpp).
--
-- Result: one row a command, in order. outcome 0 appended (first_position, event_count), 1 conflict on a stream,
-- 2 on a credential, 3 on a subject key (id, version: what moved, and where it stands), 4 duplicate (first_position,
-- event_count, fingerprint, and the id of its first event), 5 claim taken (claim_kind). Looked for in the order 4, 1,
-- 2, 3, 5.
create function keyledger.append(
    for_tenant text, at_time timestamptz,
    command_ids bytea[], fingerprints bytea[],
    write_commands integer[], write_streams uuid[], write_types text[], write_versions integer[],
    guard_commands integer[], guard_streams uuid[], guard_versions integer[],
    event_writes integer[], event_versions integer[], event_types text[], event_schemas smallint[],
    event_ids uuid[], event_payloads jsonb[], event_metadatas jsonb[], event_leaves bytea[],
    claim_commands integer[], claim_takes boolean[], claim_kinds text[], claim_key_ids text[],
    claim_digests bytea[], claim_owners uuid[],
    credential_commands integer[], credential_ids uuid[], credential_owners uuid[], credential_kinds text[],
    credential_revisions integer[], credential_sealed bytea[],
    key_commands integer[], key_subjects uuid[], key_ids uuid[], key_wrapped bytea[], key_encryption_key_ids text[],
    use_commands integer[], use_subjects uuid[], use_key_ids uuid[], use_destroys boolean[]
) returns table (
    outcome smallint, first_position bigint, event_count integer, fingerprint bytea,
    id uuid, version integer, claim_kind text
)
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
-- Plans outlive the size that the tables had when they were made: index probes only, whatever the statistics say.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
    command_count constant integer := cardinality(command_ids);
    outcomes smallint[] := array_fill(0::smallint, array[command_count]);
    first_positions bigint[] := array_fill(null::bigint, array[command_count]);
    event_counts integer[] := array_fill(0, array[command_count]);
    known_fingerprints bytea[] := array_fill(null::bytea, array[command_count]);
    moved_ids uuid[] := array_fill(null::uuid, array[command_count]);
    moved_versions integer[] := array_fill(null::integer, array[command_count]);
    taken_kinds text[] := array_fill(null::text, array[command_count]);
    heads integer[] := write_versions;
    stream_firsts bigint[] := array_fill(null::bigint, array[cardinality(write_streams)]);
    positions bigint[] := array_fill(null::bigint, array[cardinality(event_writes)]);
    old_head bigint;
    new_head bigint;
    of_write integer;
    of_command integer;
    last_command integer := 0;
    commands_begun integer := 0;
    writes_begun integer := 0;
    writes_done integer;
    writes_wanted integer := 0;
    hit record;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'append needs read committed: each of its statements must see what committed before it'
            using errcode = 'KL003';
    end if;
    -- I3: what is answered is durable, whatever the session or the database says.
    if current_setting('synchronous_commit') not in ('on', 'remote_apply') then
        perform set_config('synchronous_commit', 'on', true);
    end if;

    -- 1. One at a time. A statement of its own: the snapshots of those that follow are taken after the wait.
    perform pg_advisory_xact_lock(5426354651);

    -- 2. Independence: checks that run set-wise can't see inside their own batch.
    if exists (select from unnest(command_ids) as o(id) group by o.id having count(*) > 1) then
        raise exception 'a command id is twice in one batch' using errcode = 'KL001';
    end if;
    if guard_streams = '{}' then
        if exists (select from unnest(write_streams) as o(id) group by o.id having count(*) > 1) then
            raise exception 'a stream is written twice in one batch' using errcode = 'KL001';
        end if;
    elsif exists (
        select from (select o.id, o.command, 1 from unnest(write_streams, write_commands) as o(id, command)
                     union all
                     select o.id, o.command, 0 from unnest(guard_streams, guard_commands) as o(id, command)
                    ) as o(id, command, writes)
        group by o.id having sum(o.writes) > 1 or (sum(o.writes) = 1 and min(o.command) < max(o.command))) then
        raise exception 'a stream is written by one command and read by another of one batch' using errcode = 'KL001';
    end if;
    if claim_digests <> '{}' and exists (
        select from unnest(claim_commands, claim_takes, claim_kinds, claim_key_ids, claim_digests)
                        as o(command, takes, kind, key_id, digest)
        group by o.kind, o.key_id, o.digest
        having min(o.command) < max(o.command) or count(*) filter (where o.takes) > 1
            or count(*) filter (where not o.takes) > 1) then
        raise exception 'a claim is changed twice in one batch' using errcode = 'KL001';
    end if;
    if credential_ids <> '{}' and exists (
        select from unnest(credential_ids) as o(id) group by o.id having count(*) > 1) then
        raise exception 'a credential is changed twice in one batch' using errcode = 'KL001';
    end if;
    if (key_subjects <> '{}' or true = any(use_destroys)) and exists (
        select from (select o.id, o.command, 1 from unnest(key_subjects, key_commands) as o(id, command)
                     union all
                     select o.id, o.command, o.destroys::integer
                     from unnest(use_subjects, use_commands, use_destroys) as o(id, command, destroys)
                    ) as o(id, command, writes)
        group by o.id having sum(o.writes) > 1 or (sum(o.writes) = 1 and min(o.command) < max(o.command))) then
        raise exception 'a subject key is changed by one command and used by another of one batch'
            using errcode = 'KL001';
    end if;

    -- 3. Checks. The weightiest comes last, and the first item of each kind last, so that they stay.
    if true = any(claim_takes) then
        for hit in
            select t.command, t.kind
            from (select o.*, (select h.owner from keyledger.claims h
                               where h.digest = o.digest and h.kind = o.kind and h.key_id = o.key_id
                                 and h.tenant = for_tenant) as holder
                  from unnest(claim_commands, claim_takes, claim_kinds, claim_key_ids, claim_digests, claim_owners)
                           with ordinality as o(command, takes, kind, key_id, digest, owner, n)) as t
            where t.takes and t.holder <> t.owner
              and not exists (
                  select from unnest(claim_commands, claim_takes, claim_kinds, claim_key_ids, claim_digests,
                                     claim_owners) as r(command, takes, kind, key_id, digest, owner)
                  where r.command = t.command and not r.takes and r.kind = t.kind and r.key_id = t.key_id
                    and r.digest = t.digest and r.owner = t.holder)
            order by t.n desc
        loop
            outcomes[hit.command] := 5;
            taken_kinds[hit.command] := hit.kind;
        end loop;
    end if;
    if key_subjects <> '{}' then
        for hit in
            select o.command, o.subject
            from unnest(key_commands, key_subjects) with ordinality as o(command, subject, n)
            where (select k.subject from keyledger.subject_keys k where k.subject = o.subject) is not null
            order by o.n desc
        loop
            outcomes[hit.command] := 3;
            moved_ids[hit.command] := hit.subject;
            moved_versions[hit.command] := 0;
        end loop;
    end if;
    if use_subjects <> '{}' then
        for hit in
            select o.command, o.subject
            from unnest(use_commands, use_subjects, use_key_ids) with ordinality as o(command, subject, key_id, n)
            where coalesce((select k.key_id from keyledger.subject_keys k
                            where k.subject = o.subject and k.destroyed_at is null),
                           (select m.key_id from unnest(key_commands, key_subjects, key_ids) as m(command, subject, key_id)
                            where m.command = o.command and m.subject = o.subject)) is distinct from o.key_id
            order by o.n desc
        loop
            outcomes[hit.command] := 3;
            moved_ids[hit.command] := hit.subject;
            moved_versions[hit.command] := 0;
        end loop;
    end if;
    if credential_ids <> '{}' then
        for hit in
            select t.command, t.id, t.revision
            from (select o.*, coalesce((select case when k.owner = o.owner and k.kind = o.kind
                                                         and k.tenant = for_tenant then k.revision else -1 end
                                        from keyledger.credentials k where k.credential_id = o.id), 0) as revision
                  from unnest(credential_commands, credential_ids, credential_owners, credential_kinds,
                              credential_revisions)
                           with ordinality as o(command, id, owner, kind, expected, n)) as t
            where t.revision <> t.expected
            order by t.n desc
        loop
            outcomes[hit.command] := 2;
            moved_ids[hit.command] := hit.id;
            moved_versions[hit.command] := hit.revision;
        end loop;
    end if;
    if guard_streams <> '{}' then
        for hit in
            select t.command, t.id, t.version
            from (select o.*, coalesce((select s.version from keyledger.streams s where s.stream_id = o.id), 0)
                                  as version
                  from unnest(guard_commands, guard_streams, guard_versions)
                           with ordinality as o(command, id, expected, n)) as t
            where t.version <> t.expected
            order by t.n desc
        loop
            outcomes[hit.command] := 1;
            moved_ids[hit.command] := hit.id;
            moved_versions[hit.command] := hit.version;
        end loop;
    end if;
    for hit in
        select t.command, t.id, t.version
        from (select o.*, coalesce((select s.version from keyledger.streams s where s.stream_id = o.id), 0) as version
              from unnest(write_commands, write_streams, write_versions)
                       with ordinality as o(command, id, expected, n)) as t
        where t.version <> t.expected
        order by t.n desc
    loop
        outcomes[hit.command] := 1;
        moved_ids[hit.command] := hit.id;
        moved_versions[hit.command] := hit.version;
    end loop;
    for hit in
        select array_position(command_ids, k.command_id) as command, k.first_position, k.event_count, k.fingerprint,
               (select e.event_id from keyledger.events e where e.position = k.first_position) as event_id
        from keyledger.commands k
        where k.command_id = any(command_ids) and k.tenant = for_tenant
    loop
        outcomes[hit.command] := 4;
        first_positions[hit.command] := hit.first_position;
        event_counts[hit.command] := hit.event_count;
        known_fingerprints[hit.command] := hit.fingerprint;
        moved_ids[hit.command] := hit.event_id;
    end loop;

    -- 4. Positions of what was accepted. Events come in the order of their commands, versions follow one another.
    old_head := coalesce((select e.position from keyledger.events e order by e.position desc limit 1), 0);
    new_head := old_head;
    for i in 1 .. cardinality(event_writes) loop
        of_write := event_writes[i];
        of_command := write_commands[of_write];
        if of_command <> last_command then
            if of_command < last_command then
                raise exception 'events are not in the order of their commands' using errcode = 'KL002';
            end if;
            last_command := of_command;
            commands_begun := commands_begun + 1;
        end if;
        if heads[of_write] = write_versions[of_write] then
            writes_begun := writes_begun + 1;
            if outcomes[of_command] = 0 then
                writes_wanted := writes_wanted + 1;
                stream_firsts[of_write] := new_head + 1;
            end if;
        end if;
        heads[of_write] := heads[of_write] + 1;
        if event_versions[i] is distinct from heads[of_write] then
            raise exception 'event % has version % where % follows', event_ids[i], event_versions[i], heads[of_write]
                using errcode = 'KL002';
        end if;
        if outcomes[of_command] = 0 then
            new_head := new_head + 1;
            positions[i] := new_head;
            event_counts[of_command] := event_counts[of_command] + 1;
            if event_counts[of_command] = 1 then
                first_positions[of_command] := new_head;
            end if;
        end if;
    end loop;
    if commands_begun <> command_count or writes_begun <> cardinality(write_streams) then
        raise exception 'a command or a written stream without an event' using errcode = 'KL002';
    end if;

    if new_head = old_head then
        -- Nothing to commit, but the answer must wait for a synchronous standby as a commit does.
        perform pg_logical_emit_message(true, 'keyledger', '');
    else
        insert into keyledger.events
        select o.position, for_tenant, write_types[o.w], write_streams[o.w], o.version, o.type, o.schema, o.id,
               o.payload, o.metadata, at_time, o.leaf
        from unnest(positions, event_writes, event_versions, event_types, event_schemas, event_ids, event_payloads,
                    event_metadatas, event_leaves)
                 as o(position, w, version, type, schema, id, payload, metadata, leaf)
        where o.position is not null;

        insert into keyledger.streams as s (stream_id, stream_type, tenant, version, first_position)
        select o.id, o.type, for_tenant, o.head, o.first
        from unnest(write_streams, write_types, heads, stream_firsts) as o(id, type, head, first)
        where o.first is not null
        on conflict (stream_id) do update set version = excluded.version
            where s.stream_type = excluded.stream_type and s.tenant = excluded.tenant;
        get diagnostics writes_done = row_count;
        if writes_done <> writes_wanted then
            raise exception 'a stream is of another type or tenant than its new events' using errcode = 'KL002';
        end if;

        insert into keyledger.commands (tenant, command_id, fingerprint, first_position, event_count, recorded_at)
        select for_tenant, o.id, o.fingerprint, o.first, o.n, at_time
        from unnest(command_ids, fingerprints, first_positions, event_counts, outcomes)
                 as o(id, fingerprint, first, n, outcome)
        where o.outcome = 0;

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
        if key_subjects <> '{}' then
            insert into keyledger.subject_keys (subject, tenant, key_id, wrapped_key, key_encryption_key_id)
            select o.subject, for_tenant, o.key_id, o.wrapped, o.key_encryption_key_id
            from unnest(key_commands, key_subjects, key_ids, key_wrapped, key_encryption_key_ids)
                     as o(command, subject, key_id, wrapped, key_encryption_key_id)
            where outcomes[o.command] = 0;
        end if;
        if true = any(use_destroys) then
            update keyledger.subject_keys k set wrapped_key = '', destroyed_at = at_time
            where k.subject = any(array(
                select o.subject from unnest(use_commands, use_subjects, use_destroys) as o(command, subject, destroys)
                where o.destroys and outcomes[o.command] = 0));
        end if;

        -- A hint only: whoever follows the log polls too.
        perform pg_notify('keyledger_log', new_head::text);
    end if;

    return query
        select o.outcome, o.first, o.n, o.known, o.id, o.version, o.kind
        from unnest(outcomes, first_positions, event_counts, known_fingerprints, moved_ids, moved_versions,
                    taken_kinds) with ordinality as o(outcome, first, n, known, id, version, kind, at)
        order by o.at;
end
$$;

-- Forgets at most that many command ids that were appended before the time; returns how many. Ids of the last hour
-- stay: they answer for outcomes that nobody knows yet.
create function keyledger.prune_commands(before_time timestamptz, at_most integer) returns integer
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        delete from keyledger.commands
        where ctid = any(array(select ctid from keyledger.commands 
                               where recorded_at < least(before_time, now() - interval '1 hour') limit at_most))
        returning 1)
    select count(*)::integer from gone;
$$;

revoke all on all tables in schema keyledger from public;
revoke all on all functions in schema keyledger from public;
grant usage on schema keyledger to keyledger_service;
grant select on all tables in schema keyledger to keyledger_service;
grant insert, update, delete on keyledger.checkpoints to keyledger_service;
grant execute on all functions in schema keyledger to keyledger_service;
grant usage, create on schema read_models to keyledger_service;
grant usage on schema keyledger_migrations to keyledger_service;
grant select on keyledger_migrations.applied to keyledger_service;
