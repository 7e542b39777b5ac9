-- What the log causes outside: jobs, planned from its events and performed by any node (reactors/).

-- One row for each thing that is to be done because of an event, under a name that the event gives: planned once, whatever
-- is killed, for it is inserted in the transaction that moves the cursor of its reactor (keyledger.checkpoints). Nothing
-- personal is in it, only ids: what is told to whom is folded from the log when the job is performed. Of another history
-- (log_id) nothing is performed.
create table keyledger.jobs (
    log_id       uuid not null,
    reactor      text collate "C" not null check (octet_length(reactor) between 1 and 32),
    position     bigint not null,   -- of the event that caused it
    ordinal      integer not null check (ordinal between 0 and 63),  -- among the jobs of that event
    kind         text collate "C" not null check (octet_length(kind) between 1 and 64),
    subject      uuid not null,     -- whom or what it concerns
    arguments    uuid[] not null check (cardinality(arguments) <= 8),
    state        text collate "C" not null default 'due' check (state in ('due', 'done', 'dead', 'dropped')),
    due_at       timestamptz not null default clock_timestamp(),     -- while somebody performs it: the end of the lease
    tried_since  timestamptz not null default clock_timestamp(),     -- a day from here it is dead
    attempts     integer not null default 0,
    leased_until timestamptz,
    error_code   text collate "C" check (octet_length(error_code) between 1 and 64),  -- never a text of a remote server
    ended_at     timestamptz,
    primary key (log_id, reactor, position, ordinal)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);
create index jobs_open on keyledger.jobs (log_id, reactor, state, due_at) where state in ('due', 'dead');
create index jobs_ended on keyledger.jobs (ended_at) where state in ('done', 'dropped');

-- Adds the jobs of a batch of events, each element of the arrays a part of one job; of events alone that this log has. What
-- stands under such a name already was not planned, for that happens once: it gives way, and stops no planner.
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

-- The job that is due for the longest, if there is one that nobody holds, for whoever asks: until the end of the lease it
-- is nobody else's. Its number of attempts is what it is given back under.
create function keyledger.claim_job(for_log uuid, of_reactor text, lease_ms integer)
returns table (at_position bigint, its_ordinal integer, its_kind text, its_subject uuid, its_arguments uuid[],
               its_attempt integer, tried_for_ms bigint)
language sql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
    with due as (
        select j.position, j.ordinal from keyledger.jobs j
         where j.log_id = (select l.log_id from keyledger.log l where l.log_id = for_log)
           and j.reactor = of_reactor and j.state = 'due' and j.due_at <= clock_timestamp()
         order by j.due_at limit 1 for update skip locked)
    update keyledger.jobs j
       set attempts = j.attempts + 1, leased_until = lease.ends, due_at = lease.ends
      from due, (select clock_timestamp() + make_interval(secs => greatest(1, least(lease_ms, 3600000)) / 1000.0) as ends)
                as lease
     where j.log_id = for_log and j.reactor = of_reactor and j.position = due.position and j.ordinal = due.ordinal
    returning j.position, j.ordinal, j.kind, j.subject, j.arguments, j.attempts,
              (extract(epoch from clock_timestamp() - j.tried_since) * 1000)::bigint;
$$;

-- What came of an attempt: done, dead, or due again after so long. False, and nothing is changed: somebody else has
-- claimed it since, or an operator has ended it.
create function keyledger.finish_job(for_log uuid, of_reactor text, at_position bigint, its_ordinal integer,
                                     its_attempt integer, to_state text, after_ms bigint, code text) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if to_state not in ('due', 'done', 'dead') or to_state is null then
        raise exception 'finish_job: no such outcome' using errcode = '22023';
    end if;
    update keyledger.jobs j
       set state = to_state, error_code = code, leased_until = null,
           due_at = case when to_state = 'due'
                         then clock_timestamp() + make_interval(secs => least(greatest(after_ms, 0), 86400000) / 1000.0)
                         else j.due_at end,
           ended_at = case when to_state = 'done' then clock_timestamp() end
     where j.log_id = for_log and j.reactor = of_reactor and j.position = at_position and j.ordinal = its_ordinal
       and j.state = 'due' and j.attempts = its_attempt;
    return found;
end
$$;

-- By an operator. A dead job becomes due, as if it had just been planned; one that is dead or due is dropped. False: it is
-- neither, or there is none.
create function keyledger.retry_job(for_log uuid, of_reactor text, at_position bigint, its_ordinal integer)
returns boolean
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update keyledger.jobs j
       set state = 'due', due_at = clock_timestamp(), tried_since = clock_timestamp(), leased_until = null
     where j.log_id = for_log and j.reactor = of_reactor and j.position = at_position and j.ordinal = its_ordinal
       and j.state = 'dead';
    return found;
end
$$;
create function keyledger.drop_job(for_log uuid, of_reactor text, at_position bigint, its_ordinal integer)
returns boolean
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update keyledger.jobs j set state = 'dropped', leased_until = null, ended_at = clock_timestamp()
     where j.log_id = for_log and j.reactor = of_reactor and j.position = at_position and j.ordinal = its_ordinal
       and j.state in ('due', 'dead');
    return found;
end
$$;

-- Forgets at most so many that ended a week ago, or that are of another history; returns how many.
create function keyledger.prune_jobs(at_most integer) returns integer
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

revoke all on keyledger.jobs from public;
grant select on keyledger.jobs to keyledger_service;
revoke all on function keyledger.plan_jobs, keyledger.claim_job, keyledger.finish_job, keyledger.retry_job,
    keyledger.drop_job, keyledger.prune_jobs from public;
grant execute on function keyledger.plan_jobs, keyledger.claim_job, keyledger.finish_job, keyledger.retry_job,
    keyledger.drop_job, keyledger.prune_jobs to keyledger_service;
