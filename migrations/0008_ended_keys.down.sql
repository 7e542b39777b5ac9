drop trigger ended_claims on keyledger.claims;
drop trigger ended_wrapping on keyledger.subject_keys;
drop function keyledger.refuse_ended_claims();
drop function keyledger.refuse_ended_wrapping();
drop table keyledger.ended_keys;
