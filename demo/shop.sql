-- The shop of the demo: what a small real database has, and a replica has to keep: foreign keys
-- with cascades, a table without primary key, JSON, a trigger, a view, a procedure.
CREATE DATABASE shop CHARACTER SET utf8mb4;
USE shop;

CREATE TABLE customers (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(120) NOT NULL UNIQUE,
    name VARCHAR(80) NOT NULL,
    vip BOOL NOT NULL DEFAULT FALSE,
    settings JSON,
    joined DATETIME(3) NOT NULL
);

CREATE TABLE products (
    sku CHAR(8) CHARACTER SET ascii PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    price DECIMAL(10, 2) NOT NULL,
    stock INT NOT NULL,
    picture VARBINARY(64)
);

CREATE TABLE orders (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    customer INT UNSIGNED NOT NULL,
    state ENUM('open', 'paid', 'shipped', 'returned') NOT NULL DEFAULT 'open',
    placed TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    KEY by_state (state),
    FOREIGN KEY (customer) REFERENCES customers (id)
);

CREATE TABLE order_lines (
    `order` BIGINT UNSIGNED NOT NULL,
    line TINYINT UNSIGNED NOT NULL,
    sku CHAR(8) CHARACTER SET ascii NOT NULL,
    quantity SMALLINT UNSIGNED NOT NULL,
    price DECIMAL(10, 2) NOT NULL,
    PRIMARY KEY (`order`, line),
    FOREIGN KEY (`order`) REFERENCES orders (id) ON DELETE CASCADE,
    FOREIGN KEY (sku) REFERENCES products (sku)
);

CREATE TABLE order_history (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    `order` BIGINT UNSIGNED NOT NULL,
    state VARCHAR(10) NOT NULL,
    at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
);

-- No key at all: a replica can find its rows only by all their values.
CREATE TABLE page_views (
    at DATETIME NOT NULL,
    customer INT UNSIGNED,
    page VARCHAR(60) NOT NULL
);

CREATE TRIGGER keep_history AFTER UPDATE ON orders FOR EACH ROW
    INSERT INTO order_history (`order`, state) VALUES (NEW.id, NEW.state);

CREATE VIEW best_sellers AS
    SELECT p.sku, p.name, SUM(l.quantity) AS sold, SUM(l.quantity * l.price) AS revenue
    FROM order_lines l JOIN products p ON p.sku = l.sku
    GROUP BY p.sku, p.name;

CREATE PROCEDURE restock(IN wanted CHAR(8), IN pieces INT)
    UPDATE products SET stock = stock + pieces WHERE sku = wanted;

SET cte_max_recursion_depth = 1000000;

INSERT INTO customers (email, name, vip, settings, joined)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    SELECT CONCAT('customer', i, '@example.com'), CONCAT('Łucja Müller-', i, ' 🛒'), i % 17 = 0,
           IF(i % 3, JSON_OBJECT('language', ELT(1 + i % 4, 'de', 'fr', 'pl', '日本'), 'mail', i % 2 = 0), NULL),
           NOW(3) - INTERVAL RAND(1) * 86400 * 900 SECOND
    FROM n;

INSERT INTO products
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    SELECT LPAD(i, 8, 'P'), CONCAT(ELT(1 + i % 5, 'Lamp', 'Table', 'Chair', 'Tin of paint', 'Ladder'), ' no. ', i),
           ROUND(1 + RAND(2) * 400, 2), 100000, UNHEX(SHA2(i, 512))
    FROM n;

INSERT INTO orders (customer, state, placed)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
    SELECT 1 + FLOOR(RAND(3) * 20000), ELT(1 + FLOOR(RAND(4) * 4), 'open', 'paid', 'shipped', 'returned'),
           NOW(6) - INTERVAL RAND(5) * 86400 * 300 SECOND
    FROM n;

INSERT INTO order_lines
    SELECT o.id, n.i, LPAD(1 + FLOOR(RAND(6) * 2000), 8, 'P'), 1 + FLOOR(RAND(7) * 5), ROUND(1 + RAND(8) * 400, 2)
    FROM orders o JOIN (SELECT 1 AS i UNION ALL SELECT 2 UNION ALL SELECT 3) n;

INSERT INTO page_views
    SELECT NOW() - INTERVAL RAND(9) * 86400 SECOND, IF(id % 4, id, NULL), CONCAT('/product/', id % 2000)
    FROM customers WHERE id <= 1000;
