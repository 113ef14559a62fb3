-- A MySQL or MariaDB account that suffices for every check of a database and can change nothing.
-- Run as an administrator; write the name of the checked database for `shop`, and the network that the checks come from.
CREATE USER 'signoff'@'10.0.0.%' IDENTIFIED BY 'change-me' WITH MAX_USER_CONNECTIONS 10;

-- Without it, tables are left out of the catalogue instead of being refused.
GRANT SELECT ON `shop`.* TO 'signoff'@'10.0.0.%';

-- Other sessions' transactions.
GRANT PROCESS ON *.* TO 'signoff'@'10.0.0.%';

-- Statements and the use of indexes.
GRANT SELECT ON performance_schema.* TO 'signoff'@'10.0.0.%';
