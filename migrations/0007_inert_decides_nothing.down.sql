-- Tree heads that are kept here go: the older program begins its own table anew. Keep those of a file or of Kafka.
select pg_advisory_xact_lock(5426354651);

drop function keyledger.store_tree_head, keyledger.prune_tree_heads, keyledger.buried_under;
drop table keyledger.tree_heads;
alter table keyledger.log drop column first_head_at;
alter table keyledger.commands drop constraint commands_sizes;
alter table keyledger.claims drop constraint claims_sizes;
alter table keyledger.credentials drop constraint credentials_sizes;
alter table keyledger.subject_keys drop constraint subject_keys_sizes;

do $$
declare
    edit record;
    body text;
begin
    for edit in
        select * from (values
            ('keyledger.append'::regproc, $was$
    if new_head = old_head then$was$, $new$
    if exists (select from generate_series(1, cardinality(stream_ids)) as i
               where stream_firsts[i] is not null and found_types[i] <> stream_types[i]) then
        raise exception 'a stream is of another type than its new events' using errcode = 'KL002';
    end if;

    if new_head = old_head then$new$),
            ('keyledger.append'::regproc, $was$
    if for_tenant <> 'default' then
        raise exception 'there is no tenant %', left(for_tenant, 64) using errcode = 'KL002';
    end if;
$was$, $new$
$new$),
            ('keyledger.take_limits'::regproc, $was$ or cardinality(buckets) > entries or array_position(requests, null) is not null$was$, ''),
            ('keyledger.take_limits'::regproc, $was$
            if intervals[i] < 1 or tolerances[i] < intervals[i] or tolerances[i] > 2592000000000 then
                raise exception 'take_limits: a bucket that holds no attempt, or more than 30 days'
                    using errcode = '22023';
            end if;
$was$, $new$
            if intervals[i] < 1 or tolerances[i] < intervals[i] then
                raise exception 'take_limits: a bucket that holds no attempt' using errcode = '22023';
            end if;
$new$),
            ('keyledger.prune_commands'::regproc, $was$least(before_time, now() - interval '24 hours')$was$,
                $new$least(before_time, now() - interval '1 hour')$new$)
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
