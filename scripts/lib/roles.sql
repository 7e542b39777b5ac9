-- The database and its two roles, as a superuser. May be run again: it then only sets the passwords.
--   KEYLEDGER_OWNER_PASSWORD=... KEYLEDGER_SERVICE_PASSWORD=... psql -f scripts/lib/roles.sql
-- keyledger_owner migrates; keyledger_service serves, and gets its few rights from the migrations.
\set ON_ERROR_STOP on
\set QUIET on
\getenv owner_password KEYLEDGER_OWNER_PASSWORD
\getenv service_password KEYLEDGER_SERVICE_PASSWORD
select 'create role keyledger_owner login createrole'
 where not exists (select from pg_roles where rolname = 'keyledger_owner') \gexec
select 'create role keyledger_service login'
 where not exists (select from pg_roles where rolname = 'keyledger_service') \gexec
-- From PostgreSQL 16 on, CREATEROLE alone makes nobody a member of a role that somebody else made: `migrate up` gives
-- tables back to keyledger_service that were made in its place. The owner may neither become it nor use its rights.
select 'grant keyledger_service to keyledger_owner with admin true, inherit false, set false'
 where current_setting('server_version_num')::int >= 160000 \gexec
alter role keyledger_owner password :'owner_password';
alter role keyledger_service password :'service_password';
select 'create database keyledger owner keyledger_owner encoding ''UTF8'' template template0'
 where not exists (select from pg_database where datname = 'keyledger') \gexec
revoke all on database keyledger from public;
grant connect on database keyledger to keyledger_service;
