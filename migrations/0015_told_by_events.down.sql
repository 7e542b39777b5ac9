-- The function as it was. Nothing is lost; but what was appended before and is sent again after this, because its answer never
-- came, is taken for another command: it conflicts, and is decided anew.
select pg_advisory_xact_lock(5426354651);

do $do$
declare
    edit record;
    body text := pg_get_functiondef('keyledger.append'::regproc);
begin
    for edit in
        select * from (values
            ($was$    told_by_event boolean[] := array_fill(false, array[command_count]);
$was$, ''),
            ($was$    -- Sent again under an id that the service made: the stream of its first event has moved, by that very event.
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
$was$, ''),
            ($was$            told_by_event[of_command] := coalesce(
                command_hours[of_command] > 0
                and substring(command_ids[of_command] from 1 for 16) = uuid_send(event_ids[i]), false);
$was$, ''),
            (' and not told_by_event[i];', ';')
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
