# What the source executes in each scenario of bench/catch_up.sh: tables, and a procedure whose calls
# run on several connections at once. In `load`, n counts transactions of one connection and the
# connection's number is `who`.

# shellcheck disable=SC2034 # read by catch_up.sh
scenarios=(oltp hot wide insert small_tables big_transactions unique foreign_keys no_key one_transaction)

# Transactions of all connections together at --scale 1.
declare -A transactions=([oltp]=100000 [hot]=1000000 [wide]=40000 [insert]=200000
    [small_tables]=100000 [big_transactions]=20 [unique]=100000 [foreign_keys]=100000 [no_key]=20000
    [one_transaction]=5000)
declare -A explained=(
    [oltp]="sysbench oltp_write_only, 8 tables of 100,000 rows"
    [hot]="1,000 rows, updated one by one"
    [wide]="4 KB rows: inserts and updates"
    [insert]="inserts only, 4 tables"
    [small_tables]="500 tables of 100 rows, updates"
    [big_transactions]="50,000 rows in each transaction"
    [unique]="two secondary unique keys that change"
    [foreign_keys]="a parent and a child that cascades"
    [no_key]="a table without a key"
    [one_transaction]="one transaction; thousands of rows are counted")

scenario_tables() {
    case $1 in
    hot) echo "CREATE TABLE hot (id INT PRIMARY KEY, n BIGINT NOT NULL, pad CHAR(60) NOT NULL);
        INSERT INTO hot WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 1000)
            SELECT i, 0, 'pad' FROM s;" ;;
    wide) echo "CREATE TABLE wide (id INT AUTO_INCREMENT PRIMARY KEY, body VARBINARY(4096) NOT NULL);" ;;
    insert) for i in 0 1 2 3; do
            echo "CREATE TABLE added$i (id BIGINT AUTO_INCREMENT PRIMARY KEY, a INT NOT NULL,
                b VARCHAR(100) NOT NULL, c DATETIME(6) NOT NULL, KEY (a));"
        done ;;
    small_tables) for ((i = 0; i < 500; i++)); do
            echo "CREATE TABLE small$i (id INT PRIMARY KEY, n INT NOT NULL, pad CHAR(60) NOT NULL);
                INSERT INTO small$i WITH RECURSIVE s (i) AS
                    (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 100) SELECT i, 0, 'pad' FROM s;"
        done ;;
    big_transactions) echo "CREATE TABLE big (id INT PRIMARY KEY, n INT NOT NULL, pad CHAR(60) NOT NULL);
        SET SESSION cte_max_recursion_depth = 1000000;
        INSERT INTO big WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 500000)
            SELECT i, 0, 'pad' FROM s;" ;;
    unique) echo "CREATE TABLE uniq (id INT PRIMARY KEY, a BIGINT NOT NULL, b VARCHAR(40) NULL,
            UNIQUE (a), UNIQUE (b));
        SET SESSION cte_max_recursion_depth = 1000000;
        INSERT INTO uniq WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 50000)
            SELECT i, i, CONCAT('b', i) FROM s;" ;;
    foreign_keys) echo "CREATE TABLE parent (id INT PRIMARY KEY, n INT NOT NULL);
        CREATE TABLE child (id BIGINT AUTO_INCREMENT PRIMARY KEY, parent_id INT, n INT NOT NULL,
            FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE);
        INSERT INTO parent WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 1000)
            SELECT i, 0 FROM s;" ;;
    no_key) echo "CREATE TABLE no_key (a INT NOT NULL, b INT NOT NULL, pad CHAR(60) NOT NULL);
        INSERT INTO no_key WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 300)
            SELECT i, 0, 'pad' FROM s;" ;;
    one_transaction) echo "CREATE TABLE one (id BIGINT PRIMARY KEY, n INT NOT NULL, pad CHAR(60) NOT NULL);
        CREATE TABLE bench_load.thousand (i INT PRIMARY KEY);
        INSERT INTO bench_load.thousand WITH RECURSIVE s (i) AS
            (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < 999) SELECT i FROM s;" ;;
    esac
}

# One transaction, as statements of a stored procedure.
scenario_transaction() {
    case $1 in
    hot) echo "SET first = 1 + FLOOR(RAND() * 1000);
        UPDATE bench.hot SET n = bench.hot.n + 1 WHERE id = first;" ;;
    wide) echo "SET body = REPEAT(RANDOM_BYTES(512), 8);
        IF n % 2 = 0 THEN INSERT INTO bench.wide (body) VALUES (body);
        ELSE SET first = 1 + FLOOR(RAND() * 5000);
        UPDATE bench.wide SET bench.wide.body = body WHERE id = first; END IF;" ;;
    insert) echo "CASE n % 4
        WHEN 0 THEN INSERT INTO bench.added0 (a, b, c) VALUES (n, REPEAT('b', 80), NOW(6));
        WHEN 1 THEN INSERT INTO bench.added1 (a, b, c) VALUES (n, REPEAT('b', 80), NOW(6));
        WHEN 2 THEN INSERT INTO bench.added2 (a, b, c) VALUES (n, REPEAT('b', 80), NOW(6));
        ELSE INSERT INTO bench.added3 (a, b, c) VALUES (n, REPEAT('b', 80), NOW(6)); END CASE;" ;;
    small_tables) echo "SET @sql = CONCAT('UPDATE bench.small', FLOOR(RAND() * 500),
            ' SET n = n + 1 WHERE id = 1 + ', FLOOR(RAND() * 100));
        PREPARE s FROM @sql; EXECUTE s; DEALLOCATE PREPARE s;" ;;
    big_transactions) echo "SET first = 50000 * FLOOR(RAND() * 10);
        UPDATE bench.big SET n = bench.big.n + 1 WHERE id > first AND id <= first + 50000;" ;;
    unique) echo "SET first = 1 + who * 6250 + FLOOR(RAND() * 6000);
        START TRANSACTION;
        UPDATE bench.uniq SET a = 1000000 + who * 10000000 + n * 2 WHERE id = first;
        UPDATE bench.uniq SET b = CONCAT('c', who, '-', n) WHERE id = first;
        COMMIT;" ;;
    foreign_keys) echo "SET first = 1 + who * 125 + FLOOR(RAND() * 125);
        IF n % 10 = 0 THEN
            START TRANSACTION;
            DELETE FROM bench.parent WHERE id = first;
            INSERT INTO bench.parent VALUES (first, n);
            COMMIT;
        ELSEIF n % 10 < 7 THEN INSERT INTO bench.child (parent_id, n) VALUES (first, n);
        ELSE UPDATE bench.parent SET n = bench.parent.n + 1 WHERE id = first; END IF;" ;;
    no_key) echo "SET first = 1 + who * 37 + FLOOR(RAND() * 37);
        UPDATE bench.no_key SET b = b + 1 WHERE a = first;" ;;
    one_transaction) echo "IF who = 0 THEN
            INSERT INTO bench.one SELECT a.i * 1000000 + b.i * 1000 + c.i, a.i, 'pad'
                FROM bench_load.thousand a JOIN bench_load.thousand b JOIN bench_load.thousand c
                WHERE a.i * 1000 + b.i < count * 8;
        END IF;
        SET n = count;" ;;
    esac
}
