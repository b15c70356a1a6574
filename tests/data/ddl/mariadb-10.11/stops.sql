-- What MySQL lacks: the task stops, and goes on without it.
CREATE TABLE orders (id INT PRIMARY KEY, a INT);
--! refuse
CREATE OR REPLACE TABLE orders (id INT PRIMARY KEY, a INT);
--! refuse
ALTER TABLE orders ADD COLUMN IF NOT EXISTS b INT;
DROP TABLE orders;
--! stop
CREATE PROCEDURE p() FOR i IN 1 .. 3 DO SELECT i; END FOR;
DROP PROCEDURE IF EXISTS p;
-- The CHECK of a column, which MariaDB makes anew with it.
CREATE TABLE documents (a INT, b JSON);
--! stop
ALTER TABLE documents CHANGE b c JSON;
DROP TABLE documents;
