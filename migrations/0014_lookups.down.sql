drop function keyledger.prune_lookups;
drop function keyledger.find_lookup;
drop function keyledger.keep_lookup;
drop table keyledger.lookups;
drop function keyledger.count_lookups;
drop table keyledger.lookups_held;
