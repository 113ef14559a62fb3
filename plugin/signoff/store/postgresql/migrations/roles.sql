-- Least privilege for a shared store of evidence. A database administrator runs this once, after `signoff store migrate`,
-- and grants one of the roles to each login: GRANT signoff_writer TO ci_runner;
--   signoff_reader   reads: signoff status, gate, report, verify; auditors
--   signoff_writer   reads and appends: runs, approvals, signoff sync; can change and delete nothing
-- Whoever runs `signoff store migrate` owns the schema. That login could take the safeguards away: give it to nobody
-- and to no runner from day to day.
CREATE ROLE signoff_reader NOLOGIN;
CREATE ROLE signoff_writer NOLOGIN IN ROLE signoff_reader;

REVOKE ALL ON SCHEMA signoff FROM PUBLIC;
GRANT USAGE ON SCHEMA signoff TO signoff_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA signoff TO signoff_reader;
GRANT INSERT (environment, chain, seq, line) ON signoff.journal_line, signoff.ledger_line TO signoff_writer;
GRANT INSERT (environment, chain) ON signoff.own_ledger TO signoff_writer;
GRANT INSERT (environment, name, content) ON signoff.envelope TO signoff_writer;
