-- Keys of the keyring that have ended: nothing is stored under them any more, by whichever node.
--
-- A node whose keyring is older goes on making things under a key that others do not have by now. What it makes would be
-- lost, and nobody could tell; so the database refuses it (KL007; the detail is the key's id), and the node reads its
-- keyring again. The owner alone ends keys, under append's lock and after nothing living is left under them.
create table keyledger.ended_keys (
    key_id   text collate "C" primary key,
    ended_at timestamptz not null default clock_timestamp()
);
grant select on keyledger.ended_keys to keyledger_service;

create function keyledger.refuse_ended_wrapping() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from keyledger.ended_keys e where e.key_id = new.key_encryption_key_id) then
        raise exception 'a subject''s key is wrapped under %, which has ended', new.key_encryption_key_id
            using errcode = 'KL007', detail = new.key_encryption_key_id;
    end if;
    return new;
end
$$;
revoke execute on function keyledger.refuse_ended_wrapping() from public;
create trigger ended_wrapping before insert or update of key_encryption_key_id on keyledger.subject_keys
    for each row execute function keyledger.refuse_ended_wrapping();

-- What is claimed under a living key at the same time is found and kept from others: a node that knows both is let be.
create function keyledger.refuse_ended_claims() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    ended text;
begin
    select n.key_id into ended from added n
    where exists (select from keyledger.ended_keys e where e.key_id = n.key_id)
      and not exists (select from added a
                      where a.owner = n.owner and a.kind = n.kind and a.tenant = n.tenant
                        and not exists (select from keyledger.ended_keys e where e.key_id = a.key_id))
    limit 1;
    if found then
        raise exception 'a claim is made under % alone, which has ended', ended using errcode = 'KL007', detail = ended;
    end if;
    return null;
end
$$;
revoke execute on function keyledger.refuse_ended_claims() from public;
create trigger ended_claims after insert on keyledger.claims referencing new table as added
    for each statement execute function keyledger.refuse_ended_claims();
