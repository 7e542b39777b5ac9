-- Possible while no key has ended: what is made under one that has would be taken again, and a name given twice.
select pg_advisory_xact_lock(5426354651);
do $$
begin
    if exists (select from keyledger.ended_keys) then
        raise exception 'keys of the keyring have ended, which the older program does not know of'
            using hint = 'go on with this program, or restore a backup from before';
    end if;
end
$$;

drop trigger ended_claims on keyledger.claims;
drop trigger ended_wrapping on keyledger.subject_keys;
drop function keyledger.refuse_ended_claims();
drop function keyledger.refuse_ended_wrapping();
drop table keyledger.ended_keys;
