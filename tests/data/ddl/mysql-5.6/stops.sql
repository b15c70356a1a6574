-- What later servers lack: the task stops, and goes on without it.
CREATE TABLE orders (id INT, a INT, KEY (id));
--! stop
ALTER IGNORE TABLE orders ADD UNIQUE u (a);
DROP TABLE orders;
CREATE TABLE orders (id INT, a INT, KEY (id));
--! stop
CREATE PROCEDURE old_words() BEGIN SELECT id FROM orders PROCEDURE ANALYSE(10); END;
DROP PROCEDURE IF EXISTS old_words;
--! stop
CREATE VIEW cached AS SELECT SQL_CACHE id FROM orders;
DROP VIEW cached;
--! stop
CREATE TABLE parted (a INT) ENGINE=MyISAM PARTITION BY HASH (a) PARTITIONS 2;
DROP TABLE IF EXISTS parted;
