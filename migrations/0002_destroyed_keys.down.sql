drop index keyledger.subject_keys_destroyed;
