#!/usr/bin/env python3
"""Makes protocol/value/collation_classes.inc: which characters the common collations take for equal.

  scripts/collation_classes.py MYSQL_CLIENT_COMMAND MARIADB_CLIENT_COMMAND > protocol/value/collation_classes.inc

Each command connects to a server of its kind (MySQL 9.7, MariaDB 10.11 or later). A character's
WEIGHT_STRING becomes the characters that stand for its weights: the first one of each weight. Two
texts are then equal exactly if what their characters become is. That holds for characters that do not
change the weight of their neighbours, so scripts with contractions and combining marks are left out;
so is what has no weight, and what MySQL and MariaDB weigh differently under one collation.
"""
import shlex
import subprocess
import sys

BASIC_PLANE = [(0x00, 0xD7FF), (0xE000, 0xFFFD)]
# Latin, IPA, Greek, Cyrillic, Armenian, punctuation, currencies, letter-like symbols, kana, CJK.
SAFE = [(0x20, 0x7E), (0xA0, 0x2FF), (0x370, 0x482), (0x48A, 0x556), (0x561, 0x587), (0x1E00, 0x1FFF),
        (0x2010, 0x2027), (0x2030, 0x205E), (0x20A0, 0x20BF), (0x2100, 0x214F), (0x3001, 0x3020),
        (0x3041, 0x3094), (0x30A1, 0x30FA), (0x4E00, 0x9FA5)]
UNICODE_FAMILIES = [  # name, collations, ranges
    ('general_ci', 'utf8mb4_general_ci', 'both', BASIC_PLANE),
    ('unicode_ci', 'utf8mb4_unicode_ci', 'both', SAFE),
    ('unicode_520_ci', 'utf8mb4_unicode_520_ci', 'both', SAFE),
    ('uca_0900_ai_ci', 'utf8mb4_0900_ai_ci', 'mysql', SAFE),
    ('uca_1400_ai_ci', 'utf8mb4_uca1400_ai_ci', 'mariadb', SAFE),
]
# Number, name: one byte is one character, and has one weight.
BYTE_COLLATIONS = [
    (7, 'koi8r_general_ci'), (8, 'latin1_swedish_ci'), (9, 'latin2_general_ci'), (11, 'ascii_general_ci'),
    (22, 'koi8u_general_ci'), (25, 'greek_general_ci'), (26, 'cp1250_general_ci'), (30, 'latin5_turkish_ci'),
    (48, 'latin1_general_ci'), (49, 'latin1_general_cs'), (51, 'cp1251_general_ci'),
    (57, 'cp1256_general_ci'), (59, 'cp1257_general_ci'),
]


def ask(client, sql):
    done = subprocess.run(shlex.split(client) + ['-BN'], input=sql, capture_output=True, text=True, check=True)
    return [line.split('\t') for line in done.stdout.splitlines()]


def numbers(limit):
    return ('SET SESSION {} = 200000; WITH RECURSIVE n AS (SELECT 0 c UNION ALL SELECT c + 1 FROM n WHERE c < %d) '
            % (limit - 1))


def unicode_weights(client, setting, collation):
    rows = ask(client, numbers(0xFFFE).format(setting) +
               'SELECT c, HEX(WEIGHT_STRING(CONVERT(CHAR(c USING utf32) USING utf8mb4) COLLATE %s)) FROM n '
               'WHERE c < 0xD800 OR c > 0xDFFF' % collation)
    return {int(c): weight for c, weight in rows}


def byte_weights(client, setting, charset, collation):
    rows = ask(client, numbers(256).format(setting) +
               'SELECT c, HEX(WEIGHT_STRING(CONVERT(CHAR(c USING binary) USING %s) COLLATE %s)) FROM n'
               % (charset, collation))
    return {int(c): weight for c, weight in rows}


def elements(weight):
    """Characters of a weight; what begins with FB.. has two parts."""
    parts = [weight[i:i + 4] for i in range(0, len(weight), 4)]
    found = []
    while parts:
        count = 2 if parts[0].startswith('FB') and len(parts) > 1 else 1
        found.append(tuple(parts[:count]))
        del parts[:count]
    return tuple(found)


def classes(weights, ranges):
    """What each character becomes, where that is not itself; None: unknown."""
    known = [c for low, high in ranges for c in range(low, high + 1)]
    first = {}
    for c in known:
        one = elements(weights[c])
        if len(one) == 1:
            first.setdefault(one[0], c)
    private = iter(range(0xF0000, 0xF1000))
    result = {}
    for c in known:
        of = elements(weights[c])
        if not of:
            result[c] = None
            continue
        for one in of:
            if one not in first:
                first[one] = next(private)
        text = ''.join(chr(first[one]) for one in of)
        if text != chr(c):
            result[c] = text
    return result


def quoted(text):
    return ''.join('\\u%04x' % ord(c) if ord(c) < 0x10000 else '\\U%08x' % ord(c) for c in text)


def main():
    mysql, mariadb = sys.argv[1], sys.argv[2]
    asked = {'mysql': lambda col: unicode_weights(mysql, 'cte_max_recursion_depth', col),
             'mariadb': lambda col: unicode_weights(mariadb, 'max_recursive_iterations', col)}
    print('// Made by scripts/collation_classes.py: do not edit.\n')
    for name, collation, where, ranges in UNICODE_FAMILIES:
        weights = asked['mysql' if where == 'both' else where](collation)
        different = set()
        if where == 'both':
            other = asked['mariadb'](collation)
            different = {c for c in weights if weights[c] != other[c]}
        found = classes(weights, ranges)
        for c in different & set(found):
            found[c] = None
        print('// %s. What a character becomes, then all that do; U+FFFF: it is not known.' % collation)
        by = {}
        for c, text in found.items():
            by.setdefault(text, []).append(c)
        print('constexpr auto %s = std::to_array<std::u32string_view>({' % name)
        for text, members in sorted(by.items(), key=lambda one: one[1][0]):
            head = '\\uffff' if text is None else quoted(text)
            print('    U"%s\\0%s"sv,' % (head, ''.join(quoted(chr(c)) for c in members)))
        print('});\n')
    print('// The weight of each byte.')
    print('struct byte_collation {\n    std::uint16_t number;\n    std::array<std::uint8_t, 256> weights;\n};')
    print('constexpr auto byte_collations = std::to_array<byte_collation>({')
    for number, collation in BYTE_COLLATIONS:
        charset = collation.split('_')[0]
        weights = byte_weights(mysql, 'cte_max_recursion_depth', charset, collation)
        other = byte_weights(mariadb, 'max_recursive_iterations', charset, collation)
        if weights != other and charset != 'ascii':
            sys.exit('the servers do not agree about ' + collation)
        values = [int(weights[c], 16) if c < 128 or charset != 'ascii' else c for c in range(256)]
        print('    // %s' % collation)
        print('    {%d, {%s}},' % (number, ', '.join(str(v) for v in values)))
    print('});')


if __name__ == '__main__':
    main()
