CREATE TABLE orders (id INT PRIMARY KEY, a INT);
CREATE TABLE items (id INT PRIMARY KEY, a INT);
CREATE TABLE a (id INT);
CREATE TABLE b (id INT);
CREATE VIEW v AS SELECT a FROM orders;
RENAME TABLE a TO a2;
rename table corpus.a2 to corpus.a;
RENAME TABLES `a` TO `c`, b TO d;
RENAME TABLE c TO a, d TO b;
RENAME TABLE a TO swap_, b TO a, swap_ TO b;
RENAME TABLE orders TO swap_, items TO orders, swap_ TO items;
RENAME TABLE orders TO swap_, items TO orders, swap_ TO items;
RENAME TABLE orders TO orders_old, a TO orders;
RENAME TABLE orders TO a, orders_old TO orders;
RENAME TABLE corpus . orders TO corpus . orders_1;
RENAME TABLE orders_1 TO orders;
RENAME TABLE `orders` TO `_orders_del`, `items` TO `orders`;
RENAME TABLE `orders` TO `items`, `_orders_del` TO `orders`;
RENAME TABLE v TO v2;
RENAME TABLE a TO `odd ``name`;
RENAME TABLE `odd ``name` TO a;
ALTER DATABASE corpus CHARACTER SET latin1;
ALTER DATABASE CHARACTER SET utf8mb4;
ALTER DATABASE DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
ALTER SCHEMA corpus DEFAULT COLLATE utf8mb4_0900_ai_ci;
ALTER SCHEMA `corpus` CHARACTER SET utf8mb4;
ALTER DATABASE DEFAULT ENCRYPTION = 'N';
ALTER DATABASE corpus ENCRYPTION 'N' COLLATE latin1_bin;
CREATE DATABASE IF NOT EXISTS corpus;
CREATE SCHEMA IF NOT EXISTS `corpus` CHARACTER SET utf8mb4;
CREATE TABLE after_alter (a VARCHAR(10));
--! database
CREATE TABLE corpus.nodb (a INT);
ALTER TABLE corpus.nodb ADD b INT, ADD FOREIGN KEY (a) REFERENCES corpus.orders (id);
ALTER TABLE corpus.nodb RENAME corpus.nodb2;
ALTER TABLE corpus.nodb2 RENAME TO corpus.nodb;
CREATE TABLE corpus.nodb_like LIKE corpus.orders;
CREATE VIEW corpus.nodb_v AS SELECT corpus.orders.id FROM corpus.orders JOIN corpus.items ON corpus.orders.id = corpus.items.id;
CREATE PROCEDURE corpus.nodb_p() SELECT orders.id FROM orders;
CREATE TRIGGER corpus.nodb_t BEFORE INSERT ON corpus.orders FOR EACH ROW SET NEW.a = (SELECT MAX(items.id) FROM items);
CREATE INDEX nodb_i ON corpus.orders (a);
DROP INDEX nodb_i ON corpus.orders;
TRUNCATE TABLE corpus.nodb;
DROP TRIGGER corpus.nodb_t;
RENAME TABLE corpus.nodb TO corpus.nodb3, corpus.orders TO corpus.orders_9;
RENAME TABLE corpus.orders_9 TO corpus.orders;
DROP PROCEDURE corpus.nodb_p;
DROP VIEW corpus.nodb_v;
DROP TABLE corpus.nodb3, corpus.nodb_like;
--! database elsewhere
CREATE TABLE corpus.far (a INT, KEY (a));
CREATE TABLE corpus.far2 (a INT, FOREIGN KEY (a) REFERENCES orders (id));
ALTER TABLE corpus.far ADD CONSTRAINT FOREIGN KEY (a) REFERENCES corpus.items (id);
ALTER TABLE corpus.far RENAME corpus.far_b;
CREATE PROCEDURE corpus.far_p() UPDATE orders SET orders.a = 1;
CREATE VIEW corpus.far_v AS SELECT id FROM corpus.orders;
DROP TABLE IF EXISTS corpus.far_b, corpus.no_such;
--! skip
CREATE TABLE here (a INT);
--! skip
ALTER TABLE here ADD b INT;
--! skip
RENAME TABLE here TO here2;
--! skip
DROP TABLE here2;
--! skip
CREATE DATABASE elsewhere2;
--! skip
DROP DATABASE elsewhere2;
--! skip
CREATE VIEW here_v AS SELECT 1;
DROP TABLE IF EXISTS here_t, corpus.b;
DROP VIEW IF EXISTS here_v, corpus.far_v;
--! database corpus
--! skip
CREATE USER corpus_u IDENTIFIED BY 'x';
--! skip
GRANT SELECT ON orders TO corpus_u;
--! skip
ALTER USER corpus_u ACCOUNT LOCK;
--! skip
REVOKE ALL ON corpus.* FROM corpus_u;
--! skip
RENAME USER corpus_u TO corpus_u2;
--! skip
SET PASSWORD FOR corpus_u2 = 'y';
--! skip
DROP USER corpus_u2;
--! skip
CREATE ROLE corpus_r;
--! skip
DROP ROLE IF EXISTS corpus_r;
--! skip
ANALYZE TABLE orders;
--! skip
OPTIMIZE NO_WRITE_TO_BINLOG TABLE orders;
--! skip
CHECK TABLE orders;
--! skip
FLUSH TABLES orders;
--! skip
FLUSH PRIVILEGES;
--! skip
CREATE SERVER corpus_s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'orders', DATABASE 'items', USER 'x');
--! skip
ALTER SERVER corpus_s OPTIONS (USER 'y');
--! skip
DROP SERVER corpus_s;
--! skip
CREATE SPATIAL REFERENCE SYSTEM 990001 NAME 'orders' DEFINITION 'GEOGCS["x",DATUM["y",SPHEROID["z",6378137,298.257]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AXIS["Lat",NORTH],AXIS["Lon",EAST]]';
--! skip
CREATE OR REPLACE SPATIAL REFERENCE SYSTEM 990001 NAME 'orders2' DEFINITION 'GEOGCS["x",DATUM["y",SPHEROID["z",6378137,298.257]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AXIS["Lat",NORTH],AXIS["Lon",EAST]]';
--! skip
DROP SPATIAL REFERENCE SYSTEM IF EXISTS 990001;
--! skip
CREATE TABLESPACE corpus_ts ADD DATAFILE 'corpus_ts.ibd';
--! skip
ALTER TABLESPACE corpus_ts RENAME TO corpus_ts2;
--! skip
DROP TABLESPACE corpus_ts2;
--! skip
CREATE UNDO TABLESPACE corpus_undo ADD DATAFILE 'corpus_undo.ibu';
--! skip
ALTER UNDO TABLESPACE corpus_undo SET INACTIVE;
--! skip
CREATE RESOURCE GROUP corpus_rg TYPE = USER;
--! skip
DROP RESOURCE GROUP corpus_rg;
