create index concurrently subject_keys_destroyed on keyledger.subject_keys (destroyed_at)
    where destroyed_at is not null;
