-- Limits that all nodes share: GCRA, one timestamp a bucket (eventstore/limits.hpp).

-- Unlogged: nothing waits for the disk, and a crash or a failover empties it. What must not be forgotten is in the log.
-- A bucket is known by a keyed digest of what it counts, so that whoever reads the table learns no address and no name.
create unlogged table keyledger.limits (
    bucket     uuid primary key,
    full_at_us bigint not null  -- since 1970, by this server's clock: from then on it is as if it were not here
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);

-- Takes from all buckets of each request, or from none of them, as if the requests came one after the other. `buckets` are
-- all that are named, each once, in ascending order: in this order they are locked, so that two callers never wait for
-- each other. The rest has an element for each bucket of each request, those of one request beside each other: which
-- request, which of `buckets`, what one attempt takes and what the bucket holds (in microseconds), and whether it is taken
-- or only looked at. For each of these the answer has how long the request must wait because of this bucket (0: it passed),
-- and how long it takes until the bucket is full.
create function keyledger.take_limits(buckets uuid[], requests integer[], places integer[], intervals bigint[],
                                      tolerances bigint[], takes boolean[], out waits bigint[], out levels bigint[])
language plpgsql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    stands  bigint[];
    now_us  bigint;
    before  bigint[];
    i       integer := 1;
    first   integer;
    entries constant integer := cardinality(requests);
    passes  boolean;
    after   bigint;
begin
    if entries > 20000 or cardinality(places) <> entries or cardinality(intervals) <> entries
       or cardinality(tolerances) <> entries or cardinality(takes) <> entries then
        raise exception 'take_limits: arrays of different lengths, or too long' using errcode = '22023';
    end if;
    with locked as (
        insert into keyledger.limits as l (bucket, full_at_us)
        select b, 0 from unnest(buckets) as b order by b
        on conflict (bucket) do update set full_at_us = l.full_at_us
        returning l.bucket, l.full_at_us)
    select array_agg(locked.full_at_us order by n) into stands
    from unnest(buckets) with ordinality as wanted(bucket, n) join locked on locked.bucket = wanted.bucket;
    -- Taken when the locks are held: whoever waited for them is not judged by the time before.
    now_us := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
    before := stands;
    waits := array_fill(0::bigint, array[entries]);
    levels := waits;
    while i <= entries loop
        first := i;
        passes := true;
        while i <= entries and requests[i] = requests[first] loop
            if intervals[i] < 1 or tolerances[i] < intervals[i] then
                raise exception 'take_limits: a bucket that holds no attempt' using errcode = '22023';
            end if;
            -- A clock that stepped back, or a limit that shrank, makes nobody wait longer than an empty bucket does.
            stands[places[i]] := least(greatest(stands[places[i]], now_us), now_us + tolerances[i]);
            after := stands[places[i]] + intervals[i] - now_us - tolerances[i];
            if after > 0 then
                passes := false;
                waits[i] := after;
            end if;
            i := i + 1;
        end loop;
        for entry in first .. i - 1 loop
            if passes and takes[entry] then
                stands[places[entry]] := stands[places[entry]] + intervals[entry];
            end if;
            levels[entry] := stands[places[entry]] - now_us;
        end loop;
    end loop;
    update keyledger.limits as l set full_at_us = moved.stands
    from unnest(buckets, before, stands) as moved(bucket, before, stands)
    where l.bucket = moved.bucket and moved.before <> moved.stands;
end
$$;

-- Forgets at most so many buckets that are full; returns how many. What others hold is left for later.
create function keyledger.prune_limits(at_most integer) returns integer
language sql volatile strict security definer
set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        delete from keyledger.limits
        where bucket = any(array(select bucket from keyledger.limits
                                 where full_at_us < (extract(epoch from clock_timestamp()) * 1000000)::bigint
                                 limit at_most for update skip locked))
        returning 1)
    select count(*)::integer from gone;
$$;

revoke all on keyledger.limits from public;
revoke all on function keyledger.take_limits, keyledger.prune_limits from public;
grant execute on function keyledger.take_limits, keyledger.prune_limits to keyledger_service;
