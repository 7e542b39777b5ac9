-- Functions as they were; nothing is lost.
select pg_advisory_xact_lock(5426354651);

drop function keyledger.plan_jobs;
create function keyledger.plan_jobs(for_log uuid, of_reactor text, at_positions bigint[], their_ordinals integer[],
                                    their_kinds text[], their_subjects uuid[], their_arguments text[]) returns void
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from keyledger.log l where l.log_id = for_log) then
        raise exception 'plan_jobs: of another log' using errcode = '22023';
    end if;
    if cardinality(at_positions) > 50000 then
        raise exception 'plan_jobs: too many at once' using errcode = '22023';
    end if;
    insert into keyledger.jobs (log_id, reactor, position, ordinal, kind, subject, arguments)
    select for_log, of_reactor, e.position, o.ordinal, o.kind, o.subject, o.arguments::uuid[]
      from unnest(at_positions, their_ordinals, their_kinds, their_subjects, their_arguments)
               as o(position, ordinal, kind, subject, arguments)
      left join lateral (select e.position from keyledger.events e where e.position = o.position offset 0) as e on true
    on conflict on constraint jobs_pkey do update
       set kind = excluded.kind, subject = excluded.subject, arguments = excluded.arguments, state = 'due',
           due_at = excluded.due_at, tried_since = excluded.tried_since, attempts = 0, leased_until = null,
           error_code = null, ended_at = null
     where (jobs.kind, jobs.subject, jobs.arguments) is distinct from
           (excluded.kind, excluded.subject, excluded.arguments);
end
$$;
revoke all on function keyledger.plan_jobs from public;
grant execute on function keyledger.plan_jobs to keyledger_service;

create or replace function keyledger.prune_jobs(at_most integer) returns integer
language sql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        delete from keyledger.jobs j
         where j.ctid = any(array(
             (select o.ctid from keyledger.jobs o
               where o.state in ('done', 'dropped') and o.ended_at < clock_timestamp() - interval '7 days'
               limit at_most)
             union all
             (select o.ctid from keyledger.jobs o
               where not exists (select from keyledger.log l where l.log_id = o.log_id)
                 and o.tried_since < clock_timestamp() - interval '7 days'
               limit at_most)
             limit at_most))
        returning 1)
    select count(*)::integer from gone;
$$;

do $do$
declare
    edit record;
    body text := pg_get_functiondef('keyledger.append'::regproc);
begin
    for edit in
        select * from (values
            ($was$           or cardinality(spent_digests) > 4096
           or exists (select from unnest(spent_expiries) as o(at) where o.at > moment + interval '8 days') then
            raise exception 'too many values are spent at once, or one that is good for longer than 8 days'
$was$, $becomes$           or exists (select from unnest(spent_expiries) as o(at) where o.at > moment + interval '30 days') then
            raise exception 'a command spends too many values, or one that is good for longer than 30 days'
$becomes$)
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
