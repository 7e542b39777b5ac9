-- Every node asks now and then whose key died, to forget what it remembers of him.
create index subject_keys_destroyed on keyledger.subject_keys (destroyed_at) where destroyed_at is not null;
