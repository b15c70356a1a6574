-- What the demo's writers do until somebody sets `enough`. A database of its own: it is not part of
-- the task, so nothing of it reaches the target.
CREATE DATABASE traffic;
USE traffic;

CREATE TABLE control (enough BOOL NOT NULL);
INSERT INTO control VALUES (FALSE);

DELIMITER //

CREATE PROCEDURE place_order()
BEGIN
    DECLARE new_order BIGINT UNSIGNED;
    DECLARE lines_left INT DEFAULT 1 + FLOOR(RAND() * 4);
    DECLARE chosen CHAR(8);
    START TRANSACTION;
    INSERT INTO shop.orders (customer) VALUES (1 + FLOOR(RAND() * 20000));
    SET new_order = LAST_INSERT_ID();
    WHILE lines_left > 0 DO
        SET chosen = LPAD(1 + FLOOR(RAND() * 2000), 8, 'P');
        INSERT INTO shop.order_lines
            SELECT new_order, lines_left, sku, 1 + FLOOR(RAND() * 5), price
            FROM shop.products WHERE sku = chosen;
        SET lines_left = lines_left - 1;
    END WHILE;
    COMMIT;
END //

CREATE PROCEDURE do_something()
BEGIN
    DECLARE newest BIGINT UNSIGNED DEFAULT (SELECT MAX(id) FROM shop.orders);
    DECLARE some_order BIGINT UNSIGNED DEFAULT FLOOR(RAND() * newest);
    DECLARE some_customer INT UNSIGNED DEFAULT 1 + FLOOR(RAND() * 20000);
    DECLARE dice INT DEFAULT FLOOR(RAND() * 100);
    CASE
        WHEN dice < 40 THEN CALL place_order();
        WHEN dice < 65 THEN
            UPDATE shop.orders SET state = ELT(1 + FLOOR(RAND() * 4), 'open', 'paid', 'shipped', 'returned')
            WHERE id >= some_order ORDER BY id LIMIT 3;
        WHEN dice < 72 THEN DELETE FROM shop.orders WHERE id >= some_order ORDER BY id LIMIT 1;
        WHEN dice < 82 THEN
            CALL shop.restock(LPAD(1 + FLOOR(RAND() * 2000), 8, 'P'), FLOOR(RAND() * 20));
        WHEN dice < 88 THEN
            UPDATE shop.customers
            SET vip = NOT vip, settings = JSON_OBJECT('language', 'ελ', 'seen', NOW(6))
            WHERE id = some_customer;
        WHEN dice < 96 THEN
            INSERT INTO shop.page_views
            VALUES (NOW(), 1 + FLOOR(RAND() * 20000), CONCAT('/product/', FLOOR(RAND() * 2000)));
        ELSE
            -- The oldest views go when there are many: each is searched for on the target.
            IF (SELECT COUNT(*) FROM shop.page_views) > 1000 THEN
                DELETE FROM shop.page_views ORDER BY at LIMIT 5;
            END IF;
    END CASE;
END //

CREATE PROCEDURE keep_writing()
BEGIN
    -- Writers meet: a deadlock or a lock timeout is part of the game.
    DECLARE CONTINUE HANDLER FOR 1205, 1213 ROLLBACK;
    WHILE NOT (SELECT enough FROM control) DO
        CALL do_something();
        DO SLEEP(RAND() * 0.01);
    END WHILE;
END //
