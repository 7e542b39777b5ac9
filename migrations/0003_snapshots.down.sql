drop table keyledger.snapshots;
