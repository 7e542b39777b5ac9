-- What is planned and not done yet would be forgotten: nothing would plan it again.
do $$
begin
    if exists (select from keyledger.jobs j join keyledger.log l using (log_id) where j.state in ('due', 'dead')) then
        raise exception 'there are jobs that are not done'
            using hint = 'let them be performed, or end them by keyledger jobs drop; see keyledger jobs list';
    end if;
end
$$;
drop function keyledger.prune_jobs(integer);
drop function keyledger.drop_job(uuid, text, bigint, integer);
drop function keyledger.retry_job(uuid, text, bigint, integer);
drop function keyledger.finish_job(uuid, text, bigint, integer, integer, text, bigint, text);
drop function keyledger.claim_job(uuid, text, integer);
drop function keyledger.plan_jobs(uuid, text, bigint[], integer[], text[], uuid[], text[]);
drop table keyledger.jobs;
