drop function keyledger.prune_limits;
drop function keyledger.take_limits;
drop table keyledger.limits;
