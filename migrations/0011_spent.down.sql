-- Possible once nothing that was spent is good any more: the older program would take it again.
select pg_advisory_xact_lock(5426354651);
do $$
begin
    if exists (select from keyledger.spent s where s.expires_at > clock_timestamp()) then
        raise exception 'values were spent that the older program would take again'
            using hint = 'stop the service, and wait until they have expired: '
                         || (select max(s.expires_at) from keyledger.spent s);
    end if;
end
$$;

-- `append` as it was: each passage that its migration added goes, in the order from its end to its beginning.
do $do$
declare
    edit record;
    body text := pg_get_functiondef('keyledger.append'::regproc);
begin
    for edit in
        select * from (values
            ($was$                   moved_versions[i], taken_kinds[i], refused_digests[i]
$was$, $becomes$                   moved_versions[i], taken_kinds[i]
$becomes$),
            ($was$            select 0::smallint, first_positions[i], event_counts[i], null::bytea, null::uuid, null::integer, null::text,
                   null::bytea
$was$, $becomes$            select 0::smallint, first_positions[i], event_counts[i], null::bytea, null::uuid, null::integer, null::text
$becomes$),
            ($was$        if spent_digests <> '{}' then
            insert into keyledger.spent (tenant, digest, expires_at)
            select for_tenant, o.digest, o.expires_at
            from unnest(spent_commands, spent_digests, spent_expiries) as o(command, digest, expires_at)
            where outcomes[o.command] = 0;
        end if;

        -- A hint only: whoever follows the log polls too.
        if new_head > old_head then
            perform pg_notify('keyledger_log', new_head::text);
        end if;
$was$, $becomes$
        -- A hint only: whoever follows the log polls too.
        perform pg_notify('keyledger_log', new_head::text);
$becomes$),
            ($was$    if 0 <> all(outcomes) then
        -- Nothing to commit, but$was$, $becomes$    if new_head = old_head then
        -- Nothing to commit, but$becomes$),
            ($was$        raise exception 'a command that does nothing, or a written stream without an event' using errcode = 'KL002';
$was$, $becomes$        raise exception 'a command or a written stream without an event' using errcode = 'KL002';
$becomes$),
            ($was$    if spent_digests <> '{}' then
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
       or streams_begun$was$, $becomes$    if commands_begun <> command_count
       or streams_begun$becomes$),
            ($was$    commands_begun integer := 0;
    only_spending integer := 0;
$was$, $becomes$    commands_begun integer := 0;
$becomes$),
            ($was$               (select e.event_id from keyledger.events e
                where e.position = k.first_position and k.event_count > 0) as event_id
$was$, $becomes$               (select e.event_id from keyledger.events e where e.position = k.first_position) as event_id
$becomes$),
            ($was$    if spent_digests <> '{}' then
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
            from unnest(new_key_commands, new_key_subjects)$was$, $becomes$    if new_key_subjects <> '{}' then
        for hit in
            select o.command, o.subject
            from unnest(new_key_commands, new_key_subjects)$becomes$),
            ($was$    if spent_digests <> '{}' then
        if exists (select from unnest(spent_digests) as o(digest) group by o.digest having count(*) > 1) then
            raise exception 'a value is spent twice in one batch' using errcode = 'KL001';
        end if;
        if exists (select from unnest(spent_commands) as o(command) group by o.command having count(*) > 16)
           or exists (select from unnest(spent_expiries) as o(at) where o.at > moment + interval '30 days') then
            raise exception 'a command spends too many values, or one that is good for longer than 30 days'
                using errcode = 'KL002';
        end if;
    end if;

    -- 3. Checks. The weightiest$was$, $becomes$
    -- 3. Checks. The weightiest$becomes$),
            ($was$    perform pg_advisory_xact_lock(5426354651);
    moment := clock_timestamp();
$was$, $becomes$    perform pg_advisory_xact_lock(5426354651);
$becomes$),
            ($was$    remembered_since timestamptz;
    moment timestamptz;
    hit record;
begin
$was$, $becomes$    hit record;
begin
$becomes$),
            ($was$    known_fingerprints bytea[] := array_fill(null::bytea, array[command_count]);
    refused_digests bytea[] := array_fill(null::bytea, array[command_count]);
$was$, $becomes$    known_fingerprints bytea[] := array_fill(null::bytea, array[command_count]);
$becomes$),
            ($was$claim_kind text, spent_digest bytea)$was$, $becomes$claim_kind text)$becomes$),
            ($was$, destroyed_key_ids uuid[], spent_commands integer[], spent_digests bytea[], spent_made timestamp with time zone[], spent_expiries timestamp with time zone[])$was$, $becomes$, destroyed_key_ids uuid[])$becomes$)
        ) as edits(was, becomes)
    loop
        if strpos(body, edit.was) = 0 then
            raise exception 'append is not the function that this migration made: %', edit.was;
        end if;
        body := replace(body, edit.was, edit.becomes);
    end loop;
    drop function keyledger.append;
    execute body;
end
$do$;
revoke all on function keyledger.append from public;
grant execute on function keyledger.append to keyledger_service;

drop function keyledger.prune_spent;
drop table keyledger.spent;
alter table keyledger.log drop column spent_since;
