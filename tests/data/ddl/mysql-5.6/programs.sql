CREATE TABLE orders (id INT PRIMARY KEY, a INT, rank INT, system INT);
CREATE TABLE items (id INT PRIMARY KEY, a INT, rows INT);
DELIMITER //
CREATE PROCEDURE window (rank INT, OUT groups INT) BEGIN DECLARE lead INT DEFAULT rank; SELECT rows INTO groups FROM items WHERE items.rows = lead LIMIT 1; UPDATE orders SET rank = rank + 1, system = groups; END//
CREATE FUNCTION lag (system INT) RETURNS INT DETERMINISTIC RETURN system + 1//
CREATE PROCEDURE of () BEGIN SET @rank := lag(3), @of = corpus.lag(4); CALL window(1, @rank); lateral: LOOP LEAVE lateral; END LOOP lateral; SELECT ROW(1, 2) = (SELECT id, rank FROM orders LIMIT 1); END//
CREATE TRIGGER recursive BEFORE INSERT ON orders FOR EACH ROW SET NEW.rank = (SELECT MAX(rows) FROM items)//
DROP TRIGGER recursive//
CREATE TRIGGER recursive BEFORE INSERT ON orders FOR EACH ROW SET NEW.rank = (SELECT MAX(rows) FROM items)//
CREATE EVENT except ON SCHEDULE EVERY 1 HOUR DISABLE DO UPDATE items SET rows = rows + 1, a = (SELECT MAX(rank) FROM orders GROUP BY system WITH ROLLUP LIMIT 1)//
ALTER EVENT except RENAME TO intersect DISABLE//
ALTER PROCEDURE of COMMENT 'rank'//
DROP FUNCTION lag//
CREATE VIEW empty (groups, rank) AS SELECT orders.system, COUNT(*) FROM orders GROUP BY orders.system//
ALTER VIEW empty AS SELECT rank AS rows, system FROM orders//
DELIMITER ;
DROP VIEW empty;
