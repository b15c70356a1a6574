CREATE TABLE orders (id INT PRIMARY KEY, a INT, b INT);
CREATE TABLE items (id INT PRIMARY KEY, a INT);
/* first */ CREATE /* second */ TABLE /* third */ k1 /* fourth */ (a INT /* fifth */) /* sixth */;
# a line
CREATE TABLE k2 # another
(a INT) -- the end
;
-- a line
CREATE TABLE k3 (a INT, -- one
b INT # two
);
--
CREATE TABLE k4 (a INT);
/*! CREATE TABLE k5 (a INT) */;
/*!50000 CREATE TABLE k6 (a INT) */;
/*!80000CREATE TABLE k7 (a INT)*/;
/*!40101 CREATE */ /*!50100 TABLE */ k8 (a INT);
CREATE TABLE k9 (a INT /*!99999 , b INT */);
CREATE TABLE k10 (a INT /*!50001 , b INT */ /*!80013 , c INT */);
CREATE TABLE k11 (a INT) /*!50100 PARTITION BY HASH (a) PARTITIONS 2 */;
CREATE /*!99999 TEMPORARY */ TABLE k12 (a INT);
ALTER/**/TABLE/**/orders/**/ADD/**/COLUMN/**/c/**/INT;
ALTER
TABLE
orders
ADD
d
INT
;
	ALTER	TABLE	orders	ADD	e	INT	;
ALTER TABLE orders /* , RENAME TO other */ ADD f INT;
ALTER TABLE orders ADD g INT COMMENT '/* */ -- #';
ALTER TABLE /*!50000 orders */ ADD h INT;
ALTER TABLE /*!50000 corpus.*/orders ADD i INT;
ALTER TABLE orders /*!50000 ADD j INT, */ ADD k INT;
ALTER TABLE orders ADD l INT COMMENT "it's", ADD m INT COMMENT 'say "orders"';
ALTER TABLE orders ADD n VARCHAR(20) DEFAULT 'a\\', ADD o VARCHAR(20) DEFAULT '\'';
ALTER TABLE orders ADD p VARCHAR(20) DEFAULT '''', ADD q VARCHAR(20) DEFAULT "\"";
ALTER TABLE orders ADD r VARCHAR(20) DEFAULT _utf8mb4'orders', ADD s BINARY(3) DEFAULT X'616263', ADD t BIT(3) DEFAULT b'101';
ALTER TABLE orders ADD u INT DEFAULT -1, ADD v DOUBLE DEFAULT 1e3, ADD w DECIMAL(3,1) DEFAULT .5;
RENAME/* gh-ost */TABLE orders TO orders_x;
rename /* x */ table `corpus`.`orders_x` /* y */ to /* z */ `corpus`.`orders` /* end */;
DROP TABLE /* comment */ IF /* c */ EXISTS /* c */ k1 /* c */ , /* c */ k2;
/* CREATE TABLE orders */ DROP TABLE k3;
--! mode ANSI_QUOTES
CREATE TABLE "k20" ("a" INT, b VARCHAR(9) DEFAULT 'orders');
ALTER TABLE "orders" ADD "aa" INT;
ALTER TABLE corpus."orders" ADD ab INT;
ALTER TABLE "corpus"."orders" ADD "a""c" INT;
CREATE VIEW "v1" AS SELECT "a", 'orders' AS "o" FROM "orders";
CREATE VIEW v2 AS SELECT "orders"."a" FROM "corpus"."orders" WHERE "orders"."b" = 'items';
DROP TABLE "k20";
DROP VIEW "v1", v2;
--! mode NO_BACKSLASH_ESCAPES
ALTER TABLE orders ADD ad VARCHAR(9) DEFAULT 'a\', ADD ae VARCHAR(9) DEFAULT '\';
ALTER TABLE orders ADD af INT COMMENT '\', RENAME TO orders_b;
ALTER TABLE orders_b RENAME TO orders;
--! mode ANSI_QUOTES,NO_BACKSLASH_ESCAPES
ALTER TABLE "orders" ADD ag VARCHAR(9) DEFAULT 'a\' COMMENT '"';
--! mode
--! skip
/*!99999 nothing of this version */;
--! skip
/* only a comment */;
