-- A command id that the service makes is told by the command's first event, whose id it begins with. Whether such a command was
-- appended is asked of the log, and no row is written for it: only for ids that clients chose, and for commands without
-- events. What is in keyledger.commands already counts until it is pruned.
select pg_advisory_xact_lock(5426354651);

do $do$
declare
    edit record;
    body text := pg_get_functiondef('keyledger.append'::regproc);
begin
    for edit in
        select * from (values
            ($was$    remembered_since timestamptz;
$was$, $becomes$    remembered_since timestamptz;
    told_by_event boolean[] := array_fill(false, array[command_count]);
$becomes$),
            ($was$        known_fingerprints[hit.command] := hit.fingerprint;
        moved_ids[hit.command] := hit.event_id;
        refused := true;
    end loop;
$was$, $becomes$        known_fingerprints[hit.command] := hit.fingerprint;
        moved_ids[hit.command] := hit.event_id;
        refused := true;
    end loop;
    -- Sent again under an id that the service made: the stream of its first event has moved, by that very event.
    if 1 = any(outcomes) then
        for hit in
            select w.command, w.events, e.position, e.event_id
            from (select stream_writers[event_streams[i]] as command, min(i) as first, count(*)::integer as events
                  from generate_series(1, cardinality(event_streams)) as i
                  where outcomes[stream_writers[event_streams[i]]] = 1
                    and command_hours[stream_writers[event_streams[i]]] > 0
                  group by 1) as w
            left join lateral (select k.position, k.event_id from keyledger.events k
                               where k.stream_id = stream_ids[event_streams[w.first]]
                                 and k.version = event_versions[w.first] offset 0) as e on true
            where e.event_id = event_ids[w.first]
              and substring(command_ids[w.command] from 1 for 16) = uuid_send(e.event_id)
        loop
            outcomes[hit.command] := 4;
            first_positions[hit.command] := hit.position;
            event_counts[hit.command] := hit.events;
            known_fingerprints[hit.command] := fingerprints[hit.command];
            moved_ids[hit.command] := hit.event_id;
            refused := true;
        end loop;
    end if;
$becomes$),
            ($was$            last_command := of_command;
            commands_begun := commands_begun + 1;
$was$, $becomes$            last_command := of_command;
            commands_begun := commands_begun + 1;
            told_by_event[of_command] := coalesce(
                command_hours[of_command] > 0
                and substring(command_ids[of_command] from 1 for 16) = uuid_send(event_ids[i]), false);
$becomes$),
            ($was$        where outcomes[i] = 0;

        if claim_digests$was$, $becomes$        where outcomes[i] = 0 and not told_by_event[i];

        if claim_digests$becomes$)
        ) as edits(was, becomes)
    loop
        if strpos(body, edit.was) = 0 then
            raise exception 'append is not the function that the migration before made: %', edit.was;
        end if;
        body := replace(body, edit.was, edit.becomes);
    end loop;
    execute body;
end
$do$;
