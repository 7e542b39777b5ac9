-- Snapshots of long streams.

-- A remembered fold, sealed by the service under a key that is not in the database: whoever writes here can make a load
-- slower but not wrong. The newest of each stream. Nothing is lost with this table: streams are folded from their start.
create table keyledger.snapshots (
    stream_id uuid primary key,
    tenant    text collate "C" not null,
    version   integer not null check (version > 0),  -- of the last event that is folded in
    event_id  uuid not null,                         -- of that event
    leaf_hash bytea not null check (octet_length(leaf_hash) = 32),
    fold      text collate "C" not null,             -- what folded it; another one does not read it
    sealed    bytea not null,
    kept_at   timestamptz not null default now()
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
grant select, insert, update, delete on keyledger.snapshots to keyledger_service;
