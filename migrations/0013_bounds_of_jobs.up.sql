-- Bounds of what the service's role can have planned and spent, and an end to jobs of which nobody makes one.
select pg_advisory_xact_lock(5426354651);

-- As before, and what happened a day ago or longer causes nothing any more, however a cursor moves: a mail about it would
-- be none that anybody waits for, and all that ever happened would be told at once. Returns how many jobs those were.
drop function keyledger.plan_jobs;
create function keyledger.plan_jobs(for_log uuid, of_reactor text, at_positions bigint[], their_ordinals integer[],
                                    their_kinds text[], their_subjects uuid[], their_arguments text[]) returns integer
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    too_late integer;
begin
    if not exists (select from keyledger.log l where l.log_id = for_log) then
        raise exception 'plan_jobs: of another log' using errcode = '22023';
    end if;
    if cardinality(at_positions) > 50000 then
        raise exception 'plan_jobs: too many at once' using errcode = '22023';
    end if;
    if of_reactor !~ '^[a-z][a-z_-]{0,31}$' then
        raise exception 'plan_jobs: not the name of a reactor' using errcode = '22023';
    end if;
    select count(*) into too_late
      from unnest(at_positions) as o(position)
      cross join lateral (select e.recorded_at from keyledger.events e where e.position = o.position offset 0) as e
     where e.recorded_at < clock_timestamp() - interval '1 day';
    insert into keyledger.jobs (log_id, reactor, position, ordinal, kind, subject, arguments)
    select for_log, of_reactor, e.position, o.ordinal, o.kind, o.subject, o.arguments::uuid[]
      from unnest(at_positions, their_ordinals, their_kinds, their_subjects, their_arguments)
               as o(position, ordinal, kind, subject, arguments)
      left join lateral (select e.position, e.recorded_at from keyledger.events e
                          where e.position = o.position offset 0) as e on true
     where e.recorded_at is null or e.recorded_at >= clock_timestamp() - interval '1 day'
    on conflict on constraint jobs_pkey do update
       set kind = excluded.kind, subject = excluded.subject, arguments = excluded.arguments, state = 'due',
           due_at = excluded.due_at, tried_since = excluded.tried_since, attempts = 0, leased_until = null,
           error_code = null, ended_at = null
     where (jobs.kind, jobs.subject, jobs.arguments) is distinct from
           (excluded.kind, excluded.subject, excluded.arguments);
    return too_late;
end
$$;
revoke all on function keyledger.plan_jobs from public;
grant execute on function keyledger.plan_jobs to keyledger_service;

-- Forgets, besides, what has been due or dead for 30 days: nobody performs it.
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
             union all
             (select o.ctid from keyledger.jobs o
               where o.state in ('due', 'dead') and o.due_at < clock_timestamp() - interval '30 days'
                 and o.tried_since < clock_timestamp() - interval '30 days'
               limit at_most)
             limit at_most))
        returning 1)
    select count(*)::integer from gone;
$$;

-- `append`, with bounds of what is spent that are the service's own: 256 commands of a batch spend 16 values each, and
-- nothing that is good once is good for longer than a week. A row that is good for a month is out of reach of
-- `prune_spent` for as long.
do $do$
declare
    edit record;
    body text := pg_get_functiondef('keyledger.append'::regproc);
begin
    for edit in
        select * from (values
            ($was$           or exists (select from unnest(spent_expiries) as o(at) where o.at > moment + interval '30 days') then
            raise exception 'a command spends too many values, or one that is good for longer than 30 days'
$was$, $becomes$           or cardinality(spent_digests) > 4096
           or exists (select from unnest(spent_expiries) as o(at) where o.at > moment + interval '8 days') then
            raise exception 'too many values are spent at once, or one that is good for longer than 8 days'
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
