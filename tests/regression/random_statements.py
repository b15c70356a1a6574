"""Random definitions and changes. Many fail on the source; what is logged has to arrive."""

TYPES = (
    "int", "int unsigned not null default 7", "bigint", "tinyint(1)", "smallint zerofill",
    "mediumint",
    "decimal(12,4) default 1.5", "decimal(65,30)", "float", "double default 0.1",
    "bit(13) default b'101'",
    "char(9) not null default 'x''y'", "varchar(40) character set latin1 default 'ä'",
    "varchar(300)",
    "varchar(20) character set utf8mb4 collate utf8mb4_bin default 'ß😀'", "varbinary(30)",
    "binary(5)",
    "char(6) character set ucs2", "varchar(9) character set gbk", "tinytext", "text", "mediumblob",
    "longtext character set sjis", "date", "time(3)", "datetime(6)",
    "datetime default current_timestamp",
    "timestamp null",
    "timestamp(2) not null default current_timestamp(2) on update current_timestamp(2)",
    "year", "enum('a','b''c','ü','') default 'b''c'", "set('x','y','z') not null default 'x,z'")
SINCE_8 = (
    "json", "geometry", "point", "int invisible default 3", "json default (json_array(1, 'q'))",
    "varchar(30) default (concat('a', 'b;c'))", "int check (1 < 2)",
    "binary(16) default (uuid_to_bin('"
    "6ccd780c-baba-1026-9564-5b8c656024db'))", "int as (id + 1) virtual", "int as (id * 2) stored",
    "varchar(20) collate utf8mb4_0900_as_cs default 'É'")
PARTITIONS = (
    "partition by hash (id) partitions 3", "partition by key () partitions 2",
    "partition by range (id) (partition p0 values less than (50), partition p1 values less than maxvalue)",
    "partition by list (id % 3) (partition p0 values in (0), partition p1 values in (1, 2, NULL))",
    "partition by range columns (id) subpartition by hash (id) subpartitions 2 "
    "(partition p0 values less than (100), partition p1 values less than (maxvalue))")
NAMES = ("t1", "t2", "t3", "`t 4`", "`sel``ect`", "`größe`", "`a.b`", "`" + "n" * 64 + "`", "`%`",
    "`table`")
SETTINGS = (
    "sql_mode = 'ANSI_QUOTES'", "sql_mode = 'NO_BACKSLASH_ESCAPES'", "sql_mode = ''",
    "sql_mode = DEFAULT",
    "sql_mode = 'NO_AUTO_VALUE_ON_ZERO,STRICT_TRANS_TABLES'", "time_zone = '+05:30'",
    "time_zone = DEFAULT",
    "foreign_key_checks = 0", "foreign_key_checks = 1", "unique_checks = 0", "unique_checks = 1",
    "names latin1", "names utf8mb4", "names gbk", "names utf8mb4 collate utf8mb4_unicode_ci",
    "collation_connection = utf8mb4_bin", "auto_increment_increment = 3",
    "auto_increment_increment = 1",
    "character_set_server = latin1", "character_set_server = utf8mb4", "lc_time_names = 'de_DE'")
SETTINGS_SINCE_8 = (
    "sql_generate_invisible_primary_key = 1", "sql_generate_invisible_primary_key = 0",
    "binlog_rows_query_log_events = 1", "default_collation_for_utf8mb4 = utf8mb4_general_ci",
    "default_collation_for_utf8mb4 = utf8mb4_0900_ai_ci", "explicit_defaults_for_timestamp = 0",
    "explicit_defaults_for_timestamp = 1", "binlog_transaction_compression = 1",
    "binlog_transaction_compression = 0")
# Not while the copy is being caught up with (docs/limitations.md).
IMAGES = tuple(f"binlog_row_image = {image}" for image in ("MINIMAL", "NOBLOB", "FULL"))


class random_statements:
    def __init__(self, chance, databases, modern, images):
        self.chance = chance
        self.databases = databases
        self.modern = modern
        self.types = TYPES + (SINCE_8 if modern else ())
        self.settings = SETTINGS + (SETTINGS_SINCE_8 if modern else ()) + (IMAGES if images else ())

    def next(self):
        kind = self.chance.choices((self.rows, self.alter, self.create, self.table, self.program,
                                    self.setting, self.transaction), (46, 18, 9, 12, 8, 3, 4))[0]
        return self.decorated(kind())

    def number(self, low, high):
        return self.chance.randint(low, high)

    def pick(self, *all_):
        return self.chance.choice(all_)

    def name(self):
        table = self.chance.choice(NAMES)
        return table if self.chance.random() < 0.6 else f"{self.chance.choice(self.databases)}.{table}"

    def type(self):
        return self.chance.choice(self.types)

    def decorated(self, text):
        """Comments where the log keeps them."""
        if self.chance.random() > 0.1 or "\n" in text:
            return text
        first, _, rest = text.partition(" ")
        return first + self.pick(" /* ; ' */ ", "\t", "/*!40000 */ ", "\n-- it's\n",
            " # `\n") + rest

    def columns(self):
        return ", ".join(f"c{i} {self.type()}" for i in self.chance.sample(range(9), self.number(0,
            4)))

    def create(self):
        table = self.name()
        guard = self.pick("", "", "if not exists ")
        if self.chance.random() < 0.15:
            return f"create table {guard}{table} " + self.pick("like {}",
                "(like {})").format(self.name())
        if self.chance.random() < 0.2:
            return (f"create table {guard}{table} " + self.pick("", "(z int default 4) ",
                "(id int primary key) ")
                    + f"as select * from {self.name()} limit {self.number(0, 30)}")
        if self.chance.random() < 0.1:
            return f"create temporary table {table} (id int, a text)"
        key = self.pick("id int auto_increment primary key",
            "id int not null, primary key (id desc)"
                        if self.modern else "id int primary key", "id int",
                        "id int not null, unique (id)",
                        "id bigint unsigned auto_increment, key (id)",
                        "id int, a2 varchar(20) not null default 'k', primary key (id, a2)")
        more = self.columns()
        foreign = self.pick(*[""] * 6,
        f", foreign key (id) references {self.name()} (id) on delete cascade",
                            f", constraint f{self.number(1, 99)} foreign key (n) references {self.name()} (id) "
                            "on update set null")
        options = self.pick("", "", "", "engine=MyISAM", "engine=MEMORY", "comment='it''s; \\\\ %'",
                            "charset=latin1", "row_format=compressed",
                            "default character set utf8mb4 collate "
                            "utf8mb4_unicode_ci", "auto_increment=40",
                            "checksum=1 stats_persistent=0")
        split = self.pick(*[""] * 5, *PARTITIONS)
        return (f"create table {guard}{table} ({key}, a varchar(60), n int{', ' if more else ''}{more}{foreign}) "
                f"{options} {split}")

    def clause(self):
        c, d = f"c{self.number(0, 8)}", f"c{self.number(0, 8)}"
        every = [
            lambda: f"add column {c} {self.type()} {self.pick('', 'first', 'after id', 'after a')}",
            lambda: f"add ({c} {self.type()}, {d} {self.type()})", lambda: f"drop column {c}",
            lambda: f"modify {c} {self.type()} {self.pick('', 'first', 'after a')}",
            lambda: f"change {c} {d} {self.type()}",
            lambda: f"change a a varchar({self.number(50, 400)})",
            lambda: f"add index i{self.number(1, 3)} (a({self.number(1, 9)}), n)",
            lambda: f"add unique u{self.number(1, 3)} (n, id)",
            lambda: f"drop index i{self.number(1, 3)}",
            lambda: f"drop key u{self.number(1, 3)}", lambda: "add fulltext (a)",
            lambda: "drop primary key",
            lambda: "add primary key (id)",
            lambda: f"alter {c} set default {self.pick('5', 'NULL', chr(39) + 'w' + chr(39))}",
            lambda: f"alter column {c} drop default", lambda: f"rename to {self.name()}",
            lambda: f"convert to character set {self.pick('latin1', 'utf8mb4', 'ucs2')}",
            lambda: f"engine={self.pick('InnoDB', 'InnoDB', 'MyISAM', 'MEMORY')}",
            lambda: "order by a",
            lambda: f"comment = 'now {self.number(1, 9)}'",
            lambda: f"auto_increment = {self.number(1, 900)}",
            lambda: "force", lambda: "disable keys", lambda: "enable keys",
            lambda: self.chance.choice(PARTITIONS),
            lambda: "remove partitioning", lambda: "add partition partitions 1",
            lambda: "coalesce partition 1",
            lambda: "truncate partition p0", lambda: "rebuild partition p0",
            lambda: "drop partition p1",
            lambda: "reorganize partition p0 into (partition p0 values less than (25), partition p00 values less than (50))",
            lambda: f"exchange partition p0 with table {self.name()}",
            lambda: f"add foreign key (n) references {self.name()} (id) on delete set null"]
        if self.modern:
            every += [
                lambda: f"rename column {c} to {d}",
                lambda: f"rename index i1 to i{self.number(2, 3)}",
                lambda: f"alter index i1 {self.pick('visible', 'invisible')}",
                lambda: f"add index i{self.number(1, 3)} ((n * 2)) comment 'f'",
                lambda: f"add check (n < {self.number(500, 900)})",
                lambda: f"alter column {c} set {self.pick('visible', 'invisible')}",
                lambda: f"add column g{self.number(1, 2)} int as (n + 1) {self.pick('stored', 'virtual')}",
                lambda: f"drop column g{self.number(1, 2)}", lambda: "algorithm=copy",
                lambda: "algorithm=instant",
                lambda: f"alter column {c} set default (1 + {self.number(1, 5)})"]
        return self.chance.choice(every)()

    def alter(self):
        if self.chance.random() < 0.15:
            return self.pick(f"create index i{self.number(1, 3)} on {self.name()} (a(3))",
                             f"create unique index u{self.number(1, 3)} using btree on {self.name()} (id, n)",
                             f"drop index i{self.number(1, 3)} on {self.name()}")
        return f"alter table {self.name()} " + ", ".join(self.clause() for _ in range(self.pick(1,
            1, 1, 2, 3)))

    def table(self):
        a, b = self.name(), self.name()
        return self.pick(
            f"drop table {a}", f"drop table if exists {a}, {b}, no_such", f"truncate table {a}",
            f"truncate {a}",
            f"rename table {a} to {b}",
            f"rename table {a} to swapping, {b} to {a}, swapping to {b}",
            f"drop temporary table if exists {a}", f"analyze table {a}", f"optimize table {a}",
            f"drop database if exists {self.databases[-1]}",
            f"create database if not exists {self.databases[-1]}",
            f"alter database {self.databases[0]} character set {self.pick('latin1', 'utf8mb4')}",
            f"create table if not exists t1 (id int primary key, a text, n int)")

    def program(self):
        n, table = self.number(1, 3), self.name()
        return self.pick(
            f"create or replace view v{n} as select id, 'a;b' as `x y` from {table}",
            f"drop view if exists v1, v{n}",
            f"create algorithm=merge sql security invoker view v{n} (p) as select a from {table} with check option",
            f"create trigger tr{n} {self.pick('before', 'after')} {self.pick('insert', 'update')} on {table} for each row "
            f"set @x = concat('q', new.id)", f"drop trigger if exists tr{n}",
            f"create trigger tw{n} after insert on {table} for each row insert into {self.name()} (id, n) values (new.id + 1000, 1)",
            f"drop trigger if exists tw{n}", f"drop procedure if exists p{n}",
            f"call p{n}({self.number(1, 99)})",
            f"create procedure p{n}(v int) comment 'it''s' begin insert into {table} (id, a) values (v, 'p'); update "
            f"{self.name()} set n = v where id > v; end", f"drop function if exists f{n}",
            f"create function f{n}(v int) returns int deterministic begin insert into {table} (n) values (v); return v + 1; end",
            f"update {self.name()} set n = f{n}(id) where id < 9",
            f"alter procedure p{n} sql security invoker",
            f"create event if not exists e{n} on schedule every {n} year do insert into {table} (id) values (1)",
            f"alter event e{n} {self.pick('disable', 'enable', 'rename to e9')}",
            f"drop event if exists e{n}",
            f"insert into v{n} values (1)")

    def setting(self):
        chosen = self.chance.choice(self.settings)
        return "set " + chosen if chosen.startswith("names") else "set session " + chosen

    def transaction(self):
        return self.pick("begin", "begin", "commit", "commit", "rollback", "savepoint s1",
            "rollback to s1",
                         f"lock tables {self.name()} write", "unlock tables", "set autocommit = 0",
                         "set autocommit = 1", "xa start 'x\\'1',X'01ff',7",
                         "xa end 'x\\'1',X'01ff',7",
                         "xa prepare 'x\\'1',X'01ff',7", "xa commit 'x\\'1',X'01ff',7",
                         "xa rollback 'x\\'1',X'01ff',7",
                         "start transaction with consistent snapshot")

    def rows(self):
        table, other, n = self.name(), self.name(), self.number(1, 200)
        text = self.pick("v", "ä'' x", "\\\\ \\n", "long " * 9, "")
        return self.pick(
            f"insert into {table} (id, a, n) values ({n}, '{text}', {self.number(1, 400)})",
            f"insert into {table} (a) values ('{text}'), ('b'), (null)",
            f"insert into {table} () values ()",
            f"insert ignore into {table} (id, a) values ({n}, 'i'), ({n}, 'j'), ({n + 1}, repeat('k', 70))",
            f"insert into {table} (id, n) values ({n}, 1) on duplicate key update n = n + 1, a = 'dup'",
            f"replace into {table} (id, a) values ({n}, 'r'), ({n + 2}, '{text}')",
            f"replace {table} set id = {n}",
            f"insert into {table} (id, a) select id + 300, a from {other} limit 40",
            f"update {table} set a = concat(a, '{n}'), n = {n} where id between {n} and {n + 20}",
            f"update {table} set id = id + 1 where id > {n} order by id desc limit 5",
            f"update {table} x join {other} y on x.id = y.id set x.n = y.n, y.a = 'joined'",
            f"update {table} set n = n + 1", f"delete from {table} where id < {self.number(1, 20)}",
            f"delete from {table} order by id limit 3",
            f"delete x, y from {table} x join {other} y using (id) where x.id > {n}",
            f"update {table} set c{self.number(0, 8)} = {self.pick('1', 'null', 'default', chr(39) + 'a' + chr(39))} limit 9",
            f"insert into {table} (id, c{self.number(0, 8)}) values ({n}, {self.pick('1', 'now()', 'uuid()', 'rand()', chr(39) + '{}' + chr(39))})")
