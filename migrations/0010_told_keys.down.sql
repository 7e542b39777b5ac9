drop function keyledger.tell_keys(text[], bigint[], bigint[]);
drop table keyledger.told_keys;
